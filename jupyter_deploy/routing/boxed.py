"""A router's container as its watcher sees it: started, ended, and its access log begun."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from ..errors import DeployError
from ..files import owner_of, touch_private

# What says where the engine is: a watcher that is started again may have another environment.
ENGINE = ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_CERT_PATH", "DOCKER_TLS_VERIFY")


class Box:
    """A container, by the plan that says how it is started."""

    def __init__(self, plan: Mapping[str, Any]) -> None:
        self._plan = plan

    @classmethod
    def of(cls, plan: Mapping[str, Any]) -> Box | None:
        """Return the container of a plan; None where the router is a process."""
        return cls(plan) if plan.get("container") else None

    def reach_engine(self) -> None:
        """Have this process speak to the engine that the router was started on, whatever its own environment says."""
        for name in ENGINE:
            os.environ.pop(name, None)
        os.environ.update(self._plan["engine"])

    def start(self, say: Callable[[str], None]) -> int:
        """Start it; returns its pid on this machine, or 0 where the engine does not do it now."""
        from ..targets import RouterContainer

        try:
            return RouterContainer.of(self._plan["container"]).start()
        except DeployError as error:
            say(f"the router's container cannot be started: {error.message}")
            return 0

    def remove(self) -> None:
        """Remove it; where the engine does not answer, it is left, and ``prune`` finds it."""
        from ..targets import RouterContainer

        with contextlib.suppress(DeployError):
            RouterContainer.of(self._plan["container"]).remove()

    def begin_log(self) -> None:
        """Make an empty access log."""
        begin_log(Path(self._plan["access_log"]), Path(self._plan["inside_log"]))


def begin_log(access_log: Path, inside: Path) -> None:
    """Make an access log that has a second name in a folder that the router may write in."""
    touch_private(access_log)
    if owner := owner_of(inside.parent):
        os.chown(access_log, *owner)
    inside.unlink(missing_ok=True)
    os.link(access_log, inside)


def engine_here() -> dict[str, str]:
    """Return the variables that say where the engine is."""
    return {name: os.environ[name] for name in ENGINE if name in os.environ}
