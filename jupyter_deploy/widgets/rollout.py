"""A rollout as it goes: both versions side by side, each step with its reason, and buttons for what it awaits."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

import traitlets

from ..display import rollout_html, rollout_look, rollout_shown, rollout_text
from ..errors import NotFound
from ..workspace import Endpoint, EndpointRollout
from .acting import ActingWidget
from .base import script

_DONE = {"approve": "goes on", "hold": "is held", "roll back": "was rolled back", "promote": "is final"}


class RolloutView(ActingWidget):
    """The rollout that runs at an endpoint, or its last one.

    Parameters
    ----------
    endpoint : Endpoint
        Its handle.
    """

    _esm = script("rollout.js")
    facts = traitlets.Dict().tag(sync=True)

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._rollout: EndpointRollout = endpoint.rollout()
        self._seen = rollout_look(self._rollout)
        super().__init__(endpoint.name, slow=2.5, facts=rollout_shown(self._seen))

    def look(self) -> bool:
        """Ask for the newest rollout; ends the view if the endpoint was deleted."""
        with contextlib.suppress(NotFound):
            self._rollout = self._endpoint.rollout()
        self._seen = rollout_look(self._rollout)
        changed = self.tell(facts=rollout_shown(self._seen))
        if self._seen["state"] == "deleted":
            self.close()
        return changed

    def face(self) -> tuple[str, dict[str, Any]]:
        """Return that of the endpoint's newest rollout."""
        return "rollout", {"endpoint": self.name}

    def essence(self) -> object:
        """Return state and history, without what changes with each request."""
        return self._seen["state"], len(self._seen["history"])

    def hear(self, what: str, content: dict[str, Any]) -> None:
        """Ask it for something that it awaits: ``"approve"``, ``"hold"``, ``"roll back"``, ``"promote"``."""
        rollout = self._rollout
        acts: dict[str, Callable[[], None]] = {
            "approve": rollout.approve,
            "hold": rollout.hold,
            "roll back": rollout.roll_back,
            "promote": rollout.promote,
        }
        if what in acts:
            self.do(what, lambda: self._act(what, acts[what]))

    def _act(self, what: str, act: Callable[[], None]) -> dict[str, Any]:
        act()
        return {"title": f"the rollout of {self._rollout.record.new} {_DONE[what]}"}

    def summary(self) -> str:
        """Return the rollout's face, without buttons."""
        return rollout_html(self._seen)

    def text(self) -> str:
        """Return the rollout's face as text."""
        return rollout_text(self._seen)
