"""The router without Envoy: the same rules, carried out by a process on aiohttp."""

from __future__ import annotations

import http.client
import json
import sys
import time
from collections.abc import Callable
from importlib import util
from pathlib import Path
from typing import Any

from ..endpoints import RunningRouter
from ..errors import ServiceDown, StartFailed, TargetProblem
from ..files import write_atomic
from ..home import Home
from ..store import refuse_secrets
from .admin import asked_over
from .router import PoolNumbers, RouterHealth
from .rulefile import RULES, rules_text
from .rules import Rules
from .watched import WatchedRouter, bound, end, facts_of, last_words, spawn, watcher_of, write_plan

_START_SECONDS = 20.0
_POLL_SECONDS = 0.01
_DRAIN_SECONDS = 10.0


def is_installed() -> bool:
    """Whether aiohttp is there."""
    return util.find_spec("aiohttp") is not None


class AiohttpRouter(WatchedRouter):
    """A process on aiohttp for each endpoint, and a watcher that starts it again."""

    kind = "aiohttp"

    def start(self, home: Home, rules: Rules, port: int, commit: Callable[[RunningRouter], None]) -> None:
        """Choose the port, write the rules, and start the watcher, which starts the router."""
        refuse_secrets(home.root, f"The keys of endpoint {rules.endpoint}")
        if not is_installed():
            raise TargetProblem("A router without Envoy needs aiohttp.", hint="pip install aiohttp")
        facts = facts_of(home, rules.endpoint)
        folder = Path(facts["folder"])
        with bound(port) as held:
            running = RunningRouter(self.kind, held.getsockname()[1], facts)
            write_atomic(folder / RULES, rules_text(rules), mode=0o600)
            write_plan(running, [sys.executable, "-m", "jupyter_deploy.routing.proxy", str(folder)])
            commit(running)
            try:
                spawn(folder)
                self._told(running, _START_SECONDS)
            except BaseException:
                self.stop(running)
                raise

    def push(self, home: Home, running: RunningRouter, rules: Rules) -> None:
        """Write the rules, and have them read."""
        self.ensure(home, running)
        write_atomic(Path(running.facts["folder"]) / RULES, rules_text(rules), mode=0o600)
        self._told(running, _START_SECONDS)

    def _told(self, running: RunningRouter, seconds: float) -> None:
        until = time.monotonic() + seconds
        while True:
            try:
                self._ask(running, "POST", "/rules")
            except ServiceDown as error:
                if time.monotonic() > until:
                    words, log = last_words(running)
                    raise StartFailed(
                        f"The router does not answer: {error.message}", details=words, hint=f"Look at {log}."
                    ) from error
                time.sleep(_POLL_SECONDS)
            else:
                return

    @staticmethod
    def _ask(running: RunningRouter, method: str, target: str) -> bytes:
        return asked_over(Path(running.facts["admin"]), method, target)

    def probe(self, running: RunningRouter) -> RouterHealth:
        """Ask the router itself."""
        try:
            self._ask(running, "GET", "/ready")
        except ServiceDown as error:
            if watcher_of(Path(running.facts["folder"])):
                return RouterHealth("Unhealthy", "the router is being started again")
            return RouterHealth("Failed", error.message.rstrip("."))
        return RouterHealth("Healthy")

    def numbers(self, running: RunningRouter) -> dict[str, PoolNumbers]:
        """Read its counters."""
        try:
            found: dict[str, dict[str, Any]] = json.loads(self._ask(running, "GET", "/numbers"))
        except (ServiceDown, http.client.HTTPException):
            return {}
        return {name: PoolNumbers(**_known(counts)) for name, counts in found.items()}

    def stop(self, running: RunningRouter) -> None:
        """Let requests finish, then end the watcher, which ends the router."""
        until = time.monotonic() + _DRAIN_SECONDS
        while time.monotonic() < until and any(one.active for one in self.numbers(running).values()):
            time.sleep(_POLL_SECONDS)
        end(running)


def _known(counts: dict[str, Any]) -> dict[str, Any]:
    return {name: float("nan") if value is None else value for name, value in counts.items()}
