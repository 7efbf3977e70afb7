"""One machine of states, told in the words of each class."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..exceptions import WebserviceException

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


def told(state: str, compute_type: str, *, served: bool = False) -> str:
    """Return a state in a class's words: ``running`` for local services, ``Healthy`` for the cloud's.

    In the cloud, a deployment fails; a service that has ``served`` is unhealthy, whatever became of it.
    """
    if compute_type == "Local":
        return _LOCAL.get(state, "unknown")
    return "Unhealthy" if state == "Stopped" or (served and state == "Failed") else state


# How long a call waits for a deployment that neither ends nor fails; wait_for_deployment() waits as long as it is told.
DEPLOYING_SECONDS = 600.0


def until_deployed(name: str, state: Callable[[], str]) -> None:
    """Return when a service is no longer being deployed."""
    end = time.monotonic() + DEPLOYING_SECONDS
    while state() == "Transitioning":
        if time.monotonic() > end:
            raise WebserviceException(
                f"Service {name} is still being deployed after {DEPLOYING_SECONDS:g} s.",
                hint="print(service.get_logs()) shows what it does; service.wait_for_deployment(True) waits on.",
            )
        time.sleep(0.05)
