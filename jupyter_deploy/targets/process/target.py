"""Services as plain processes of this machine, on the kernel's interpreter or on a virtual environment of their own."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from ...environments import runtime, venvs
from ...errors import PortBusy, ServiceDown, StartFailed, TargetProblem
from ...files import touch_private, write_atomic
from ...services import Doing, Health, Launch, Stats
from ...serving import Failure, ServingConfig, with_settings
from ...serving.front import listen
from ...store import secrets_folder
from ..admin import TOKEN_FILE, Admin, known_settings, settings_for
from ..docker import file_output
from .fronts import CONFIG, could_come_back, end, front_of, run_folder, runs, was_ended
from .pids import birth, owner_of_port

HOST = "127.0.0.1"
_FAILURE = "failure.json"
_SAMPLE_SECONDS = 0.1
_DRAIN_SECONDS = 30.0


class ProcessTarget:
    """Starts servers that outlive the process that started them, and finds them again by pid and start."""

    def prepare(self, launch: Launch, say: Callable[[str], None]) -> None:
        """Make the virtual environment that the service needs.

        Parameters
        ----------
        launch : Launch
            What shall be served.
        say : callable
            Shows progress.

        Raises
        ------
        TargetProblem
            For what only a container has.
        """
        for what, given in (("--memory", launch.memory), ("--cpus", launch.cpus), ("--image", launch.image)):
            if given:
                raise TargetProblem(f"A plain process has no {what}.", hint="Deploy with --target docker.")
        venvs.ensure(launch.home, launch.environment, say)

    def start(self, launch: Launch, commit: Callable[[dict[str, Any]], None]) -> None:
        """Start a server; does not wait until it is ready.

        Parameters
        ----------
        launch : Launch
            What and where.
        commit : callable
            Called with the handle (``pid``, ``born``, ``port``, ``run``) while the server waits: it only goes on once
            this has returned, so that no server runs which nobody wrote down.

        Raises
        ------
        PortBusy
            Naming who listens there.
        StartFailed
            If the process does not come up at all.
        """
        with _bind(launch) as listener:
            port = listener.getsockname()[1]
            secret = secrets_folder(launch.home.root, launch.folder)
            run = self._write_files(launch, port, secret)
            facts: dict[str, Any] = {"port": port, "run": str(run), "knows": known_settings()}
            facts |= {} if secret == launch.folder else {"secrets": str(secret)}
            self._spawn(launch, listener, run, lambda pid: commit({"pid": pid, "born": birth(pid), **facts}))

    @staticmethod
    def _write_files(launch: Launch, port: int, secret: Path) -> Path:
        launch.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        run = run_folder(secret, port)
        shutil.rmtree(run, ignore_errors=True)
        run.mkdir(mode=0o700, parents=True)
        launch.log.parent.mkdir(parents=True, exist_ok=True)
        touch_private(launch.log)
        (launch.folder / _FAILURE).unlink(missing_ok=True)
        token = secret / TOKEN_FILE
        if not token.exists():
            # One for all servers of this service: while one takes over from another, both are asked.
            write_atomic(token, secrets.token_urlsafe(32), mode=0o600)
        config = replace(
            _settings(launch),
            name=launch.name,
            host=HOST,
            port=port,
            workers=launch.workers,
            token_file=str(token),
            state_folder=str(launch.folder),
            run_folder=str(run),
            environ=launch.variables,
        )
        write_atomic(run / CONFIG, config.dumps(), mode=0o600)
        return run

    @staticmethod
    def _spawn(launch: Launch, listener: socket.socket, run: Path, commit: Callable[[int], None]) -> None:
        ours, theirs = socket.socketpair()
        python = venvs.interpreter(launch.home, launch.environment)
        command = [str(python), "-u", "-m", "jupyter_deploy.serving", str(launch.bundle)]
        command += ["--config", str(run / CONFIG), "--rotate", str(launch.log)]
        command += ["--again", launch.again] if launch.again else []
        command += ["--listener", str(listener.fileno()), "--detach", str(theirs.fileno())]
        environ = {key: value for key, value in os.environ.items() if not _belongs_to_the_kernel(key, value)}
        if not launch.environment.is_kernel:
            environ = {key: value for key, value in environ.items() if key not in {"VIRTUAL_ENV", "PYTHONHOME"}}
            environ["PYTHONPATH"] = str(runtime.ensure(launch.home))
        with ours, launch.log.open("ab") as log:
            with theirs:
                # The process named here forks and ends at once, so this one has no child left to reap.
                starter = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=launch.folder,
                    env=environ,
                    pass_fds=[listener.fileno(), theirs.fileno()],
                )
            pid = ours.recv(32)
            starter.wait()
            if not pid:
                raise StartFailed(f"The server process of {launch.name} did not start.", hint=f"Look at {launch.log}.")
            commit(int(pid))
            ours.sendall(b"1")

    def reload(self, launch: Launch, handle: dict[str, Any]) -> tuple[int, tuple[str, ...]]:
        """Swap bundle and settings of a running server.

        Parameters
        ----------
        launch : Launch
            What to serve now, and how.
        handle : dict
            From :meth:`start`.

        Returns
        -------
        tuple of (int, tuple of str)
            The new generation, and the digests of the bundles that workers still use.
        """
        settings = settings_for(handle, launch.name, _settings(launch))
        admin = self._admin(launch.folder, handle)
        generation, roots = admin.reload(str(launch.bundle), launch.workers, settings)
        return generation, tuple(sorted({Path(root).parent.name for root in roots}))

    def resize(self, launch: Launch, handle: dict[str, Any]) -> None:
        """Refuse limits: :meth:`prepare` does.

        Parameters
        ----------
        launch : Launch
            With the limits.
        handle : dict
            From :meth:`start`.
        """
        self.prepare(launch, lambda _: None)

    def probe(self, folder: Path, handle: dict[str, Any]) -> Health:
        """Find out how a service is.

        Parameters
        ----------
        folder : pathlib.Path
            The service's own folder.
        handle : dict
            From :meth:`start`.

        Returns
        -------
        Health
            Failed where the process is gone, Unhealthy where it does not answer.
        """
        silent = ""
        if front_of(handle).lives:
            try:
                return self._admin(folder, handle).health()
            except ServiceDown as error:
                silent = error.message if front_of(handle).lives else ""
        failure = None
        with contextlib.suppress(OSError, ValueError):
            failure = json.loads((folder / _FAILURE).read_text())
        if failure:
            return Health("Failed", Failure(**failure).summary, failure=failure)
        if silent:
            return Health("Unhealthy", silent)
        ended = was_ended(handle)
        if ended:
            return Health("Stopped", ended)
        reason = f"the server process (pid {handle.get('pid', 'unknown')}) is gone"
        return Health("Failed", reason, gone=could_come_back(handle))

    def runs(self, handle: dict[str, Any]) -> bool:
        """Tell whether the server is there at all, however it is: its front, or what would start another."""
        return runs(handle)

    def abandon(self, handle: dict[str, Any], why: str) -> None:
        """Leave a server whose start failed: it has ended by itself, or says in its state what is wrong.

        Parameters
        ----------
        handle : dict
            From :meth:`start`.
        why : str
            Known to the server already.
        """

    def failure(self, folder: Path, handle: dict[str, Any], request_id: str) -> dict[str, Any] | None:
        """Look up why the script failed on a request.

        Parameters
        ----------
        folder : pathlib.Path
            The service's own folder.
        handle : dict
            From :meth:`start`.
        request_id : str
            The ``x-ms-request-id`` of the answer.

        Returns
        -------
        dict or None
            A :class:`jupyter_deploy.serving.Failure` as plain values; None where it is not kept.
        """
        try:
            found: dict[str, Any] | None = self._admin(folder, handle).state(request_id)["asked"]
        except ServiceDown:
            return None
        return found

    def doing(self, folder: Path, handle: dict[str, Any]) -> list[Doing]:
        """Ask the server what its workers do.

        Parameters
        ----------
        folder : pathlib.Path
            The service's own folder.
        handle : dict
            From :meth:`start`.

        Returns
        -------
        list of Doing
            Those that run something.
        """
        return self._admin(folder, handle).doing()

    def stats(self, handle: dict[str, Any]) -> Stats:
        """Measure what the server and its workers use.

        Parameters
        ----------
        handle : dict
            From :meth:`start`.

        Returns
        -------
        Stats
            The processor's part is that of the last tenth of a second. Memory that several share counts for each.

        Raises
        ------
        ServiceDown
            If it does not run.
        """
        found = front_of(handle)
        if not found.lives:
            raise ServiceDown("The server process is gone.", hint="deploy starts it again.")
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

    def stop(self, handle: dict[str, Any], patience: float = _DRAIN_SECONDS + 10) -> None:
        """Let a server finish what it holds, then end it; after its time for that, kill it.

        Parameters
        ----------
        handle : dict
            From :meth:`start`.
        patience : float, optional
            Seconds until it is killed.

        Raises
        ------
        TargetProblem
            If it belongs to another user.
        """
        end(handle, patience)

    def _admin(self, folder: Path, handle: dict[str, Any]) -> Admin:
        return Admin(self.url(handle), Path(handle.get("secrets", folder)))

    def url(self, handle: dict[str, Any]) -> str:
        """Return the server's address.

        Parameters
        ----------
        handle : dict
            From :meth:`start`.

        Returns
        -------
        str
            Up to the port.
        """
        return f"http://{HOST}:{handle.get('port', 0)}"

    def output(self, handle: dict[str, Any], log: Path, lines: int, follow: bool) -> Iterator[bytes]:
        """Yield the end of the service's log.

        Parameters
        ----------
        handle : dict
            From :meth:`start`.
        log : pathlib.Path
            Its file.
        lines : int
            How many at most.
        follow : bool
            Whether to go on as more comes.

        Yields
        ------
        bytes
            Pieces, oldest first.
        """
        yield from file_output(log, lines, follow)


def _processor_seconds(processes: list[psutil.Process]) -> float:
    total = 0.0
    for process in processes:
        with contextlib.suppress(psutil.Error):
            times = process.cpu_times()
            total += times.user + times.system
    return total


def _settings(launch: Launch) -> ServingConfig:
    """All settings of a service: its own over this target's defaults."""
    defaults = ServingConfig(title=launch.name, drain_seconds=_DRAIN_SECONDS)
    return with_settings(defaults, launch.settings, f"settings of {launch.name}")


def _bind(launch: Launch) -> socket.socket:
    try:
        return listen(HOST, launch.port)
    except OSError as error:
        if not launch.port_is_given:
            # The port it had before is taken now; nobody asked for that one.
            return listen(HOST, 0)
        if error.errno == errno.EADDRINUSE:
            owner = owner_of_port(launch.port) or "another program"
            raise PortBusy(
                f"Port {launch.port} is in use by {owner}.", hint="Give another port, or none: a free one is chosen."
            ) from error
        raise PortBusy(
            f"Port {launch.port} cannot be used: {error.strerror}.", hint="Ports below 1024 need rights; try 5001."
        ) from error


def _belongs_to_the_kernel(key: str, value: str) -> bool:
    """Tell the kernel's own variables: its plot backend and its connection mean nothing to a service."""
    return key.startswith(("JPY_", "IPYTHON", "PYDEVD_")) or (key == "MPLBACKEND" and value.startswith("module://"))
