"""A form that sends a request to a service, made from the service's schema."""

from __future__ import annotations

import json
import time
from typing import Any

import traitlets

from ..display import PLAIN, fields, input_schema, milliseconds, shortened, summary_html, summary_text
from ..errors import DeployError, InvokeProblem, NotFound
from ..workspace import Service
from .base import LiveWidget, error_facts, script
from .card import pretty

HISTORY = 20
_ANSWER_LIMIT = 20_000
_BODY_LIMIT = 100_000
_TIMEOUT = 60.0


class InvokeForm(LiveWidget):
    """A field for each parameter of a service with a schema, and one field for JSON if it has none.

    Parameters
    ----------
    service : Service
        Its handle.
    """

    _esm = script("form.js")
    fields: traitlets.List[Any] = traitlets.List().tag(sync=True)
    sample = traitlets.Unicode(PLAIN).tag(sync=True)
    busy = traitlets.Bool(False).tag(sync=True)
    told = traitlets.Dict().tag(sync=True)
    history: traitlets.List[Any] = traitlets.List().tag(sync=True)

    def __init__(self, service: Service) -> None:
        self._service = service
        self._known: tuple[str, int] | None = None
        super().__init__(service.name, fast=2.0, slow=8.0)

    def look(self) -> bool:
        """Read the service's schema if another version of its script serves; ends if the service was deleted."""
        try:
            facts = self._service.as_dict()
            given = self._service.record.spec.settings.get("sample")
        except NotFound:
            self.close()
            return True
        version = (facts["bundle"], facts["generation"])
        if version == self._known or not facts["scoring_uri"]:
            return False
        schema = {} if facts["image"] else self._schema()
        if schema is None:
            return False
        self._known = version
        return self.tell(fields=fields(schema), sample=str(given or PLAIN))

    def _schema(self) -> dict[str, Any] | None:
        try:
            found = self._service.document()
        except DeployError:
            # It is starting, or does not answer: the next look asks again.
            return None
        return input_schema(found) if found else {}

    def hear(self, what: str, content: dict[str, Any]) -> None:
        """Send a request (``"send"``, with the text ``body``) in a thread."""
        body = content.get("body")
        if what != "send" or not isinstance(body, str):
            return
        with self._telling:
            if self.busy:
                return
            self.tell(busy=True)
        self.in_thread(lambda: self._exchange(body))

    def _exchange(self, body: str) -> None:
        entry: dict[str, Any] = {"body": body[:_BODY_LIMIT], "at": time.strftime("%H:%M:%S"), "status": 0, "took": ""}
        started = time.perf_counter()
        try:
            answer = self._service.request(body, timeout=_TIMEOUT)
            run = "" if answer.run_seconds is None else milliseconds(answer.run_seconds * 1000)
            told: dict[str, Any] = {"ok": True, "details": pretty(answer.value, _ANSWER_LIMIT), "hint": "", "run": run}
            status, seconds = answer.status, answer.seconds
        except Exception as error:  # noqa: BLE001 - the form is the edge: it shows whatever went wrong
            status = error.status if isinstance(error, InvokeProblem) else 0
            seconds = time.perf_counter() - started
            told = {"ok": False, "run": "", **error_facts(error)}
        if status:
            entry |= {"status": status, "took": milliseconds(seconds * 1000)}
            told |= {"status": status, "took": entry["took"]}
        told["number"] = self.told.get("number", 0) + 1
        if told["ok"]:
            told["title"] = f"{told['status']} in {told['took']}" + (f", {told['run']} in run()" if told["run"] else "")
        self.tell(told=told, history=[{**entry, "ok": told["ok"]}, *self.history][:HISTORY], busy=False)

    def summary(self) -> str:
        """Return the last request and its result."""
        if not self.history:
            return summary_html(self.name, "request", self._takes(), after="No request was sent.")
        told = self.told
        outcome = [("request", shortened(self.history[0]["body"])), ("answer", self._outcome())]
        rows = [*outcome, ("hint", told.get("hint", ""))]
        return summary_html(self.name, "request", rows, told["details"].splitlines())

    def _takes(self) -> list[tuple[str, str]]:
        return [(field["name"], field["hint"]) for field in self.fields]

    def _outcome(self) -> str:
        told = self.told
        return str(told["title"]) if told["ok"] else f"{told['title']}: {told['message']}"

    def text(self) -> str:
        """Return what the service takes, and how to send it."""
        body = self.sample
        if self.fields:
            body = json.dumps(example(self.fields), ensure_ascii=False)
        return summary_text(f"Requests for {self.name}", [*self._takes(), ("for example", body)])


def example(made: list[dict[str, Any]]) -> dict[str, Any]:
    """Make a request from the fields' values; a parameter whose field is empty is left out."""
    body: dict[str, Any] = {}
    for field in made:
        if not field["of"] and field["kind"] != "text" and not field["value"]:
            continue
        if field["of"]:
            body.setdefault(field["of"], [{}])[0][field["name"]] = _decoded(field)
        else:
            body[field["name"]] = _decoded(field)
    return body


def _decoded(field: dict[str, Any]) -> Any:
    return field["value"] if field["kind"] == "text" else json.loads(field["value"] or "null")
