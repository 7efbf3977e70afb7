"""What routers have in common that are processes of this machine: a watcher, its files, and a port of loopback."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import psutil

from ..endpoints import RunningRouter
from ..errors import PortBusy, TargetProblem
from ..files import write_atomic
from ..home import Home
from ..targets import owner_of_port
from .beside import SUPERVISE
from .rules import Rules
from .standby import reserve
from .watcher import PIDS, PLAN

# The longest path of a Unix socket that every system takes.
_SOCKET_PATH = 100
_ENDING_SECONDS = 8.0


class WatchedRouter:
    """A router's process with a watcher beside it, both found again by the files in the endpoint's folder."""

    def take_over(
        self, home: Home, running: RunningRouter, rules: Rules, commit: Callable[[RunningRouter], None]
    ) -> None:
        """Refuse: a running router is better than this one, or as good."""
        raise TargetProblem(f"Endpoint {rules.endpoint} has a router.", hint="It goes on.")

    def ensure(self, home: Home, running: RunningRouter) -> None:
        """Start the watcher where it has died: it takes a living router over, or starts another."""
        folder = Path(running.facts["folder"])
        if not watcher_of(folder):
            spawn(folder)

    def supervise(self, home: Home, running: RunningRouter, command: Sequence[str] | None) -> None:
        """Leave a file for the watcher, or take it away."""
        folder = Path(running.facts["folder"])
        if command is None:
            (folder / SUPERVISE).unlink(missing_ok=True)
            return
        write_atomic(folder / SUPERVISE, json.dumps(list(command)), mode=0o600)
        self.ensure(home, running)

    def held_at(self, running: RunningRouter, deployment: str) -> Path:
        """Return a place beside the admin socket; the name is short, as the path may not be long."""
        return Path(running.facts["admin"]).with_name(f"{sha256(deployment.encode()).hexdigest()[:8]}.held")


def facts_of(home: Home, endpoint: str) -> dict[str, str]:
    """Make the folder of an endpoint's router; returns the places of its files and sockets."""
    folder = home.endpoint(endpoint) / "router"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sockets = socket_place(folder)
    access_log = home.logs / f"{endpoint}.access.log"
    facts = {"folder": str(folder), "admin": str(sockets / "admin.sock"), "access_log": str(access_log)}
    return {**facts, "inner": str(sockets / "inner.sock")}


def write_plan(running: RunningRouter, command: Sequence[str], **more: object) -> None:
    """Write down what the watcher starts."""
    plan = {**running.facts, "command": list(command), "port": running.port, **more}
    write_atomic(Path(running.facts["folder"]) / PLAN, json.dumps(plan), mode=0o600)


def spawn(folder: Path) -> None:
    """Start a watcher; the started process forks and ends at once, so this one has no child left to reap."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("JPY_", "IPYTHON", "PYDEVD_"))}
    command = [sys.executable, "-m", "jupyter_deploy.routing.watcher", str(folder)]
    with (folder / "router.log").open("ab") as log:
        subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, env=environ, check=False, timeout=30
        )


def watcher_of(folder: Path) -> psutil.Process | None:
    """Find the watcher of a folder."""
    return process_of(folder, "watcher")


def end(running: RunningRouter) -> None:
    """End the watcher, which ends the router; then remove the sockets' own folder."""
    folder, admin = Path(running.facts["folder"]), Path(running.facts["admin"])
    processes = [one for one in (watcher_of(folder), process_of(folder, "router")) if one]
    for process in processes[:1]:
        process.send_signal(signal.SIGTERM)
    _, alive = psutil.wait_procs(processes, timeout=_ENDING_SECONDS)
    for process in alive:
        with contextlib.suppress(psutil.Error):
            process.kill()
    # The port is free once they are gone.
    psutil.wait_procs([one for one in alive if _runs(one)], timeout=_ENDING_SECONDS)
    if admin.parent != folder:
        shutil.rmtree(admin.parent, ignore_errors=True)


def _runs(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return process.status() != psutil.STATUS_ZOMBIE
    return False


def last_words(running: RunningRouter) -> tuple[str, Path]:
    """Return the end of the router's own log, and its place."""
    log = Path(running.facts["folder"]) / "router.log"
    logs = (Path(one) for one in (str(log), running.facts.get("output", "")) if one)
    return "".join(one.read_text(errors="replace")[-2000:] for one in logs if one.exists()), log


def process_of(folder: Path, which: str) -> psutil.Process | None:
    """Find a process that the watcher has noted; it counts only if its command line names this folder."""
    with contextlib.suppress(OSError, ValueError, KeyError, psutil.Error):
        process = psutil.Process(int(json.loads((folder / PIDS).read_text())[which]))
        here = any(str(folder) in word for word in process.cmdline())
        if here and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def socket_place(folder: Path) -> Path:
    """Choose a folder for the router's sockets: systems limit the length of their paths."""
    if len(os.fsencode(folder / "admin.sock")) <= _SOCKET_PATH:
        return folder
    return Path(tempfile.mkdtemp(prefix="jupyter-deploy-"))


def bound(port: int, folder: Path | None = None) -> socket.socket:
    """Reserve a port for a new router, whose sockets belong to the owner of ``folder``.

    Raises
    ------
    PortBusy
        If another program has it, or another endpoint.
    """
    try:
        if port:
            # Routers of one user could share a port, and each would get half of the other's requests.
            with socket.socket() as alone:
                alone.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                alone.bind(("127.0.0.1", port))
        return reserve(port, folder)
    except OSError as error:
        owner = owner_of_port(port) or "another program"
        raise PortBusy(
            f"Port {port} is in use by {owner}.", hint="Give another port, or none: a free one is chosen."
        ) from error
