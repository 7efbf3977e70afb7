"""What runs a service, and how far a change of it has come: the values, and the JSON that their row keeps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..environments import Environment, from_stored, stored

# What ``RolloutState.unproven`` says.
WAITED_FOR, NOT_WAITED_FOR = "waited for", "not waited for"
_OF_A_SERVER = {"target", "port", "environment", "bundle"}
_OF_A_ROLLOUT = {"pending", "keep", "next", "previous", "ending", "unproven", "unschedulable"}


@dataclass(frozen=True)
class Server:
    """One server of a service, as its target started it; it may have ended since.

    It has no generation: a restarted server counts from 1 again, so the target is asked for it.

    Parameters
    ----------
    target : str
        The name of the target that started it, and that alone can decode ``facts``.
    facts : mapping
        What the target needs to find it again, as JSON; empty where nothing is left of it.
    port : int
        Where it answers; the target knows the rest of its address.
    environment : Environment or None
        What it runs on; None where an older package did not write it down.
    bundle : str
        The digest of the bundle that it was told to serve last; empty where an older package did not write it down.
    """

    target: str
    facts: Mapping[str, object] = field(hash=False, repr=False)
    port: int = 0
    environment: Environment | None = field(default=None, repr=False)
    bundle: str = ""


@dataclass(frozen=True)
class RolloutState:
    """How far a change of a service has come, so that any process can finish or undo one that was cut off.

    Parameters
    ----------
    pending : str
        The bundle that is being loaded.
    keep : tuple of str
        The bundles of generations that were finishing at the last reload.
    next, previous : Server or None
        The server that is taking over, and the one that is being ended.
    ending : bool
        Whether the service's own server is being ended.
    unproven : str
        Set until the service was seen to serve for the first time: :data:`WAITED_FOR` while its first deployment
        waits for that, else :data:`NOT_WAITED_FOR`.
    unschedulable : str
        Why no server could be started.
    """

    pending: str = ""
    keep: tuple[str, ...] = ()
    next: Server | None = None
    previous: Server | None = None
    ending: bool = False
    unproven: str = ""
    unschedulable: str = ""


def to_json(server: Server | None, rollout: RolloutState) -> dict[str, Any]:
    """Write down a server and the state of a rollout as the flat object that all versions of this package read.

    Parameters
    ----------
    server : Server or None
        The service's.
    rollout : RolloutState
        What is left out is as by default.

    Returns
    -------
    dict
        For the column ``handle``.
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
    """Read what any version of this package has written into the column ``handle``.

    Parameters
    ----------
    values : mapping
        From :func:`to_json`, or from an older package.
    target : str
        The one that the service's specification names.
    bundle : str
        The one that the service's server serves.

    Returns
    -------
    tuple of (Server or None, RolloutState)
        The service's server, and how far a change of it has come.
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
    return {**values, "environment": stored(server.environment)} if server.environment else values


def _server_from_json(values: Mapping[str, Any], target: str, bundle: str) -> Server | None:
    facts = {key: value for key, value in values.items() if key not in _OF_A_SERVER | _OF_A_ROLLOUT}
    port, environment = values.get("port", 0), values.get("environment")
    if not facts and not port:
        return None
    if facts:
        # A package before this key had two targets, and the specification may already speak of the other one.
        target = values.get("target") or ("docker" if "container" in facts else "process")
    return Server(target, facts, port, from_stored(environment) if environment else None, bundle)
