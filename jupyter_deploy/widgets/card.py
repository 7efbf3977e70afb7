"""A service's card: its state, its traffic, and buttons."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import traitlets

from ..display import NOTHING, badge, brief, milliseconds, service_content, summary_html, summary_text, with_levels
from ..errors import NotFound
from ..workspace import Living, Service
from .acting import ActingWidget
from .base import script

SHORT, LONG = 5, 60
_ANSWER_LIMIT = 4000
_LOG_BYTES = 32_768
_TIMEOUT = 60.0


class ServiceCard(ActingWidget):
    """A service's state about each second, whatever the kernel does.

    Parameters
    ----------
    service : Service
        Its handle.
    living : callable, optional
        Returns what the kernel knows of its script cells.
    """

    _esm = script("card.js")
    facts = traitlets.Dict().tag(sync=True)
    lines: traitlets.List[Any] = traitlets.List().tag(sync=True)
    sample = traitlets.Unicode("").tag(sync=True)

    def __init__(self, service: Service, living: Callable[[], Living | None] = lambda: None) -> None:
        self._service = service
        self._living = living
        self._wanted = SHORT
        super().__init__(service.name, slow=2.5, facts={"state": "", "url": ""}, sample="[[1, 2]]")

    def look(self) -> bool:
        """Ask the service; ends the card if the service was deleted."""
        try:
            facts = self._service.as_dict()
            record = self._service.record
        except NotFound:
            self.tell(facts={**self.facts, "state": "Deleted", "reason": "", "numbers": []}, busy="")
            self.close()
            return True
        log = self._service.logs(self._wanted)
        sample = record.spec.settings.get("sample") or self.sample
        lines = [[level, brief(text)] for level, text in with_levels(log.splitlines()[-self._wanted :])]
        known = self._living()
        moved = self._service.moved_on(known) if known else ()
        return self.tell(facts=shown(facts, moved), lines=lines, sample=sample)

    def face(self) -> tuple[str, dict[str, Any]]:
        """Return the service's."""
        return "service", {"name": self.name, "state": self.facts["state"]}

    def essence(self) -> object:
        """Return the state without what changes with each request."""
        return self.facts.get("state"), repr(self.facts.get("rows"))

    def hear(self, what: str, content: dict[str, Any]) -> None:
        """Handle a button in a thread: ``"invoke"``, ``"reload"``, ``"start"``, ``"stop"``, or ``"logs"``."""
        if what == "logs":
            self._wanted = LONG if content.get("more") else SHORT
            self._feed.wake()
        elif what == "invoke":
            body = str(content.get("body", ""))
            self.do("invoke", lambda: self._invoke(body))
        elif what == "reload":
            self.do("reload", self._reload)
        elif what == "stop":
            self.do("stop", self._stop)
        elif what == "start":
            self.do("start", lambda: {"title": self._service.start().sentence()})

    def _invoke(self, body: str) -> dict[str, Any]:
        answer = self._service.request(body, timeout=_TIMEOUT)
        server = "" if answer.run_seconds is None else f", {milliseconds(answer.run_seconds * 1000)} in run()"
        return {
            "title": f"{answer.status} in {milliseconds(answer.seconds * 1000)}{server}",
            "details": pretty(answer.value, _ANSWER_LIMIT),
        }

    def _reload(self) -> dict[str, Any]:
        change = self._service.reload()
        return {"title": change.sentence(), "hint": "; ".join(change.notes)}

    def _stop(self) -> dict[str, Any]:
        self._service.stop()
        return {"title": f"{self.name} is stopped", "hint": f"Start, or %deploy {self.name}, starts it again."}

    def _rows(self) -> list[tuple[str, str]]:
        facts = self.facts
        rows = [("why", facts.get("reason", "")), ("url", facts["url"]), *facts.get("rows", [])]
        return [*rows, *((label, value) for label, value in facts.get("numbers", []) if value != NOTHING)]

    def summary(self) -> str:
        """Return the card without its buttons."""
        state = badge(self.facts["state"]) if self.facts["state"] else ""
        return summary_html(self.name, state, self._rows(), [text for _, text in self.lines[-SHORT:]])

    def text(self) -> str:
        """Return the card as text."""
        title = f"Service {self.name}: {self.facts['state'] or self.problem or 'not known yet'}"
        return summary_text(title, self._rows())


def shown(facts: dict[str, Any], moved: Sequence[str] = ()) -> dict[str, Any]:
    """Turn a service's facts into the texts of a card, which change only where it matters.

    The result has ``state``, ``reason``, ``url``, and ``rows`` and ``numbers``, each a label and a text.
    """
    content = service_content(facts, moved=moved, steady=True)
    return {
        "state": facts["state"],
        "reason": facts["reason"],
        "url": facts["scoring_uri"],
        "rows": [list(row) for row in content.rows],
        "numbers": [*map(list, content.numbers), ["up", content.uptime or NOTHING]],
    }


def pretty(value: Any, limit: int) -> str:
    """Write an answer as JSON of at most ``limit`` characters; a long one has a line for each row or key."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) > 80 and isinstance(value, dict):
        pairs = (
            f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(value[key], ensure_ascii=False)}" for key in value
        )
        text = "{\n " + ",\n ".join(pairs) + "\n}"
    elif len(text) > 80 and isinstance(value, list) and any(isinstance(item, (list, dict)) for item in value):
        text = "[\n " + ",\n ".join(json.dumps(item, ensure_ascii=False) for item in value) + "\n]"
    return text if len(text) <= limit else f"{text[:limit]} … ({len(text):,} characters)"
