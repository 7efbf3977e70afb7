"""A browser of the registered models: versions, tags, details."""

from __future__ import annotations

import time
from typing import Any

import traitlets

from ..display import model_rows, summary_html, summary_text
from ..errors import NotFound
from ..registry import Model
from ..workspace import Workspace
from .base import LiveWidget, error_facts, script

# The most that a person reads in a list; the newest are kept.
NAMES, VERSIONS = 500, 100
_SUMMARY = 20
_LOAD = "load it with"


class ModelBrowser(LiveWidget):
    """The models of a workspace: search, pick a version, edit its tags.

    Parameters
    ----------
    workspace : Workspace
        The workspace whose models are shown.
    captured : bool, optional
        Show captured data, too.
    """

    _esm = script("browser.js")
    models: traitlets.List[Any] = traitlets.List().tag(sync=True)
    more = traitlets.Int(0).tag(sync=True)
    picked = traitlets.Dict().tag(sync=True)
    told = traitlets.Dict().tag(sync=True)

    def __init__(self, workspace: Workspace, *, captured: bool = False) -> None:
        self._captured = captured
        self._workspace = workspace
        self._picked = ""
        self._told = 0
        super().__init__("models", fast=2.0, slow=10.0)

    def __repr__(self) -> str:
        return "ModelBrowser()"

    def look(self) -> bool:
        """List the models; return whether versions or tags changed."""
        started = time.perf_counter()
        found = self._workspace.models.list(captured=self._captured)
        listed = grouped(found)
        changed = self.tell(models=listed[:NAMES], more=max(0, len(listed) - NAMES), picked=self._details())
        # A registry that is slow to read is read seldom.
        self._feed.at_least(20 * (time.perf_counter() - started))
        return changed

    def face(self) -> tuple[str, dict[str, Any]]:
        """Return that of the list of models."""
        return "listing", {"kind": "models", "asked": {"captured": self._captured}}

    def _details(self) -> dict[str, Any]:
        if not self._picked:
            return {}
        try:
            model = self._workspace.models.get(self._picked)
        except NotFound:
            self._picked = ""
            return {}
        rows = dict(model_rows(model))
        load = rows.pop(_LOAD, "")
        rows.pop("tags", None)
        return {"id": model.id, "rows": [list(row) for row in rows.items()], "load": load, "tags": _pairs(model.tags)}

    def hear(self, what: str, content: dict[str, Any]) -> None:
        """Handle ``"pick"`` (with ``id``) or ``"tag"`` (with ``id``, ``key``, ``value``) in a thread."""
        texts = {key: value for key, value in content.items() if isinstance(value, str)}
        if what == "pick" and "id" in texts:
            self._picked = texts["id"]
            self.in_thread(lambda: self._act(lambda: {"title": ""}))
        elif what == "tag" and {"id", "key", "value"} <= set(texts):
            self.in_thread(lambda: self._act(lambda: self._tag(texts["id"], texts["key"].strip(), texts["value"])))

    def _tag(self, reference: str, key: str, value: str) -> dict[str, Any]:
        model = self._workspace.models.tag(reference, {key: value})
        return {"title": f"{model.id} is tagged {key}={value}"}

    def _act(self, work: Any) -> None:
        try:
            told = {"ok": True, **work()}
        except Exception as error:  # noqa: BLE001 - the browser is the edge: it shows whatever went wrong
            told = {"ok": False, **error_facts(error)}
        self._told += 1
        self.tell(told={"number": self._told, **told})
        self._look_safely()

    def _rows(self) -> list[tuple[str, str]]:
        rows = []
        for entry in self.models[:_SUMMARY]:
            newest = entry["versions"][0]
            tags = ", ".join(f"{key}={value}" for key, value in newest["tags"])
            rows.append((entry["name"], f"version {newest['version']}" + (f"; {tags}" if tags else "")))
        return rows

    def summary(self) -> str:
        """Return the newest models."""
        return summary_html("Models", "", self._rows(), after=self._rest())

    def _rest(self) -> str:
        rest = len(self.models) + self.more - _SUMMARY
        if rest > 0:
            return f"And {rest:,} more."
        return "" if self.models else "No models found."

    def text(self) -> str:
        """Return the newest models as text, one per line."""
        return summary_text("Models", self._rows(), [self._rest()] if self._rest() else [])


def grouped(found: list[Model]) -> list[dict[str, Any]]:
    """Group versions by name, newest first.

    Each group has ``name``, ``count`` and ``versions``, with ``id``, ``version``, ``framework``, ``registered`` and
    ``tags``.
    """
    names: dict[str, dict[str, Any]] = {}
    for model in found:
        entry = names.setdefault(model.name, {"name": model.name, "count": 0, "versions": []})
        entry["count"] += 1
        if len(entry["versions"]) < VERSIONS:
            entry["versions"].append(
                {
                    "id": model.id,
                    "version": model.version,
                    "framework": f"{model.framework} {model.framework_version}".strip(),
                    "registered": f"{model.created.astimezone():%Y-%m-%d %H:%M}",
                    "tags": _pairs(model.tags),
                }
            )
    return list(names.values())


def _pairs(tags: Any) -> list[list[str]]:
    return [[key, value] for key, value in tags.items()]
