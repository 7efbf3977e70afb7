"""Servers that a change left running which ``kill -9`` cut off. The service's row names them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ..services import ServiceRecord, Services, Target
from .changing import Busy, ServiceLock


class Strays:
    """Finds and ends such servers.

    Parameters
    ----------
    rows : Services
        The services' rows.
    target : callable
        Given a target's name, returns it.
    locked : callable
        Holds a service's lock.
    """

    def __init__(self, rows: Services, target: Callable[[str], Target], locked: ServiceLock) -> None:
        self._lock = locked
        self._rows = rows
        self._target = target

    def list(self) -> Iterator[tuple[str, str]]:
        """List the servers that a cut-off change left running.

        Yields
        ------
        tuple of (str, str)
            The service's name, and what the server is called.
        """
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
        """End them; the caller holds the service's lock.

        Parameters
        ----------
        record : ServiceRecord
            The service's row.

        Returns
        -------
        ServiceRecord
            Its row without them.
        """
        if not record.strays:
            return record
        for server in record.strays:
            self._target(server.target).stop(server)
        settled = record.settled()
        self._rows.put(settled, frees=True)
        return settled
