"""What a target must be able to do, and what it gets to start a service."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..serving import Credentials, Failure

if TYPE_CHECKING:
    from ..bundles import Bundle
    from ..environments import Environment
    from ..home import Home
    from .certificates import Certificate
    from .facts import Doing, Health, Identity, Reloaded, Stats, Usage
    from .leftovers import Leftover
    from .records import OwnImage, Setting
    from .server import Server


@dataclass(frozen=True)
class LocalFolders:
    """The places of one service on the machine that deploys it. Targets that run services elsewhere need none of them.

    Parameters
    ----------
    home : Home
        The workspace's folders, for what several services share.
    service : str
        The service's name.
    """

    home: Home
    service: str

    @property
    def folder(self) -> Path:
        """The service's own folder, for its owner only."""
        return self.home.service(self.service)

    @property
    def log(self) -> Path:
        """The file that output is appended to, if it comes to this machine."""
        return self.home.log(self.service)


@dataclass(frozen=True)
class Launch:
    """What a target gets to start a service."""

    name: str
    bundle: Bundle  # its folder, for targets on this machine; an ``Archive`` of it for others
    port: int  # 0 for any
    port_is_given: bool  # whether another port will not do
    workers: int  # processes that run the script, in each replica
    replicas: int  # servers behind the service's address; more than 1 only if the target can
    settings: Mapping[str, Setting] = field(hash=False, repr=False)  # those that differ from the server's defaults
    environment: Environment  # what it runs on
    variables: Mapping[str, str] = field(hash=False, repr=False)  # of the script
    memory: int  # bytes of a container; 0 for the default
    cpus: float  # processors of a container; 0 for the default
    image: OwnImage | None  # the user's own image, instead of an environment and a script
    local: LocalFolders  # the service's places on this machine
    workspace: str  # an id that separates this workspace's objects from another's
    # What clients must show, and what the server shows them; None for plain HTTP.
    credentials: Credentials = field(default_factory=Credentials, repr=False)
    certificate: Certificate | None = None
    again: str = ""  # why the same server is started once more, for its log and state; empty for a first start
    before: Server | None = None  # the server that is started once more
    runs_as: Server | None = None  # the service's server until now, whose interpreter may be kept
    # the server whose place this one takes, if the target can do that without a gap
    takes_over: Server | None = None
    told_as: str = ""  # the name in errors; empty for the service's own

    @property
    def named(self) -> str:
        """The service's name in errors."""
        return self.told_as or self.name


@dataclass(frozen=True)
class Capabilities:
    """What a target can do: other rooms ask for this, never for its name.

    Parameters
    ----------
    limits : bool
        Whether memory and processors of a service can be limited.
    own_image : bool
        Whether it runs an image of the user's own.
    live_reload : bool
        Whether a running server can swap bundle and settings; without it, another server takes over.
    replicas : bool
        Whether several servers can answer at one address.
    kernel : bool
        Whether services run on the interpreter that deploys them, where no environment is given.
    commands : bool
        Whether a server runs commands of its user on this machine.
    takes_over : bool
        Whether a new server can take the address of the one before it while that one still answers.
    debugging : bool
        Whether a debugger on this machine can attach to a server's worker.
    debug_root : str
        The folder in which a server has the files for breakpoints; empty where it sees those of the user.
    warm : bool
        Whether it can have a process ready that has imported what a server needs.
    contains : bool
        Whether its servers are containers of this machine's engine, so that a router goes beside them in another one.
    """

    limits: bool = False  # whether memory and processors of a service can be limited
    own_image: bool = False  # whether it runs an image of the user's own
    # whether a running server can swap bundle and settings; otherwise another server takes over
    live_reload: bool = False
    replicas: bool = False  # whether several servers can answer at one address
    kernel: bool = False  # whether services run by default on the interpreter that deploys them
    debug_root: str = ""  # where a server has the files for breakpoints; empty where it sees the user's own
    # whether a server can run a command as the user who deploys it would, on this machine
    commands: bool = False
    debugging: bool = False  # whether a debugger on this machine can attach to a worker
    # whether a new server can take the address of the one before it while that one still answers
    takes_over: bool = False
    warm: bool = False  # whether it can have a process ready that has imported what a server needs
    contains: bool = False  # whether its servers are containers of this machine's engine


class KeptWarm(Protocol):
    """A process that waits to become a server; it is there until nothing keeps it."""

    @property
    def lives(self) -> bool:
        """Whether it still is there."""

    def close(self) -> None:
        """Let it go."""


class Target(Protocol):
    """A place where services run. To add one: such a class, and a line in ``targets.choice`` or an entry point.

    A target keeps no state: all that it needs to find a server again is in the server's facts, which it alone decodes.
    ``local`` is always the service's own, as in :class:`Launch`. A server may be several replicas behind one address.

    Attributes
    ----------
    name : str
        What users call it, and what the rows of its servers say.
    capabilities : Capabilities
        What it can do.
    """

    name: str
    capabilities: Capabilities

    def prepare(self, launch: Launch, say: Callable[[str], None]) -> None:
        """Prepare a start, which may take long, for example an environment or an image; nothing that runs is touched.

        Raises
        ------
        TargetProblem
            For what the target does not have.
        Unschedulable
            For more than there is.
        """

    def start(self, launch: Launch, commit: Callable[[Server], None]) -> None:
        """Start a server; does not wait until it is ready.

        Where the launch takes over from a server, the caller ends that one when the new one is ready, and from then on
        the new one answers at its port. Where that cannot be, the new one has another port.

        Parameters
        ----------
        commit : callable
            Writes the server down. It is called while the server cannot serve yet, and the server goes on only when it
            has returned: no server runs that no process can find. What it raises ends the server.

        Raises
        ------
        PortBusy
            If the port is given and in use; it names who listens there.
        StartFailed
            If the server does not come up at all.
        """

    def keep_warm(self, launch: Launch) -> KeptWarm | None:
        """Have a process ready from which such a server starts at once; called only on a target that can.

        Several keepers with the same needs share one. None where the server's script must start in a new process.

        Raises
        ------
        TargetProblem
            If it cannot be started; a server starts without it.
        """

    def reload(self, launch: Launch, server: Server) -> tuple[Reloaded, ...]:
        """Swap bundle and settings of a running server; returns when the new generation serves.

        Returns
        -------
        tuple of Reloaded
            One for each replica.

        Raises
        ------
        ReloadFailed
            With the script's traceback; the old generation serves on, in all replicas.
        """

    def authorize(self, local: LocalFolders, server: Server, credentials: Credentials) -> None:
        """Have a running server ask its clients for other credentials, at once and after each of its restarts.

        Raises
        ------
        ServiceDown
            If it does not answer; its next start has the new ones all the same.
        TargetProblem
            If it cannot do that.
        """

    def resize(self, launch: Launch, server: Server) -> None:
        """Change the limits of a running server to those of the launch."""

    def scale(self, launch: Launch, server: Server, commit: Callable[[Server], None]) -> None:
        """Have as many replicas as the launch says; called only on a target that can.

        A new replica serves what the others do, and gets its first request when it is ready. ``commit`` writes the
        server down where its facts change.
        """

    def probe(self, local: LocalFolders, server: Server) -> Health:
        """Find out how a service is: from the server itself, or from the target if it does not answer."""

    def trace(self, local: LocalFolders, server: Server) -> object:
        """Return what is seen of a server without asking it; None if that tells nothing.

        As long as this is the same, nothing has happened that :meth:`probe` would tell: no request, no death. Settings
        of the log can hide requests, so those who watch still probe from time to time.
        """

    def runs(self, server: Server) -> bool:
        """Whether anything of the server exists, in any state; false if that cannot be found out."""

    def identity(self, server: Server) -> Identity:
        """Return the server's names on its machine, without asking it."""

    def abandon(self, local: LocalFolders, server: Server, why: str) -> None:
        """Remove what a failed start left; :meth:`probe` says why from then on, and the log on this machine."""

    def stats(self, server: Server) -> Stats:
        """Measure what the service uses at present; raises ServiceDown if it does not run."""

    def usage(self, server: Server) -> Usage:
        """Read what this server alone has used until now, at once; raises ServiceDown where it does not run."""

    def failure(self, local: LocalFolders, server: Server, request_id: str) -> Failure | None:
        """Return why the script failed on the request with that ``x-ms-request-id``; None if it is not kept."""

    def doing(self, local: LocalFolders, server: Server) -> list[Doing]:
        """Ask what the workers are doing; empty if nothing, or if it is not known."""

    def stop(self, server: Server, patience: float = ...) -> None:
        """Let a server finish its requests, and end it, if it runs; after ``patience`` seconds it is killed."""

    def forget(self, server: Server) -> None:
        """Remove what an ended server leaves outside the service's own folder, when its service is deleted."""

    def leftovers(
        self, workspace: str, servers: Sequence[Server], environments: Sequence[Environment], *, cache: bool
    ) -> list[Leftover]:
        """List what the workspace has left there; empty where the target does not answer.

        Parameters
        ----------
        workspace : str
            The workspace's id.
        servers : sequence of Server
            Those that services know, on whatever target.
        environments : sequence of Environment
            Those that services need.
        cache : bool
            Whether downloads that the next installation would use count too.
        """

    def remove(self, leftovers: Sequence[Leftover]) -> list[Leftover]:
        """Remove what it has listed; returns what is gone: what came into use meanwhile stays."""

    def discard(self, environment: Environment) -> list[str]:
        """Remove what was built for an environment that no service needs; returns the names of what is gone."""

    def url(self, server: Server) -> str:
        """Return the address up to the port, for example ``"http://127.0.0.1:41005"``."""

    def logs(self, local: LocalFolders, server: Server, lines: int, *, follow: bool) -> Iterator[bytes]:
        """Yield the end of the service's output, at most ``lines`` lines, oldest first.

        The output of earlier servers comes first. ``follow`` goes on as more comes; if there is nothing for a while, it
        yields an empty piece.
        """
