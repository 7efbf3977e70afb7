"""One machine of states, told in the words of each class."""

from __future__ import annotations

FINAL = frozenset({"Healthy", "Unhealthy", "Unschedulable", "Failed", "Stopped"})
_LOCAL = {
    "Transitioning": "deploying",
    "Healthy": "running",
    "Unhealthy": "failed",
    "Unschedulable": "failed",
    "Failed": "failed",
    "Stopped": "failed",
    "Deleted": "deleted",
}


def told(state: str, compute_type: str) -> str:
    """Return a state in a class's words: ``running`` for local services, ``Healthy`` for the cloud's."""
    if compute_type == "Local":
        return _LOCAL.get(state, "unknown")
    return "Unhealthy" if state == "Stopped" else state
