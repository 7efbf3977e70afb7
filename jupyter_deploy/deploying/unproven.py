"""Failed deployments: a service that never served leaves its log and nothing else; another stays as it was."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import DeployError, EnvironmentProblem, StartFailed, TargetProblem
from ..services import WAITED_FOR, ServiceRecord, Services, Target, derived
from .changing import Busy, ServiceLock
from .standing import found_health

if TYPE_CHECKING:
    from ..home import Home

_PATIENCE_SECONDS = 2.0
# Other errors are about what the user typed, and are shown there.
_WORTH_A_LOG = (TargetProblem, EnvironmentProblem, StartFailed)


class Unproven:
    """Undoes what a failed deployment has written; ``locked`` holds a service's lock."""

    def __init__(
        self,
        home: Home,
        rows: Services,
        target: Callable[[str], Target],
        locked: ServiceLock,
    ) -> None:
        self._home = home
        self._lock = locked
        self._rows = rows
        self._target = target

    def take_back(self, name: str, before: ServiceRecord | None, error: BaseException) -> None:
        """Restore a service's row after a failed deployment, which holds its lock.

        ``before`` is None for a new service: only its log stays, with the error.
        """
        now = self._rows.find(name)
        if before is None:
            if now is not None or not isinstance(error, DeployError) or isinstance(error, _WORTH_A_LOG):
                self._log(name, error)
            # It was stopped meanwhile, as the user wants it; or its state says why it could not be started.
            if now is not None and not now.is_stopped and not now.rollout.unschedulable:
                self._forget(now)
        elif now is not None and before.is_stopped and not now.is_stopped:
            self._end(now)
            self._rows.put(before)
        elif now is not None and now.spec != before.spec:
            # Limits are the exception: if they were changed, the container has the new ones.
            spec = replace(before.spec, memory=now.spec.memory, cpus=now.spec.cpus)
            self._rows.put(replace(now, spec=spec if now.server == before.server else before.spec))

    def settle(self, name: str) -> None:
        """Remove a service that never served and no longer runs, so that its options do not count any more.

        ``name`` may be its script's.
        """
        record = self._rows.find(derived(name)) if isinstance(name, str) else None
        if record is not None and record.rollout.unproven:
            with self._lock(record.name):
                self._settle(record.name)

    def prove(self, name: str) -> None:
        """Note that a service was seen to serve: what fails later keeps its row, its options and its log."""
        record = self._rows.find(name)
        if record is not None and record.rollout.unproven:
            # A deployment that is under way decides by itself.
            with contextlib.suppress(Busy), self._lock(name, 0.0):
                self._settle(name)

    def collect(self, *, waited_for: bool = True) -> None:
        """Remove what first deployments left whose process died.

        With ``waited_for`` False, also services that failed while no process waited for them.
        """
        for record in self._rows.unproven():
            tried = (self._home.trials / record.name).exists()
            if tried or (waited_for and record.rollout.unproven != WAITED_FOR):
                continue
            try:
                # A deployment holds the lock until its service serves.
                with self._lock(record.name, 0.0):
                    self._settle(record.name)
            except Busy:
                continue

    def _settle(self, name: str) -> None:
        """Decide about a service that was not seen to serve: it serves by now, it still starts, or it is removed."""
        record = self._rows.find(name)
        if record is None or not record.rollout.unproven:
            return
        health = found_health(self._home, self._target, record)
        if health.state == "Healthy":
            self._rows.put(record.proven())
        elif health.state in {"Failed", "Unschedulable"}:
            self._forget(record)

    def _forget(self, record: ServiceRecord) -> None:
        self._end(record)
        self._rows.remove(record.name)
        shutil.rmtree(self._home.service(record.name), ignore_errors=True)
        for server in record.servers:
            self._target(server.target).forget(server)

    def _end(self, record: ServiceRecord) -> None:
        for server in record.servers:
            # Without an engine, its container cannot be removed: prune finds it by its labels.
            with contextlib.suppress(DeployError):
                self._target(server.target).stop(server, _PATIENCE_SECONDS)

    def _log(self, name: str, error: BaseException) -> None:
        why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        with contextlib.suppress(OSError):
            self._home.log(name).parent.mkdir(parents=True, exist_ok=True)
            with self._home.log(name).open("a", encoding="utf-8") as log:
                log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {name} was not deployed: {why}\n")
