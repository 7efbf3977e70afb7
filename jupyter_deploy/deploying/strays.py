"""Servers beside the one that is the service's: what a change leaves that ``kill -9`` cut off. Its row names them.

``next`` is about to take over, ``previous`` is about to be ended, ``ending`` says that the service's own is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import filelock

from ..home import Home
from ..services import ServiceRecord, Services, Target
from ..store import lock
from .rollout import Rollout

BESIDE = ("next", "previous")
ENDING = "ending"


def handles_beside(record: ServiceRecord) -> list[dict[str, Any]]:
    """Find the servers that should not be there any more when nobody changes the service.

    Parameters
    ----------
    record : ServiceRecord
        Its row.

    Returns
    -------
    list of dict
        Their handles.
    """
    found = [record.handle[key] for key in BESIDE if key in record.handle]
    return found + ([record.handle] if record.desired == "stopped" and record.handle.get(ENDING) else [])


class Strays:
    """Finds and ends such servers.

    Parameters
    ----------
    home : Home
        The workspace's folders.
    rows : Services
        The services' rows.
    target : callable
        Given a target's name, returns it.
    """

    def __init__(self, home: Home, rows: Services, target: Callable[[str], Target]) -> None:
        self._home = home
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
            if handles_beside(record) and not self._is_changing(record.name):
                for handle in handles_beside(record):
                    if self._target(Rollout.target_of(handle)).runs(handle):
                        yield record.name, str(handle.get("name") or f"pid {handle.get('pid')}")

    def _is_changing(self, name: str) -> bool:
        try:
            with lock(self._home.root / "services" / f"{name}.lock", 0.0):
                return False
        except filelock.Timeout:
            return True

    def end(self, record: ServiceRecord) -> ServiceRecord:
        """End them; whoever calls it holds the service's lock.

        Parameters
        ----------
        record : ServiceRecord
            The service's row.

        Returns
        -------
        ServiceRecord
            Its row without them.
        """
        handles = handles_beside(record)
        if not handles:
            return record
        for handle in handles:
            self._target(Rollout.target_of(handle)).stop(handle)
        left = {key: value for key, value in record.handle.items() if key not in {*BESIDE, ENDING}}
        settled = replace(record, handle=left)
        self._rows.put(settled, frees=True)
        return settled
