"""One request and what came of it, whatever answered; and rows that are split until each has an answer or a reason."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from ..errors import InvokeProblem
from ..invoking import Payload
from .plan import NotPerRow, Plan
from .sources import Row

# One that was killed may have been innocent: it is asked again, but not so often that the service gives up.
_TRIES = 3
_PAUSE_SECONDS = 0.2
_TICK_SECONDS = 0.1
# A request that kills its worker is cut into more parts, because a service gives up after seven quick deaths.
_PARTS_OF_DEADLY = 16
NO_ANSWER = 0


@dataclass(frozen=True)
class Said:
    """What came back for a request."""

    status: int  # HTTP's; 0 where none came in time
    value: Any = None  # the decoded answer of a status from 200 to 299
    request_id: str = ""
    explain: Callable[[], str] = field(default=lambda: "", repr=False)  # says why it is no answer

    @property
    def good(self) -> bool:
        """Whether it is an answer."""
        return 200 <= self.status < 300

    @property
    def passes(self) -> bool:
        """Whether the same request may go well at another time."""
        return self.status in {NO_ANSWER, 408, 502, 504}


class Asker(Protocol):
    """Sends requests, one at a time."""

    @property
    def settles(self) -> float:
        """Seconds after which a worker that was too slow may be free again."""

    def ask(self, payload: Payload) -> Said:
        """Send a request; trouble that is not the request's is waited out, or raised."""


@dataclass(frozen=True)
class Failed:
    """Why a row has no prediction."""

    message: str
    status: int = 0  # of the answer; 0 where nothing was sent, or no answer came
    request_id: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return {"status": self.status, "message": self.message, "request_id": self.request_id}


@dataclass(frozen=True)
class Predicted:
    """A row's prediction."""

    value: Any


Outcome = Predicted | Failed


class Stopped(Exception):
    """The scoring was ended meanwhile."""


class Care:
    """One doubtful request at a time: another one may only wait for the one that hangs its worker."""

    def __init__(self) -> None:
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def taken(self, stopped: Callable[[], bool]) -> Iterator[None]:
        """Wait for the others, and hold them off."""
        while not self._lock.acquire(timeout=_TICK_SECONDS):
            if stopped():
                raise Stopped
        try:
            yield
        finally:
            self._lock.release()


class RowScorer:
    """Scores rows with an asker; a request that fails is split to find the row.

    Parameters
    ----------
    plan : Plan
        How rows become requests.
    asker : Asker
        What sends them.
    stopped : callable, optional
        Says whether to give up.
    care : Care, optional
        Shared by all that ask the same workers.
    """

    def __init__(
        self, plan: Plan, asker: Asker, stopped: Callable[[], bool] = lambda: False, care: Care | None = None
    ) -> None:
        self._plan, self._asker, self._stopped = plan, asker, stopped
        self._care = care or Care()

    def score(self, rows: Sequence[Row]) -> list[Outcome]:
        """Return an outcome for each row, in their order."""
        found: dict[int, Outcome] = {row.number: Failed(row.problem) for row in rows if row.problem}
        for part in self._plan.requests([row for row in rows if not row.problem]):
            try:
                self._part(part, found)
            except _Late:
                # Its worker may still be busy with it, and the next request would wait behind it.
                with self._care.taken(self._stopped):
                    self._pause(self._asker.settles)
                    self._part(part, found, careful=True)
        return [found[row.number] for row in rows]

    def _part(self, rows: list[Row], found: dict[int, Outcome], *, careful: bool = False) -> None:
        failed, parts = Failed(""), 2
        for attempt in range(_TRIES):
            if attempt:
                self._pause(max(_PAUSE_SECONDS * 2**attempt, self._asker.settles * attempt if careful else 0))
            said = self._said(rows, found)
            if said is None:
                return
            if isinstance(said, Failed):
                failed = said
                break
            if said.status == NO_ANSWER and not careful:
                raise _Late
            if len(rows) > 1:
                # Each part that hangs or kills takes a worker away for a while.
                parts = _PARTS_OF_DEADLY if said.passes else 2
                break
            if not said.passes or attempt == _TRIES - 1:
                failed = Failed(said.explain(), said.status, said.request_id)
                break
        if len(rows) == 1:
            found[rows[0].number] = failed
            return
        size = -(-len(rows) // parts)
        for start in range(0, len(rows), size):
            self._part(rows[start : start + size], found, careful=careful)

    def _said(self, rows: list[Row], found: dict[int, Outcome]) -> Said | Failed | None:
        """Ask once; returns None where all rows have their predictions now."""
        if self._stopped():
            raise Stopped
        try:
            payload = self._plan.payload(rows)
        except InvokeProblem as problem:
            return Failed(problem.message)
        said = self._asker.ask(payload)
        if not said.good:
            return said
        try:
            values = self._plan.predictions(said.value, len(rows))
        except NotPerRow as reason:
            return Failed(str(reason), said.status, said.request_id)
        found.update({row.number: Predicted(value) for row, value in zip(rows, values, strict=True)})
        return None

    def _pause(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if self._stopped():
                raise Stopped
            time.sleep(min(left, _TICK_SECONDS))


class _Late(Exception):
    """No answer came in time."""
