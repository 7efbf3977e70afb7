"""Deployments that fail: a service that never served leaves its log and nothing else; another stays what it was."""

from __future__ import annotations

import contextlib
import shutil
import time
from collections.abc import Callable
from dataclasses import replace

from ..errors import DeployError, EnvironmentProblem, StartFailed, TargetProblem
from ..home import Home
from ..services import WAITED_FOR, ServiceRecord, Services, Target, derived
from .changing import Busy, ServiceLock
from .rollout import Rollout

_PATIENCE_SECONDS = 2.0
# Other errors are about what was typed: the user reads them where it was typed.
_WORTH_A_LOG = (TargetProblem, EnvironmentProblem, StartFailed)


class Unproven:
    """Takes back what a failed deployment has written.

    Parameters
    ----------
    home : Home
        The workspace's folders.
    rows : Services
        The services' rows.
    target : callable
        Given a target's name, returns it.
    rollout : Rollout
        Tells how services are.
    locked : callable
        Holds a service's lock.
    """

    def __init__(
        self,
        home: Home,
        rows: Services,
        target: Callable[[str], Target],
        rollout: Rollout,
        locked: ServiceLock,
    ) -> None:
        self._home = home
        self._lock = locked
        self._rows = rows
        self._target = target
        self._rollout = rollout

    def take_back(self, name: str, before: ServiceRecord | None, error: BaseException) -> None:
        """Bring a service's row back to what it was before a deployment that failed, and that holds its lock.

        Parameters
        ----------
        name : str
            The service's name.
        before : ServiceRecord or None
            Its row then; None of a new service, of which only the log stays.
        error : BaseException
            Why it failed; written into the log of a new service.
        """
        now = self._rows.find(name)
        if before is None:
            if now is not None or not isinstance(error, DeployError) or isinstance(error, _WORTH_A_LOG):
                self._log(name, error)
            # Stopped meanwhile: that is what the user wants it to be.
            if now is not None and not now.is_stopped:
                self._forget(now)
        elif now is not None and before.is_stopped and not now.is_stopped:
            self._end(now)
            self._rows.put(before)
        elif now is not None and now.spec != before.spec:
            # Limits are the exception: where they were changed, the container has them.
            spec = replace(before.spec, memory=now.spec.memory, cpus=now.spec.cpus)
            self._rows.put(replace(now, spec=spec if now.server == before.server else before.spec))

    def settle(self, name: str) -> None:
        """Forget a service that never served and does not run any more, so that its options count no more.

        Parameters
        ----------
        name : str
            Its name, or its script's; nothing happens where there is no such service.
        """
        record = self._rows.find(derived(name)) if isinstance(name, str) else None
        if record is not None and record.rollout.unproven:
            with self._lock(record.name):
                self._settle(record.name)

    def collect(self, *, waited_for: bool = True) -> None:
        """Forget what first deployments left whose process died.

        Parameters
        ----------
        waited_for : bool, optional
            False for services, too, that failed while no process waited for them.
        """
        for record in self._rows.unproven():
            tried = (self._home.trials / record.name).exists()
            if tried or (waited_for and record.rollout.unproven != WAITED_FOR):
                continue
            try:
                # Who deploys it holds the lock until it serves.
                with self._lock(record.name, 0.0):
                    self._settle(record.name)
            except Busy:
                continue

    def _settle(self, name: str) -> None:
        """Decide about a service that was not seen to serve: it does by now, it still starts, or it is forgotten."""
        record = self._rows.find(name)
        if record is None or not record.rollout.unproven:
            return
        health = self._rollout.health(record)
        if health.state == "Healthy":
            self._rows.put(record.proven())
        elif health.state in {"Failed", "Unschedulable"}:
            self._forget(record)

    def _forget(self, record: ServiceRecord) -> None:
        self._end(record)
        self._rows.remove(record.name)
        shutil.rmtree(self._home.service(record.name), ignore_errors=True)

    def _end(self, record: ServiceRecord) -> None:
        for server in record.servers:
            # An engine that is gone cannot remove its container: prune finds it by its labels.
            with contextlib.suppress(DeployError):
                self._target(server.target).stop(server, _PATIENCE_SECONDS)

    def _log(self, name: str, error: BaseException) -> None:
        why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        with contextlib.suppress(OSError):
            self._home.log(name).parent.mkdir(parents=True, exist_ok=True)
            with self._home.log(name).open("a", encoding="utf-8") as log:
                log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {name} was not deployed: {why}\n")
