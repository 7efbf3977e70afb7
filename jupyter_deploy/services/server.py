"""What runs a service, and the state of a change: the values, and the JSON of their row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..environments import Environment, from_stored, stored
from .certificates import Certificate

# The values of ``RolloutState.unproven``.
WAITED_FOR, NOT_WAITED_FOR = "waited for", "not waited for"
_OF_A_SERVER = {"target", "port", "environment", "bundle", "certificate"}
_OF_A_ROLLOUT = {"pending", "keep", "next", "previous", "ending", "unproven", "unschedulable"}


@dataclass(frozen=True)
class Server:
    """One server of a service, as its target started it; it may have ended since.

    It has no generation: a restarted server counts from 1 again, so the target is asked for it.
    """

    target: str  # the target that started it; it alone can decode the facts
    # JSON by which the target finds it again; empty if nothing is left of it
    facts: Mapping[str, object] = field(hash=False, repr=False)
    port: int = 0  # where it answers; the target knows the rest of its address
    # what it runs on; None if an older package did not record it
    environment: Environment | None = field(default=None, repr=False)
    bundle: str = ""  # digest of the bundle that it was last told to serve; empty if an older package did not record it
    certificate: Certificate | None = None  # what it shows its clients; None for plain HTTP

    def url(self, host: str) -> str:
        """Return the address up to the port, for example ``"http://127.0.0.1:41005"``."""
        return f"{'https' if self.certificate else 'http'}://{host}:{self.port}"


@dataclass(frozen=True)
class RolloutState:
    """The state of a change of a service, from which any process can finish or undo an interrupted one."""

    pending: str = ""  # the bundle that is being loaded
    keep: tuple[str, ...] = ()  # bundles of generations that were finishing at the last reload
    next: Server | None = None  # the server that is taking over
    previous: Server | None = None  # the server that is being ended
    ending: bool = False  # whether the service's own server is being ended
    # until the service first served: WAITED_FOR while its first deployment waits for that, else NOT_WAITED_FOR
    unproven: str = ""
    unschedulable: str = ""  # why no server could be started


def to_json(server: Server | None, rollout: RolloutState) -> dict[str, Any]:
    """Encode a server and a change as the flat object that all versions of this package read (column ``handle``).

    Defaults are left out.
    """
    values: dict[str, Any] = _server_to_json(server) if server else {}
    for key in ("pending", "ending", "unproven", "unschedulable"):
        if getattr(rollout, key):
            values[key] = getattr(rollout, key)
    if rollout.keep:
        values["keep"] = list(rollout.keep)
    for key, beside in (("next", rollout.next), ("previous", rollout.previous)):
        if beside:
            values[key] = {**_server_to_json(beside), **({"bundle": beside.bundle} if beside.bundle else {})}
    return values


def from_json(values: Mapping[str, Any], target: str, bundle: str) -> tuple[Server | None, RolloutState]:
    """Decode what any version of this package wrote into the column ``handle``.

    ``target`` and ``bundle`` are those of the service, for older rows.
    """
    server = _server_from_json(values, target, bundle)
    following, before = values.get("next", {}), values.get("previous", {})
    rollout = RolloutState(
        pending=values.get("pending", ""),
        keep=tuple(values.get("keep", ())),
        next=_server_from_json(following, target, following.get("bundle", values.get("pending", ""))),
        previous=_server_from_json(before, target, before.get("bundle", "")),
        ending=bool(values.get("ending")),
        unproven=values.get("unproven", ""),
        unschedulable=values.get("unschedulable", ""),
    )
    return server, rollout


def _server_to_json(server: Server) -> dict[str, Any]:
    values = {**server.facts, "target": server.target, "port": server.port}
    values |= {"certificate": asdict(server.certificate)} if server.certificate else {}
    return {**values, "environment": stored(server.environment)} if server.environment else values


def _server_from_json(values: Mapping[str, Any], target: str, bundle: str) -> Server | None:
    facts = {key: value for key, value in values.items() if key not in _OF_A_SERVER | _OF_A_ROLLOUT}
    port, environment = values.get("port", 0), values.get("environment")
    if not facts and not port:
        return None
    if facts:
        # Packages before this key had two targets, and the specification may already name the other one.
        target = values.get("target") or ("docker" if "container" in facts else "process")
    shown = Certificate(**values["certificate"]) if values.get("certificate") else None
    return Server(target, facts, port, from_stored(environment) if environment else None, bundle, shown)
