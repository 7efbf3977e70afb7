"""Servers that a change left running when it was killed. The service's row names them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..services import ServiceRecord, Services, Target
from .changing import Busy, ServiceLock


class Strays:
    """Finds and ends such servers; ``locked`` holds a service's lock."""

    def __init__(self, rows: Services, target: Callable[[str], Target], locked: ServiceLock) -> None:
        self._lock = locked
        self._rows = rows
        self._target = target

    def list(self) -> Iterator[tuple[str, str]]:
        """List the servers that an interrupted change left running: the service's name, and the server's."""
        for record in self._rows.all():
            if record.strays and not self._is_changing(record.name):
                for server in record.strays:
                    target = self._target(server.target)
                    if target.runs(server):
                        yield record.name, str(target.identity(server))

    def _is_changing(self, name: str) -> bool:
        try:
            with self._lock(name, 0.0):
                return False
        except Busy:
            return True

    def end(self, record: ServiceRecord) -> ServiceRecord:
        """End them, and return the service's row without them; the caller holds the service's lock."""
        if not record.strays:
            return record
        for server in record.strays:
            self._target(server.target).stop(server)
        settled = record.settled()
        self._rows.put(settled, frees=True)
        return settled
