"""How a service is: asked from its target, each time. One whose server ended unasked is started again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import DeployError
from ..services import Health, LocalFolders

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..home import Home
    from ..services import ServiceRecord, Services, Target
    from .changing import ServiceLock


def found_health(home: Home, target: Callable[[str], Target], record: ServiceRecord) -> Health:
    """Find out how a service is: Stopped if it should not run, otherwise what its target finds."""
    server = record.server
    if record.active:
        return target(record.target).probe(LocalFolders(home, record.name), record.active)
    if record.is_stopped:
        if record.rollout.ending and server and target(server.target).runs(server):
            return Health("Unhealthy", f"it is being stopped; if that was cut off, stop {record.name} ends it")
        return Health("Stopped", "stopped by request")
    if record.rollout.unschedulable:
        return Health("Unschedulable", record.rollout.unschedulable)
    return Health("Failed", "it has no server")


class Standing:
    """Asks how services are; ``again`` restarts a server as it was, and gets the reason."""

    def __init__(
        self,
        home: Home,
        rows: Services,
        target: Callable[[str], Target],
        lock: ServiceLock,
        again: Callable[[ServiceRecord, str], None],
    ) -> None:
        self._home = home
        self._rows = rows
        self._target = target
        self._lock = lock
        self._again = again

    def health(self, record: ServiceRecord) -> Health:
        """Find out how a service is; one that has ended by itself is started again."""
        found = self._found(record)
        return self._back(record.name, found) if found.gone else found

    def trace(self, record: ServiceRecord) -> object:
        """Return what is seen of a service without asking it; as long as it is the same, its health is, too."""
        if not record.active:
            return None
        return self._target(record.target).trace(LocalFolders(self._home, record.name), record.active)

    def _found(self, record: ServiceRecord) -> Health:
        return found_health(self._home, self._target, record)

    def _back(self, name: str, found: Health) -> Health:
        """Restart a server that ended unasked, unless another process is changing the service."""
        try:
            with self._lock(name, 0.0):
                record = self._rows.get(name)
                now = self._found(record)
                if not now.gone:
                    return now
                self._again(record, now.reason)
                return self._found(record)
        except DeployError as error:
            return replace(found, reason=f"{found.reason}, and could not be started again: {error.message}")
