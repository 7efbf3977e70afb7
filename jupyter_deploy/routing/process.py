"""Envoy as a process of this machine, configured by files that it watches."""

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
import time
from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

import psutil

from ..endpoints import RunningRouter
from ..errors import PortBusy, ServiceDown, StartFailed
from ..files import write_atomic
from ..home import Home
from ..store import refuse_secrets
from ..targets import owner_of_port
from .admin import EnvoyAdmin
from .beside import SUPERVISE
from .binary import envoy
from .configuration import PREFIX, ROUTES, bootstrap, clusters, document, listeners, routes
from .numbers import numbers_of
from .router import PoolNumbers, RouterHealth
from .rules import Rules
from .standby import reserve
from .watcher import PIDS, PLAN

_START_SECONDS = 20.0
_PUSH_SECONDS = 10.0
_DRAIN_SECONDS = 10.0
_POLL_SECONDS = 0.005
# The longest path of a Unix socket that every system takes.
_SOCKET_PATH = 100


class EnvoyRouter:
    """An Envoy of its own for each endpoint, and a watcher that starts it again."""

    kind = "envoy"

    def start(self, home: Home, rules: Rules, port: int, commit: Callable[[RunningRouter], None]) -> None:
        """Choose the port, write the files, and start the watcher, which starts Envoy."""
        refuse_secrets(home.root, f"The keys of endpoint {rules.endpoint}")
        executable = envoy()
        folder = home.endpoint(rules.endpoint) / "router"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        sockets = _sockets(folder)
        admin = sockets / "admin.sock"
        with _bound(port) as held:
            number = held.getsockname()[1]
            command = [str(executable), "-c", str(folder / "bootstrap.json"), "--concurrency", "1"]
            command += ["--disable-hot-restart", "--log-level", "warning", "--drain-time-s", "5"]
            command += ["--file-flush-interval-msec", "500"]
            access_log = home.logs / f"{rules.endpoint}.access.log"
            facts = {"folder": str(folder), "admin": str(admin), "access_log": str(access_log)}
            facts["inner"] = str(sockets / "inner.sock")
            running = RunningRouter(self.kind, number, facts)
            write_atomic(folder / "bootstrap.json", json.dumps(bootstrap(folder, admin)), mode=0o600)
            plan = {**facts, "command": command, "port": number}
            write_atomic(folder / PLAN, json.dumps(plan), mode=0o600)
            versions = self._write_routes(running, rules)
            versions["clusters"] = _put(folder, "clusters", clusters(rules))
            commit(running)
            try:
                _spawn(folder)
                self._await(running, versions, _START_SECONDS)
            except BaseException:
                self.stop(running)
                raise

    def push(self, home: Home, running: RunningRouter, rules: Rules) -> None:
        """Write what differs, clusters before the routes that name them, and the routes before what they leave."""
        self.ensure(home, running)
        folder = Path(running.facts["folder"])
        wanted = clusters(rules)
        named = {one["name"] for one in wanted}
        gone = [one for one in _written(folder / "clusters.json") if one["name"] not in named]
        # A route to a cluster that is not warm, or not there any more, would answer 503.
        self._await(running, {"clusters": _put(folder, "clusters", [*wanted, *gone])}, _PUSH_SECONDS)
        self._await(running, self._write_routes(running, rules), _PUSH_SECONDS)
        if gone:
            self._await(running, {"clusters": _put(folder, "clusters", wanted)}, _PUSH_SECONDS)

    @staticmethod
    def _write_routes(running: RunningRouter, rules: Rules) -> dict[str, str]:
        folder, access_log = Path(running.facts["folder"]), Path(running.facts["access_log"])
        return {
            "routes": _put(folder, "routes", routes(rules)),
            "listeners": _put(folder, "listeners", listeners(rules, running, folder, access_log)),
        }

    def _await(self, running: RunningRouter, versions: dict[str, str], seconds: float) -> None:
        """Wait until Envoy uses these versions of its files; its start may take a moment, also a second start."""
        admin, until, problem = EnvoyAdmin(Path(running.facts["admin"])), time.monotonic() + seconds, ""
        while time.monotonic() < until:
            try:
                found = admin.stats(_STATES)
            except ServiceDown as error:
                problem = error.message
            else:
                taken = all(found.get(_VERSIONS[name]) == version for name, version in versions.items())
                if taken and ("clusters" not in versions or found.get(_WARMING) == "0"):
                    return
                problem = "it has not taken the new rules"
            time.sleep(_POLL_SECONDS)
        log = Path(running.facts["folder"]) / "router.log"
        words = log.read_text(errors="replace")[-2000:] if log.exists() else ""
        raise StartFailed(f"The router does not answer: {problem}.", details=words, hint=f"Look at {log}.")

    def ensure(self, home: Home, running: RunningRouter) -> None:
        """Start the watcher where it has died: it takes a living Envoy over, or starts another."""
        folder = Path(running.facts["folder"])
        if not _watcher(folder):
            _spawn(folder)

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

    def probe(self, running: RunningRouter) -> RouterHealth:
        """Ask Envoy itself."""
        try:
            ready = EnvoyAdmin(Path(running.facts["admin"])).ready()
        except ServiceDown as error:
            if _watcher(Path(running.facts["folder"])):
                return RouterHealth("Unhealthy", "the router is being started again")
            return RouterHealth("Failed", error.message.rstrip("."))
        return RouterHealth("Healthy") if ready else RouterHealth("Unhealthy", "the router is starting")

    def numbers(self, running: RunningRouter) -> dict[str, PoolNumbers]:
        """Read Envoy's counters."""
        try:
            return numbers_of(EnvoyAdmin(Path(running.facts["admin"])))
        except ServiceDown:
            return {}

    def stop(self, running: RunningRouter) -> None:
        """Drain, then end the watcher, which ends Envoy; then remove the admin socket's own folder."""
        folder, admin = Path(running.facts["folder"]), Path(running.facts["admin"])
        with contextlib.suppress(ServiceDown):
            asked = EnvoyAdmin(admin)
            asked.drain()
            until = time.monotonic() + _DRAIN_SECONDS
            while time.monotonic() < until and int(asked.stats(_ACTIVE).get(f"http.{PREFIX}.{_ACTIVE}", 0)):
                time.sleep(_POLL_SECONDS)
        processes = [one for one in (_watcher(folder), _process(folder, "router")) if one]
        for process in processes[:1]:
            process.send_signal(signal.SIGTERM)
        _, alive = psutil.wait_procs(processes, timeout=8)
        for process in alive:
            with contextlib.suppress(psutil.Error):
                process.kill()
        if admin.parent != folder:
            shutil.rmtree(admin.parent, ignore_errors=True)


_ACTIVE = "downstream_rq_active"
_WARMING = "cluster_manager.warming_clusters"
_VERSIONS = {
    "clusters": "cluster_manager.cds.version_text",
    "listeners": "listener_manager.lds.version_text",
    "routes": f"http.{PREFIX}.rds.{ROUTES}.version_text",
}
_STATES = "version_text|warming_clusters"


def _put(folder: Path, name: str, resources: list[dict[str, object]]) -> str:
    """Write a file of resources, unless it says the same already; returns its version."""
    text, version = document(resources)
    path = folder / f"{name}.json"
    with contextlib.suppress(FileNotFoundError):
        if path.read_text() == text:
            return version
    # Keys are in it.
    write_atomic(path, text, mode=0o600)
    return version


def _written(path: Path) -> list[dict[str, object]]:
    try:
        return list(json.loads(path.read_text())["resources"])
    except FileNotFoundError:
        return []


def _spawn(folder: Path) -> None:
    """Start a watcher; the started process forks and ends at once, so this one has no child left to reap."""
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("JPY_", "IPYTHON", "PYDEVD_"))}
    command = [sys.executable, "-m", "jupyter_deploy.routing.watcher", str(folder)]
    with (folder / "router.log").open("ab") as log:
        subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=folder, env=environ, check=False, timeout=30
        )


def _watcher(folder: Path) -> psutil.Process | None:
    return _process(folder, "watcher")


def _process(folder: Path, which: str) -> psutil.Process | None:
    """Find a process that the watcher has noted; it counts only if its command line names this folder."""
    with contextlib.suppress(OSError, ValueError, KeyError, psutil.Error):
        process = psutil.Process(int(json.loads((folder / PIDS).read_text())[which]))
        here = any(str(folder) in word for word in process.cmdline())
        if here and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def _sockets(folder: Path) -> Path:
    """Choose a folder for the router's sockets: systems limit the length of their paths."""
    if len(os.fsencode(folder / "admin.sock")) <= _SOCKET_PATH:
        return folder
    return Path(tempfile.mkdtemp(prefix="jupyter-deploy-"))


def _bound(port: int) -> socket.socket:
    """Reserve a port for a new router.

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
        return reserve(port)
    except OSError as error:
        owner = owner_of_port(port) or "another program"
        raise PortBusy(
            f"Port {port} is in use by {owner}.", hint="Give another port, or none: a free one is chosen."
        ) from error
