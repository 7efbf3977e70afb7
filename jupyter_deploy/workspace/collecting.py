"""The calls of a service that concern its collected data: read it, and run a request of it again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageProblem
from ..serving.collection import REQUESTS

if TYPE_CHECKING:
    from .collected import CollectedData
    from .replayed import Replayed


class Collecting:
    """What collects; where its data is, its class says."""

    name: str
    _replay: Callable[..., Replayed] | None

    @property
    def collections(self) -> CollectedData:
        """What has been collected, by collection."""
        raise NotImplementedError

    def collected(
        self,
        *collections: str,
        since: datetime | timedelta | str | None = None,
        failed: bool = False,
        limit: int | None = None,
    ) -> Any:
        """Return what the service has collected as a DataFrame, oldest first; without pandas, as a list.

        Parameters
        ----------
        *collections : str
            Names that the script gave to its collectors, one row a row of theirs; several are joined by request. By
            default ``requests``: one row a request with its decoded input and output.
        since : datetime, timedelta or str, optional
            Only what is newer: ``"15m"``, ``"2h"``, or a time.
        failed : bool, optional
            Only requests that failed.
        limit : int, optional
            The newest so many; all by default.

        Raises
        ------
        NotFound
            For a collection that there is nothing of.
        """
        if collections in {(), (REQUESTS,)}:
            return self.collections.requests(since, failed=failed, limit=limit).table()
        if failed:
            raise UsageProblem("failed belongs to requests.", hint="service.collected(failed=True)")
        return self.collections.rows(*collections, since=since, limit=limit).table()

    def replay(
        self,
        request_id: str,
        *,
        script: str | Path | None = None,
        version: str | int | None = None,
        against: str | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Replayed:
        """Run a collected request again, against the service as it is now, and compare the answers.

        Parameters
        ----------
        request_id : str
            The request's, or the beginning of it.
        script, version : str or pathlib.Path, str or int, optional
            Another script (a stored one or a file) or version of its model, tried in a fresh process instead.
        against : str, optional
            Another service, which answers instead.
        progress : callable, optional
            Told what is being done.
        """
        if self._replay is None:
            raise UsageProblem(f"{self.name} is tried only.", hint="Replay the requests of a service.")
        counterpart = {"script": script, "version": version, "against": against}
        return self._replay(self.name, request_id, **counterpart, progress=progress)
