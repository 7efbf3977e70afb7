"""The nouns of endpoints: what one is, and what a deployment of it is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import UsageProblem
from .scaling import Scaling

# Azure ML's rule for the names of endpoints and deployments. Case is kept, and two names never differ in it alone.
_RULE = re.compile(r"[a-zA-Z](?:[-a-zA-Z0-9]{0,30}[a-zA-Z0-9])?")
_SHORTEST, _LONGEST = 3, 32


@dataclass(frozen=True)
class Limits:
    """What a deployment takes at once, and how long; 0 is no limit of the endpoint's own.

    Parameters
    ----------
    timeout_ms : int
        How long a request may take; then its client gets 408.
    concurrency : int
        Requests that each instance runs at once; twice as many may be there in all, and more get 429.
    queue_ms : int
        How long a request may wait for its turn.
    """

    timeout_ms: int = 0
    concurrency: int = 0
    queue_ms: int = 0


@dataclass(frozen=True)
class RunningRouter:
    """The process that routes an endpoint's requests: where it listens, and how it is found again.

    Parameters
    ----------
    kind : str
        Which router it is.
    port : int
        Where clients reach it.
    facts : mapping
        JSON that only that router reads.
    """

    kind: str
    port: int
    facts: Mapping[str, str] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class EndpointRecord:
    """An endpoint's row."""

    name: str
    auth: str = "key"  # "key", "token" or "none"
    traffic: Mapping[str, int] = field(default_factory=dict, hash=False)  # percent by deployment, without zeros
    mirror: Mapping[str, int] = field(default_factory=dict, hash=False)  # percent of one deployment, or empty
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    properties: Mapping[str, str] = field(default_factory=dict, hash=False)
    description: str = ""
    port: int = 0  # the requested port; 0 for any
    router: RunningRouter | None = None  # None before the first start
    tls: str = ""  # "self-signed", or a certificate file's absolute path; empty for plain HTTP
    tls_key: str = ""  # the absolute path of the certificate's key; empty if it is in the same file
    sticky: str = ""  # a header: requests with the same value of it get the same deployment; empty for none
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)  # texts that a tool keeps for itself
    created: float = 0.0  # seconds since the epoch

    @property
    def without_traffic(self) -> bool:
        """Whether no deployment gets requests by the rules."""
        return not any(self.traffic.values())


@dataclass(frozen=True)
class DeploymentRecord:
    """A deployment's row. Its instances are services of their own that no list of services shows."""

    endpoint: str
    name: str
    instances: tuple[str, ...] = ()  # the names of the services that serve it
    wanted: int = 1  # how many there should be; with 0 it sleeps, and its one instance is stopped
    scaling: Scaling | None = None  # the bounds between which ``wanted`` follows the requests; None: it stays
    last: int = 0  # the number of the newest instance; numbers are never used again
    limits: Limits = field(default_factory=Limits)
    warm: str = field(default="", repr=False)  # a request's body that a new instance answers before it gets traffic
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    description: str = ""
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)  # texts that a tool keeps for itself
    failed: str = ""  # why the last change failed; empty if it did not
    created: float = 0.0  # seconds since the epoch

    @property
    def sleeps(self) -> bool:
        """Whether it has no running instance until a request comes."""
        return self.wanted == 0

    @property
    def title(self) -> str:
        """What errors call it."""
        return f"{self.name} of {self.endpoint}"


def check_endpoint_name(name: object, what: str = "an endpoint") -> str:
    """Refuse a name that Azure ML would refuse; the hint is a valid one."""
    if isinstance(name, str) and _SHORTEST <= len(name) <= _LONGEST and _RULE.fullmatch(name):
        return name
    proposal = re.sub(r"[^a-zA-Z0-9]+", "-", str(name)).strip("-0123456789")[:_LONGEST].strip("-")
    raise UsageProblem(
        f"{str(name)[:80]!r} cannot be {what}'s name: {_SHORTEST} to {_LONGEST} letters, digits and '-', "
        "a letter first, no '-' last.",
        hint=f"For example {proposal!r}." if len(proposal) >= _SHORTEST else "For example 'churn' or 'blue'.",
    )


def member_of(endpoint: str, deployment: str, number: int) -> str:
    """Return the name of the service that is one instance of a deployment; no user can name a service so."""
    return f"{endpoint.lower()}.{deployment.lower()}.{number}"
