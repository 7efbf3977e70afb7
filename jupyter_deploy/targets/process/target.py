"""Services as plain processes of this machine, on the kernel's interpreter or on a virtual environment of their own."""

from __future__ import annotations

import contextlib
import errno
import json
import secrets
import shutil
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import psutil

from ...environments import Environment, keeps_interpreters, venvs
from ...errors import PortBusy, ServiceDown, TargetProblem
from ...files import touch_private, write_atomic
from ...services import (
    Capabilities,
    Doing,
    Health,
    Identity,
    Launch,
    Leftover,
    LocalFolders,
    Reloaded,
    Server,
    Stats,
    Usage,
)
from ...serving import Credentials, Failure, ServingConfig, with_settings
from ...serving.front import listen
from ...store import secrets_folder
from ..admin import CREDENTIALS_FILE, TOKEN_FILE, Admin, known_settings, settings_for, token_in
from ..docker import file_output
from .facts import ProcessFacts
from .fronts import CONFIG, could_come_back, end, front_of, living_front, run_folder, runs, was_ended
from .handover import handed_over
from .pids import birth, lives, owner_of_port
from .starting import spawn, warm_of
from .statistics import usage_of_processes
from .warm import SUPPORTED, Kept

HOST = "127.0.0.1"
_FAILURE = "failure.json"
_SAMPLE_SECONDS = 0.1
_DRAIN_SECONDS = 30.0


class ProcessTarget:
    """Starts servers that outlive the process that started them, and finds them again by pid and start."""

    name = "process"
    capabilities = Capabilities(
        live_reload=True, kernel=True, commands=True, takes_over=True, debugging=True, warm=SUPPORTED
    )

    def prepare(self, launch: Launch, say: Callable[[str], None]) -> None:
        """Make the virtual environment; limits and images are refused."""
        for what, given in (("--memory", launch.memory), ("--cpus", launch.cpus), ("--image", launch.image)):
            if given:
                raise TargetProblem(f"A plain process has no {what}.", hint="Deploy with --target docker.")
        venvs.ensure(launch.local.home, launch.environment, say)
        _interpreter(launch)

    def start(self, launch: Launch, commit: Callable[[Server], None]) -> None:
        """Start a front and its watcher, which wait until they are recorded."""
        with self._handed_over(launch) as inherited, _bind(launch) as listener:
            port = listener.getsockname()[1]
            secret = secrets_folder(launch.local.home.root, launch.local.folder)
            run = self._write_files(launch, port, secret)
            secrets_in = "" if secret == launch.local.folder else str(secret)
            python = _interpreter(launch)
            own = str(python) if launch.environment.is_kernel else ""

            def found(pid: int) -> None:
                facts = ProcessFacts(pid, birth(pid), str(run), secrets_in, known_settings(), own)
                at = port
                if inherited and launch.takes_over:
                    facts, at = replace(facts, own_port=port), launch.takes_over.port
                made = (self.name, facts.to_json(), at, launch.environment, launch.bundle.digest, launch.certificate)
                commit(Server(*made))

            spawn(launch, python, (listener, *inherited), run, found)

    @contextlib.contextmanager
    def _handed_over(self, launch: Launch) -> Iterator[tuple[socket.socket, ...]]:
        before = launch.takes_over
        if before is None:
            yield ()
            return
        with handed_over(self._admin(launch.local, before), before, launch.certificate) as sockets:
            yield sockets

    @staticmethod
    def _write_files(launch: Launch, port: int, secret: Path) -> Path:
        launch.local.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        run = run_folder(secret, port)
        shutil.rmtree(run, ignore_errors=True)
        if launch.before and (dead := ProcessFacts.of(launch.before).run):
            # That server had taken over from another one, and so its folder has another port's number.
            shutil.rmtree(dead, ignore_errors=True)
        run.mkdir(mode=0o700, parents=True)
        launch.local.log.parent.mkdir(parents=True, exist_ok=True)
        touch_private(launch.local.log)
        (launch.local.folder / _FAILURE).unlink(missing_ok=True)
        token = secret / TOKEN_FILE
        if not token.exists():
            # One token for all servers of this service: while one takes over from another, both are asked.
            write_atomic(token, secrets.token_urlsafe(32), mode=0o600)
        write_atomic(run / CREDENTIALS_FILE, launch.credentials.dumps(), mode=0o600)
        config = replace(
            _settings(launch),
            name=launch.name,
            auth_file=str(run / CREDENTIALS_FILE),
            tls_certificate=launch.certificate.file if launch.certificate else "",
            tls_key=launch.certificate.key_file if launch.certificate else "",
            host=HOST,
            port=port,
            workers=launch.workers,
            token_file=str(token),
            state_folder=str(launch.local.folder),
            run_folder=str(run),
            collect_folder=str(launch.local.home.collected(launch.name)),
            environ=dict(launch.variables),
        )
        write_atomic(run / CONFIG, config.dumps(), mode=0o600)
        return run

    def keep_warm(self, launch: Launch) -> Kept | None:
        """Have a process run that has imported what the server needs."""
        warm = warm_of(launch, _interpreter(launch))
        try:
            return warm.keep() if warm else None
        except OSError as error:
            raise TargetProblem(f"There is no warm process for {launch.named}: {error}.") from error

    def reload(self, launch: Launch, server: Server) -> tuple[Reloaded, ...]:
        """Give the server the bundle as a path."""
        settings = settings_for(ProcessFacts.of(server).knows, launch.name, _settings(launch))
        admin = self._admin(launch.local, server)
        return (admin.reload(str(launch.bundle.folder), launch.workers, settings),)

    def authorize(self, local: LocalFolders, server: Server, credentials: Credentials) -> None:
        """Write them where the watcher's next front reads them, then tell the front of now."""
        run = ProcessFacts.of(server).run
        # A server of a package before these has no such file, and refuses.
        if run and (place := Path(run) / CREDENTIALS_FILE).exists():
            write_atomic(place, credentials.dumps(), mode=0o600)
        self._admin(local, server).authorize(local.service, credentials)

    def resize(self, launch: Launch, server: Server) -> None:
        """Refuse limits, as :meth:`prepare` does."""
        self.prepare(launch, lambda _: None)

    def scale(self, launch: Launch, server: Server, commit: Callable[[Server], None]) -> None:
        """Do nothing: this target has no replicas."""

    def probe(self, local: LocalFolders, server: Server) -> Health:
        """Ask the front; a lost process is Failed, or Stopped if something asked it to end."""
        facts, silent = ProcessFacts.of(server), ""
        if living_front(facts):
            try:
                return self._admin(local, server).health()
            except ServiceDown as error:
                silent = error.message if living_front(facts) else ""
        failure = None
        with contextlib.suppress(OSError, ValueError):
            failure = Failure.read(json.loads((local.folder / _FAILURE).read_text()))
        if failure:
            return Health("Failed", failure.summary, failure=failure)
        if silent:
            return Health("Unhealthy", silent)
        ended = was_ended(facts)
        if ended:
            return Health("Stopped", ended)
        if runs(facts):
            # The watcher waits between two starts, and may not have written down the new front yet.
            return Health("Unhealthy", "the server process died and is being started again")
        reason = f"the server process (pid {facts.pid or 'unknown'}) is gone"
        return Health("Failed", reason, gone=could_come_back(facts))

    def trace(self, local: LocalFolders, server: Server) -> object:
        """Look at the front's process and at the log: there the front notes requests, and deaths of workers."""
        facts = ProcessFacts.of(server)
        if not lives(facts.pid, facts.born):
            return None
        with contextlib.suppress(OSError):
            status = local.log.stat()
            return status.st_ino, status.st_size, status.st_mtime_ns
        return None

    def runs(self, server: Server) -> bool:
        """Look for the front, and for the watcher, which would start another."""
        return runs(ProcessFacts.of(server))

    def identity(self, server: Server) -> Identity:
        """Return the pid of the front that was started; a replacement may have taken its place."""
        return Identity(pid=ProcessFacts.of(server).pid)

    def abandon(self, local: LocalFolders, server: Server, why: str) -> None:
        """Leave the server: it has ended by itself, or its own state says what is wrong."""

    def failure(self, local: LocalFolders, server: Server, request_id: str) -> Failure | None:
        """Ask the front."""
        try:
            return Failure.read(self._admin(local, server).state(request_id)["asked"])
        except ServiceDown:
            return None

    def doing(self, local: LocalFolders, server: Server) -> list[Doing]:
        """Ask the front."""
        return self._admin(local, server).doing()

    def stats(self, server: Server) -> Stats:
        """Measure the processes for a tenth of a second; memory that several share counts for each."""
        found = front_of(ProcessFacts.of(server))
        if not found.lives:
            raise ServiceDown("The server process is gone.", hint="Deploy it again.")
        front = psutil.Process(found.pid)
        processes = [front, *front.children(recursive=True)]
        before, since = _processor_seconds(processes), time.monotonic()
        time.sleep(_SAMPLE_SECONDS)
        spent, elapsed = _processor_seconds(processes) - before, time.monotonic() - since
        memory = 0
        for process in processes:
            with contextlib.suppress(psutil.Error):
                memory += process.memory_info().rss
        return Stats(round(max(0.0, spent) / elapsed * 100, 1), memory, 0, len(processes))

    def usage(self, server: Server) -> Usage:
        """Add up the front and all processes below it; their memory is what belongs to them alone and their shares."""
        found = front_of(ProcessFacts.of(server))
        if not found.lives:
            raise ServiceDown("The server process is gone.", hint="Deploy it again.")
        return usage_of_processes(found.pid)

    def stop(self, server: Server, patience: float = _DRAIN_SECONDS + 10) -> None:
        """End the watcher and the front; raises TargetProblem if they belong to another user."""
        end(ProcessFacts.of(server), patience)

    def forget(self, server: Server) -> None:
        """Remove the folder with the token, unless it is the service's own."""
        if folder := ProcessFacts.of(server).secrets:
            shutil.rmtree(folder, ignore_errors=True)

    def _admin(self, local: LocalFolders, server: Server) -> Admin:
        facts = ProcessFacts.of(server)
        token = token_in(Path(facts.secrets or local.folder))
        # While it takes over, another server answers at its port, too.
        own = replace(server, port=facts.own_port or server.port)
        return Admin(self.url(own), token, server.certificate)

    def leftovers(
        self, workspace: str, servers: Sequence[Server], environments: Sequence[Environment], *, cache: bool
    ) -> list[Leftover]:
        """List nothing: all that this target makes is in the workspace's folder."""
        return []

    def remove(self, leftovers: Sequence[Leftover]) -> list[Leftover]:
        """Remove nothing."""
        return []

    def discard(self, environment: Environment) -> list[str]:
        """Leave virtual environments to ``prune``: other services of this machine may run from them."""
        return []

    def url(self, server: Server) -> str:
        """Return an address of loopback."""
        return server.url(HOST)

    def logs(self, local: LocalFolders, server: Server, lines: int, *, follow: bool) -> Iterator[bytes]:
        """Read the log file, which all servers of the service append to."""
        yield from file_output(local.log, lines, follow)


def _interpreter(launch: Launch) -> Path:
    """Return what to start the server with: once more, the kernel's own, whichever process looks at the service.

    A process that is no kernel keeps the one that the service was deployed with, too.
    """
    kept = launch.before or (launch.runs_as if keeps_interpreters() else None)
    python = (
        ProcessFacts.of(kept).python
        if kept and kept.target == ProcessTarget.name and launch.environment.is_kernel
        else ""
    )
    if not python:
        return venvs.interpreter(launch.local.home, launch.environment)
    if not Path(python).is_file():
        raise TargetProblem(
            f"{launch.named} was deployed with the interpreter {python}, which is gone.",
            hint=f"Deploy it from a notebook; or jupyter model deploy {launch.name} --environment kernel takes the "
            "interpreter of that command.",
        )
    return Path(python)


def _processor_seconds(processes: list[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def _settings(launch: Launch) -> ServingConfig:
    """Return all settings of a service: its own over this target's defaults."""
    defaults = ServingConfig(title=launch.name, drain_seconds=_DRAIN_SECONDS)
    return with_settings(defaults, launch.settings, f"settings of {launch.named}")


def _bind(launch: Launch) -> socket.socket:
    try:
        return listen(HOST, launch.port)
    except OSError as error:
        if not launch.port_is_given:
            # Its previous port is taken now, and was not requested by the user.
            return listen(HOST, 0)
        if error.errno == errno.EADDRINUSE:
            owner = owner_of_port(launch.port) or "another program"
            raise PortBusy(
                f"Port {launch.port} is in use by {owner}.", hint="Give another port, or none: a free one is chosen."
            ) from error
        raise PortBusy(
            f"Port {launch.port} cannot be used: {error.strerror}.", hint="Ports below 1024 need rights; try 5001."
        ) from error
