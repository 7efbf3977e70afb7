"""An endpoint's traffic: a bar, sliders that keep the sum at 100, a mirror, and each deployment's numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import traitlets

from ..display import NOTHING, endpoint_html, endpoint_text, milliseconds, serves
from ..endpoints import shown_shares
from ..errors import NotFound, UsageProblem
from ..workspace import Endpoint
from .acting import ActingWidget
from .base import script


class TrafficView(ActingWidget):
    """Who answers an endpoint's requests, and how well; sliders change it, once that is confirmed.

    Parameters
    ----------
    endpoint : Endpoint
        Its handle.
    """

    _esm = script("shares.js", "traffic.js")
    facts = traitlets.Dict().tag(sync=True)

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._seen: dict[str, Any] = {"name": endpoint.name, "state": "", "deployments": []}
        super().__init__(endpoint.name, slow=2.5, facts={"state": "", "url": "", "deployments": []})

    def look(self) -> bool:
        """Ask the endpoint; ends the view if it was deleted."""
        try:
            self._seen = self._endpoint.as_dict()
        except NotFound:
            self._seen = {**self._seen, "state": "deleted", "reason": "", "scoring_uri": "", "deployments": []}
            self.tell(facts={**self.facts, "state": "Deleted", "reason": "", "url": ""}, busy="")
            self.close()
            return True
        return self.tell(facts=shown(self._seen))

    def face(self) -> tuple[str, dict[str, Any]]:
        """Return the endpoint's."""
        return "endpoint", {"name": self.name}

    def essence(self) -> object:
        """Return state and rules, without what changes with each request."""
        facts = self.facts
        states = [(one["name"], one["state"], one["serves"]) for one in facts["deployments"]]
        return facts["state"], repr(facts.get("traffic")), repr(facts.get("mirror")), states

    def hear(self, what: str, content: dict[str, Any]) -> None:
        """Share the traffic as the sliders are (``"apply"``)."""
        if what == "apply":
            self.do("apply", lambda: self._apply(content))

    def _apply(self, content: Mapping[str, Any]) -> dict[str, Any]:
        traffic, mirror, before = (content.get(part) for part in ("traffic", "mirror", "from"))
        if not (isinstance(traffic, dict) and isinstance(mirror, dict) and isinstance(before, dict)):
            raise UsageProblem("The view sent no shares.", hint="Run the cell again.")
        now = self._endpoint.traffic
        if {**dict.fromkeys(now, 0), **before} != {**dict.fromkeys(before, 0), **now}:
            raise UsageProblem(
                f"The traffic of {self.name} was changed meanwhile: it is {shown_shares(now) or 'nothing'} now.",
                hint="Look at it, and apply it once more or reset.",
            )
        self._endpoint.route(traffic, mirror)
        copies = f"; mirrored to {shown_shares(self._endpoint.mirror)}" if self._endpoint.mirror else ""
        return {"title": f"{self.name}: {shown_shares(self._endpoint.traffic)}{copies}"}

    def summary(self) -> str:
        """Return the endpoint's face, without sliders."""
        return endpoint_html(self._seen)

    def text(self) -> str:
        """Return the endpoint's face as text."""
        return endpoint_text(self._seen)


def shown(seen: Mapping[str, Any]) -> dict[str, Any]:
    """Turn an endpoint's facts into the texts of the view."""
    return {
        "state": seen["state"],
        "reason": seen["reason"],
        "url": seen["scoring_uri"],
        "traffic": dict(seen["traffic"]),
        "mirror": dict(seen["mirror"]),
        "deployments": [_deployment(one) for one in seen["deployments"]],
    }


def _deployment(one: Mapping[str, Any]) -> dict[str, Any]:
    counted = one["numbers"]
    requests, p95 = counted.get("requests", 0), counted.get("p95_ms")
    numbers = [
        ["requests", f"{requests:,}"],
        ["errors", f"{counted.get('failed', 0):,}"],
        ["p95", milliseconds(p95) if requests and p95 is not None else NOTHING],
    ]
    copies = counted.get("mirrored", 0)
    running = len(one["instances"])
    numbers += [["copies", f"{copies:,}"]] if copies else []
    is_whole = running == one["wanted"] or one["sleeps"]
    numbers += [["instances", str(running) if is_whole else f"{running} of {one['wanted']}"]]
    facts = {key: one[key] for key in ("name", "state", "reason", "sleeps")}
    return {**facts, "serves": serves(one), "numbers": numbers}
