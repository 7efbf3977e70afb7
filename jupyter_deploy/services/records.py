"""The nouns of services: what should run, what runs, and what was done to it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..errors import UsageProblem
from .server import RolloutState, Server

if TYPE_CHECKING:
    from ..environments import Environment

# azureml-core's rule for the names of services.
NAME_RULE = re.compile(r"[a-z]([-a-z0-9]{1,30})[a-z0-9]")
# An instance of an endpoint's deployment is a service that no user can name so: endpoint, deployment, number.
_INSTANCE_RULE = re.compile(r"[a-z][-a-z0-9]*\.[a-z][-a-z0-9]*\.\d+")
STATES = ("Transitioning", "Healthy", "Unhealthy", "Unschedulable", "Failed", "Stopped")
MAX_WORKERS = 64
MAX_REPLICAS = 100
SELF_SIGNED = "self-signed"
LATEST = "latest"
# What a service's clients must show.
AUTH = ("none", "key", "token")
# A value of a server's setting, as JSON has it.
Setting = str | int | float | bool
# The parts that stand for a changed notebook, unless its changes are listed.
_CODE = {"script", "same script"}


@dataclass(frozen=True)
class Change:
    """What a deployment did to a service.

    Parameters
    ----------
    action : str
        ``"created"``, ``"reloaded"``, ``"updated"``, ``"restarted"``, ``"repaired"``, ``"unchanged"`` or ``"kept"`` (a
        reload failed).
    what : tuple of str
        What differed: ``"script"``, ``"model"``, ``"workers"``, ``"port"``…
    milliseconds : float
        From the request until the new code answers; 0 if nothing was done.
    generation : int
        The generation that serves now.
    notes : tuple of str
        Decisions that were made for the user, and why.
    pending : bool
        Whether the deployment returned before it serves.
    moved : tuple of str
        What the script now takes differently from the notebook, in words.
    """

    service: str
    action: str
    what: tuple[str, ...] = ()
    milliseconds: float = 0.0
    generation: int = 0
    notes: tuple[str, ...] = ()
    pending: bool = False
    moved: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return all fields for JSON."""
        return {**asdict(self), "what": list(self.what), "notes": list(self.notes), "moved": list(self.moved)}

    def sentence(self) -> str:
        """Describe it in one line, for example ``"churn: reloaded in 43 ms (script); generation 3 serves"``."""
        return f"{self.service}: {self.clause()}"

    def clause(self) -> str:
        """Describe it without the service's name."""
        if self.action == "unchanged":
            return f"unchanged, {'still starting' if self.pending else 'nothing to do'}"
        words = self.what if not self.moved else (*(one for one in self.what if one not in _CODE), *self.moved)
        what = f" ({(', ' if not self.moved else '; ').join(words)})" if words else ""
        after = f"; generation {self.generation} serves" if self.generation else "; still starting" * self.pending
        return f"{self.action} in {self.milliseconds:,.0f} ms{what}{after}"


@dataclass(frozen=True)
class OwnImage:
    """A user's own image with its own port and routes; the port is the one inside."""

    name: str
    port: int = 5001
    scoring: str = "/score"
    liveness: str = "/"
    readiness: str = "/"


@dataclass(frozen=True)
class ServiceSpec:
    """What the user asked for; references are kept as written and resolved at each deployment."""

    name: str
    script: str  # a stored script's name, or the absolute path of a file
    script_is_file: bool = False
    # references; None takes the registered model of the service's name, if there is one
    models: tuple[str, ...] | None = None
    target: str = "process"  # "process" or "docker"
    port: int = 0  # the requested port; 0 for any
    # "kernel" (the interpreter that deployed it), "inferred" (what script and models import), a registered NAME or
    # NAME:VERSION, or a file's absolute path; empty for the target's default
    environment: str = ""
    workers: int = 1  # processes that run the script
    # those that differ from ServingConfig's defaults
    settings: Mapping[str, Setting] = field(default_factory=dict, hash=False)
    # of the script, over those of its environment
    variables: Mapping[str, str] = field(default_factory=dict, hash=False, repr=False)
    memory: int = 0  # bytes that a container may use; 0 for half of the machine's
    cpus: float = 0.0  # processors that a container may use; 0 for all
    image: OwnImage | None = None  # the user's own image, instead of a script
    source: str = ""  # absolute path of the folder that is shipped whole; empty for the script's own
    replicas: int = 1  # servers behind one address, if the target can
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    properties: Mapping[str, str] = field(default_factory=dict, hash=False)  # never changed once they are set
    description: str = ""
    auth: str = "none"  # "none", "key" or "token": what clients must send; the keys are in the service's folder
    tls: str = ""  # "self-signed", or a certificate file's absolute path; empty for plain HTTP
    tls_key: str = ""  # the absolute path of the certificate's key; empty if it is in the same file
    # texts that a tool keeps with the service for itself, and that are not shown
    labels: Mapping[str, str] = field(default_factory=dict, hash=False)
    follow_model: str = ""  # LATEST: each new version of its models is deployed when it is registered
    # addresses and commands that are told of changes; an address may hold a password
    on_change: tuple[str, ...] = field(default=(), repr=False)
    # the endpoint and the deployment that it is an instance of; empty for a service of its own
    endpoint: str = ""
    deployment: str = ""

    @property
    def known_as(self) -> str:
        """The name whose script and model it takes where none are named."""
        return self.endpoint or self.name


@dataclass(frozen=True)
class ServiceRecord:
    """A service's row: what should run, its server, and the state of a change."""

    spec: ServiceSpec
    bundle: str  # digest of the bundle that serves
    models: tuple[str, ...]  # name:version of the models in it
    server: Server | None = None  # what runs it, or ran it last; None before the first start
    rollout: RolloutState = field(default_factory=RolloutState)  # the recorded state of a change
    desired: str = "running"  # "running" or "stopped"
    created: float = 0.0  # seconds since the epoch
    updated: float = 0.0  # seconds since the epoch

    @property
    def name(self) -> str:
        """The service's name."""
        return self.spec.name

    @property
    def target(self) -> str:
        """The name of its server's target: an interrupted move may leave another than the specification's."""
        return self.server.target if self.server else self.spec.target

    @property
    def port(self) -> int:
        """The port of its server, running or not; 0 if it never had one."""
        return self.server.port if self.server else 0

    @property
    def environment(self) -> Environment | None:
        """What its server runs on; None if its row does not say."""
        return self.server.environment if self.server else None

    @property
    def is_stopped(self) -> bool:
        """Whether the user has stopped it."""
        return self.desired == "stopped"

    @property
    def active(self) -> Server | None:
        """The server that should be running; None if the service is stopped, or no server could be started."""
        return None if self.is_stopped or self.rollout.unschedulable else self.server

    @property
    def beside(self) -> tuple[Server, ...]:
        """The servers that a change has started beside the service's own."""
        return tuple(server for server in (self.rollout.next, self.rollout.previous) if server)

    @property
    def servers(self) -> tuple[Server, ...]:
        """All of its servers, in the order in which they are ended."""
        return (*self.beside, self.server) if self.server else self.beside

    @property
    def strays(self) -> tuple[Server, ...]:
        """The servers that should have ended, if no change of the service is under way."""
        return self.servers if self.is_stopped and self.rollout.ending else self.beside

    def settled(self) -> ServiceRecord:
        """Return the row of a service without stray servers."""
        return replace(self, rollout=replace(self.rollout, next=None, previous=None, ending=False))

    def proven(self) -> ServiceRecord:
        """Return the row of a service that has served."""
        return replace(self, rollout=replace(self.rollout, unproven=""))

    @property
    def bundles(self) -> tuple[str, ...]:
        """The digests of all bundles that its servers may need."""
        beside = (server.bundle for server in self.beside)
        return tuple(filter(None, (self.bundle, self.rollout.pending, *self.rollout.keep, *beside)))


def check_service_name(name: str) -> str:
    """Refuse a name that Azure ML would refuse; the hint is a valid one."""
    if isinstance(name, str) and (NAME_RULE.fullmatch(name) or _INSTANCE_RULE.fullmatch(name)):
        return name
    proposal = re.sub(r"[^a-z0-9]+", "-", str(name).lower()).strip("-0123456789")[:32].strip("-")
    raise UsageProblem(
        f"{str(name)[:80]!r} cannot be a service's name: 3 to 32 lower-case letters, digits and '-', "
        "a letter first, no '-' last.",
        hint=f"For example {proposal!r}." if NAME_RULE.fullmatch(proposal) else "For example 'churn'.",
    )
