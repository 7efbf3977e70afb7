"""Envoy as a process of this machine, configured by files that it watches."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from pathlib import Path

from ..endpoints import RunningRouter
from ..errors import ServiceDown, StartFailed
from ..files import owner_of, write_atomic
from ..home import Home
from ..store import refuse_secrets
from .admin import EnvoyAdmin
from .binary import envoy
from .configuration import PREFIX, ROUTES, bootstrap, clusters, document, listeners, routes
from .numbers import numbers_of
from .router import PoolNumbers, RouterHealth
from .rules import Rules
from .watched import WatchedRouter, bound, end, facts_of, last_words, spawn, watcher_of, write_plan

_START_SECONDS = 20.0
_PUSH_SECONDS = 10.0
_DRAIN_SECONDS = 10.0
_POLL_SECONDS = 0.005


class EnvoyRouter(WatchedRouter):
    """An Envoy of its own for each endpoint, and a watcher that starts it again."""

    kind = "envoy"

    def start(self, home: Home, rules: Rules, port: int, commit: Callable[[RunningRouter], None]) -> None:
        """Choose the port, write the files, and start the watcher, which starts Envoy."""
        refuse_secrets(home.root, f"The keys of endpoint {rules.endpoint}")
        facts, more = self._facts(home, rules)
        with bound(port, Path(facts["inner"]).parent) as held:
            running = RunningRouter(self.kind, held.getsockname()[1], facts)
            versions = self._write(home, running, rules)
            write_plan(running, command_of(envoy(home), running), **more)
            commit(running)
            try:
                spawn(Path(facts["folder"]))
                self._await(running, versions, _START_SECONDS)
            except BaseException:
                self.stop(running)
                raise

    def _facts(self, home: Home, rules: Rules) -> tuple[dict[str, str], dict[str, object]]:
        """Make a new router's folders; returns its facts, and what else its watcher must know."""
        envoy(home)
        return facts_of(home, rules.endpoint), {}

    def _seen(self, running: RunningRouter, rules: Rules) -> Rules:
        """Return the rules with the paths that Envoy sees."""
        return rules

    def _write(self, home: Home, running: RunningRouter, rules: Rules) -> dict[str, str]:
        """Write all that Envoy reads; returns the versions that it states once it has read them."""
        folder, rules = config_of(running), self._seen(running, rules)
        start = json.dumps(bootstrap(folder, Path(running.facts["admin"])))
        write_atomic(folder / "bootstrap.json", start, mode=0o600, owner=owner_of(folder))
        return {"clusters": _put(folder, "clusters", clusters(rules)), **self._write_routes(running, rules)}

    def push(self, home: Home, running: RunningRouter, rules: Rules) -> None:
        """Write what differs, clusters before the routes that name them, and the routes before what they leave."""
        self.ensure(home, running)
        folder, rules = config_of(running), self._seen(running, rules)
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
        folder = config_of(running)
        access_log = Path(running.facts.get("inside_log") or running.facts["access_log"])
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
        words, log = last_words(running)
        raise StartFailed(f"The router does not answer: {problem}.", details=words, hint=f"Look at {log}.")

    def probe(self, running: RunningRouter) -> RouterHealth:
        """Ask Envoy itself."""
        try:
            ready = EnvoyAdmin(Path(running.facts["admin"])).ready()
        except ServiceDown as error:
            if watcher_of(Path(running.facts["folder"])):
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
        admin = Path(running.facts["admin"])
        with contextlib.suppress(ServiceDown):
            EnvoyAdmin(admin).drain()
            EnvoyAdmin(admin).wait_for_none("downstream_rq_active", _DRAIN_SECONDS)
        end(running)


def config_of(running: RunningRouter) -> Path:
    """Return the folder that Envoy reads."""
    return Path(running.facts.get("config") or running.facts["folder"])


def command_of(executable: Path, running: RunningRouter) -> list[str]:
    """Return what starts Envoy."""
    command = [str(executable), "-c", str(config_of(running) / "bootstrap.json"), "--concurrency", "1"]
    command += ["--disable-hot-restart", "--log-level", "warning", "--drain-time-s", "5"]
    command += ["--file-flush-interval-msec", "500"]
    output = running.facts.get("output")
    return command + (["--log-path", output] if output else [])


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
    write_atomic(path, text, mode=0o600, owner=owner_of(folder))
    return version


def _written(path: Path) -> list[dict[str, object]]:
    try:
        return list(json.loads(path.read_text())["resources"])
    except FileNotFoundError:
        return []
