"""What a router must be able to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ..endpoints import RunningRouter
from ..home import Home
from .rules import Rules

# The kind of a router that is an Envoy in a container.
CONTAINED = "envoy-container"


@dataclass(frozen=True)
class RouterHealth:
    """How a router is: ``"Healthy"``, ``"Unhealthy"`` or ``"Failed"``, and why."""

    state: str
    reason: str = ""


@dataclass(frozen=True)
class PoolNumbers:
    """What a router has counted of one deployment since the router was started.

    Parameters
    ----------
    requests, failed : int
        Requests that were answered by rule or by name, and those of them with a status of 500 or more.
    mirrored, mirror_failed : int
        Copies that it has answered, and those of them with a status of 500 or more.
    active : int
        Requests that it has at present.
    p50_ms, p95_ms : float
        Percentiles of its latency in milliseconds; NaN without requests.
    """

    requests: int = 0
    failed: int = 0
    mirrored: int = 0
    mirror_failed: int = 0
    active: int = 0
    p50_ms: float = float("nan")
    p95_ms: float = float("nan")


class Router(Protocol):
    """A way to route requests. A router keeps no state here: all that finds it again is in its facts.

    A change of rules closes no connection and fails no request. A router that dies is started again with the rules and
    the port that it had.

    Attributes
    ----------
    kind : str
        What it is called in the rows.
    """

    kind: str

    def start(self, home: Home, rules: Rules, port: int, commit: Callable[[RunningRouter], None]) -> None:
        """Start a router; returns when it answers.

        Parameters
        ----------
        port : int
            0 for any.
        commit : callable
            Writes the router down. It is called before the router listens.

        Raises
        ------
        PortBusy
            If the port is in use.
        StartFailed
            If it does not come up; nothing of it stays.
        """

    def take_over(
        self, home: Home, running: RunningRouter, rules: Rules, commit: Callable[[RunningRouter], None]
    ) -> None:
        """Take the place of a router of another kind at its port; no client is refused meanwhile.

        Raises
        ------
        DeployError
            If it cannot; the other one goes on.
        """

    def push(self, home: Home, running: RunningRouter, rules: Rules) -> None:
        """Replace the rules; they are in force when this returns.

        Raises
        ------
        TargetProblem
            If the router refuses them, or does not answer; it goes on with the old ones.
        """

    def ensure(self, home: Home, running: RunningRouter) -> None:
        """Start again what should restart the router, and so the router, where they have died."""

    def supervise(self, home: Home, running: RunningRouter, command: Sequence[str] | None) -> None:
        """Have a process run beside the router, started again when it dies, until this is called with None.

        ``command`` is the process's own. It writes its pid into ``supervisor.pid`` in the router's folder.
        """

    def held_at(self, running: RunningRouter, deployment: str) -> Path:
        """Return the Unix socket where requests go for a deployment that sleeps; the supervisor listens there."""

    def probe(self, running: RunningRouter) -> RouterHealth:
        """Find out how it is."""

    def numbers(self, running: RunningRouter) -> dict[str, PoolNumbers]:
        """Return its counts by deployment; empty where it does not answer."""

    def stop(self, running: RunningRouter) -> None:
        """Let requests finish, and end it."""
