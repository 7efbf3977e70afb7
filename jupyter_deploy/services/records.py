"""The nouns of services: what should run, how it is, what was done to it, and what a target must be able to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

from ..environments import Environment
from ..errors import UsageProblem
from ..home import Home
from .facts import Doing, Health, Stats

__all__ = [
    "Change",
    "Doing",
    "Health",
    "Launch",
    "OwnImage",
    "ServiceRecord",
    "ServiceSpec",
    "Stats",
    "Target",
    "check_service_name",
]
# azureml-core's rule for the names of services.
NAME_RULE = re.compile(r"[a-z]([-a-z0-9]{1,30})[a-z0-9]")
STATES = ("Transitioning", "Healthy", "Unhealthy", "Unschedulable", "Failed", "Stopped")
MAX_WORKERS = 64
# What a change of the notebook is called where it is not told in words.
_CODE = {"script", "same script"}


@dataclass(frozen=True)
class Change:
    """What was done to a service.

    Parameters
    ----------
    service : str
        Its name.
    action : str
        ``"created"``, ``"reloaded"``, ``"restarted"``, ``"repaired"``, ``"unchanged"`` or ``"kept"`` (a reload failed).
    what : tuple of str
        What differed: ``"script"``, ``"model"``, ``"workers"``, ``"port"``…
    milliseconds : float
        From the request to the new code answering; 0 where nothing was done.
    generation : int
        The generation that serves now.
    notes : tuple of str
        What was decided for the user, and why.
    pending : bool
        Whether nobody waited until it serves.
    moved : tuple of str
        What the script takes from the notebook otherwise than before, in words.
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
        """Return plain values for JSON.

        Returns
        -------
        dict
            All fields.
        """
        return {**asdict(self), "what": list(self.what), "notes": list(self.notes), "moved": list(self.moved)}

    def sentence(self) -> str:
        """Tell it in one line.

        Returns
        -------
        str
            For example ``"churn: reloaded in 43 ms (script); generation 3 serves"``.
        """
        if self.action == "unchanged":
            return f"{self.service}: unchanged, " + ("still starting" if self.pending else "nothing to do")
        words = self.what if not self.moved else (*(one for one in self.what if one not in _CODE), *self.moved)
        what = f" ({(', ' if not self.moved else '; ').join(words)})" if words else ""
        after = f"; generation {self.generation} serves" if self.generation else "; still starting" * self.pending
        return f"{self.service}: {self.action} in {self.milliseconds:,.0f} ms{what}{after}"


@dataclass(frozen=True)
class ServiceSpec:
    """What the user asked for; references are kept as written and resolved at each deployment.

    Parameters
    ----------
    name : str
        The service's name.
    script : str
        A stored script's name, or the absolute path of a file.
    script_is_file : bool
        Which of the two.
    models : tuple of str, or None
        Model references; None takes the registered model of the service's name, if there is one.
    target : str
        Where it runs: ``"process"`` or ``"docker"``.
    port : int
        The port that was asked for; 0 for any.
    environment : str
        ``"kernel"``: the interpreter that deployed it; ``"inferred"``: what script and models import; a registered
        environment's ``NAME`` or ``NAME:VERSION``; the absolute path of a file. Empty for what is usual on its target.
    workers : int
        Processes that run the script.
    settings : dict
        The server's settings that differ from its defaults, by the names of
        :class:`jupyter_deploy.serving.ServingConfig`.
    variables : dict of str to str
        Environment variables of the script, over those of its environment.
    memory : int
        Bytes that a container may use; 0 for half of the machine's.
    cpus : float
        Processors that a container may use; 0 for all of the machine's.
    image : dict
        A service from the user's own image: the values of :class:`OwnImage`; empty for a script's service.
    source : str
        The absolute path of the folder that is shipped whole; empty for the script's own.
    """

    name: str
    script: str
    script_is_file: bool = False
    models: tuple[str, ...] | None = None
    target: str = "process"
    port: int = 0
    environment: str = ""
    workers: int = 1
    settings: dict[str, Any] = field(default_factory=dict, hash=False)
    variables: dict[str, str] = field(default_factory=dict, hash=False, repr=False)
    memory: int = 0
    cpus: float = 0.0
    image: dict[str, Any] = field(default_factory=dict, hash=False)
    source: str = ""


@dataclass(frozen=True)
class OwnImage:
    """A user's own image with its own port and routes.

    Parameters
    ----------
    name : str
        The image.
    port : int
        Where its server listens, inside.
    scoring, liveness, readiness : str
        Its routes.
    """

    name: str
    port: int = 5001
    scoring: str = "/score"
    liveness: str = "/"
    readiness: str = "/"


@dataclass(frozen=True)
class ServiceRecord:
    """A service's row: intent, and what a target needs to find the service again.

    Parameters
    ----------
    spec : ServiceSpec
        What should run.
    bundle : str
        The digest of the bundle that serves.
    models : tuple of str
        ``name:version`` of the models in it.
    handle : dict
        The target's own: process or container, and port. Beside them, ``pending``: a bundle that is being loaded;
        ``keep``: bundles of generations that were finishing at the last reload; ``next``: the server that is taking
        over; ``previous``: the one that is being ended; ``ending``: whether this one is;
        ``environment``: what it runs on; ``unschedulable``: why it could not be started.
    desired : str
        ``"running"`` or ``"stopped"``.
    created, updated : float
        Seconds since the epoch.
    """

    spec: ServiceSpec
    bundle: str
    models: tuple[str, ...]
    handle: dict[str, Any] = field(hash=False, repr=False)
    desired: str = "running"
    created: float = 0.0
    updated: float = 0.0

    @property
    def name(self) -> str:
        """The service's name."""
        return self.spec.name


@dataclass(frozen=True)
class Launch:
    """What a target gets to start a service.

    Parameters
    ----------
    name : str
        The service's name.
    bundle : pathlib.Path
        The bundle's folder.
    folder : pathlib.Path
        The service's own folder, for its owner only.
    log : pathlib.Path
        Where standard output and standard error go, appended.
    port : int
        The port to use; 0 for any.
    port_is_given : bool
        Whether another port will not do.
    workers : int
        Processes that run the script.
    settings : dict
        The server's settings that differ from its defaults.
    environment : Environment
        What it runs on.
    variables : dict of str to str
        Environment variables of the script.
    memory, cpus : int, float
        Limits of a container; 0 for the usual.
    image : OwnImage or None
        The user's own image, instead of an environment and a script.
    home : Home
        The workspace's folders, for what several services share.
    workspace : str
        Tells this workspace's things from another's.
    again : str
        Why the same server is started once more, for its log and state; empty for a first start.
    """

    name: str
    bundle: Path
    folder: Path
    log: Path
    port: int
    port_is_given: bool
    workers: int
    settings: dict[str, Any] = field(hash=False)
    environment: Environment
    variables: dict[str, str] = field(hash=False, repr=False)
    memory: int
    cpus: float
    image: OwnImage | None
    home: Home
    workspace: str
    again: str = ""


class Target(Protocol):
    """A place where services run. To add one: a module with such a class, and a line in ``targets.TARGETS``."""

    def prepare(self, launch: Launch, say: Callable[[str], None]) -> None:
        """Make what a start needs and may take long, before anything that runs is touched: environment, image."""

    def start(self, launch: Launch, commit: Callable[[dict[str, Any]], None]) -> None:
        """Start a server; ``commit`` writes down the handle by which any process finds it again, before it serves."""

    def reload(self, launch: Launch, handle: dict[str, Any]) -> tuple[int, tuple[str, ...]]:
        """Swap bundle and settings; returns the new generation, and the digests of the bundles still in use."""

    def resize(self, launch: Launch, handle: dict[str, Any]) -> None:
        """Change the limits of a running server."""

    def probe(self, folder: Path, handle: dict[str, Any]) -> Health:
        """Find out how the service is."""

    def runs(self, handle: dict[str, Any]) -> bool:
        """Tell whether the server is there at all, however it is."""

    def abandon(self, handle: dict[str, Any], why: str) -> None:
        """Take away what a failed start left, but keep why."""

    def stats(self, handle: dict[str, Any]) -> Stats:
        """Measure what the service uses."""

    def failure(self, folder: Path, handle: dict[str, Any], request_id: str) -> dict[str, Any] | None:
        """Look up why the script failed on a request."""

    def doing(self, folder: Path, handle: dict[str, Any]) -> list[Doing]:
        """Find out what the workers are doing now; empty where they do nothing or it is not known."""

    def stop(self, handle: dict[str, Any], patience: float = ...) -> None:
        """Drain and end the service, within ``patience`` seconds; nothing happens where it does not run."""

    def url(self, handle: dict[str, Any]) -> str:
        """Return the address up to the port, for example ``"http://127.0.0.1:41005"``."""

    def output(self, handle: dict[str, Any], log: Path, lines: int, follow: bool) -> Iterator[bytes]:
        """Yield the end of the service's output and, if asked, what is added from then on."""


def check_service_name(name: str) -> str:
    """Refuse a name that Azure ML would refuse.

    Parameters
    ----------
    name : str
        The service's name.

    Returns
    -------
    str
        The same name.

    Raises
    ------
    UsageProblem
        With a name that would do as its hint.
    """
    if isinstance(name, str) and NAME_RULE.fullmatch(name):
        return name
    proposal = re.sub(r"[^a-z0-9]+", "-", str(name).lower()).strip("-0123456789")[:32].strip("-")
    raise UsageProblem(
        f"{str(name)[:80]!r} cannot be a service's name: 3 to 32 lower-case letters, digits and '-', "
        "a letter first, no '-' last.",
        hint=f"For example {proposal!r}." if NAME_RULE.fullmatch(proposal) else "For example 'churn'.",
    )
