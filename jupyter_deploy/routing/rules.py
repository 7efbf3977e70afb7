"""What a router is told: where each deployment's instances are, and which requests they get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..endpoints import Limits
from ..services import Certificate
from ..serving import Credentials


@dataclass(frozen=True)
class Backend:
    """One instance of a deployment: an address, or the path of a Unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""


@dataclass(frozen=True)
class Pool:
    """A deployment: its instances, and what they take at once."""

    name: str
    backends: tuple[Backend, ...]
    limits: Limits = field(default_factory=Limits)
    readiness: str = "/-/ready"  # the route that answers 200 while an instance is ready
    scoring: str = "/score"  # the route that answers what clients send to /score


@dataclass(frozen=True)
class Rules:
    """All that a router is told of its endpoint."""

    endpoint: str
    pools: tuple[Pool, ...] = ()
    traffic: Mapping[str, int] = field(default_factory=dict, hash=False)  # percent by pool; 0 or 100 in all
    mirror: Mapping[str, int] = field(default_factory=dict, hash=False)  # percent of one pool without traffic
    credentials: Credentials = field(default_factory=Credentials, repr=False)  # what clients send
    # what the router sends to the instances, so that no other program on this machine can call them
    inner_key: str = field(default="", repr=False)
    certificate: Certificate | None = None  # what clients are shown; None for plain HTTP
    sticky: str = ""  # a header: requests with the same value of it get the same deployment; empty for none
    workspace: str = ""  # the id of the endpoint's workspace: a router's container is labelled with it
