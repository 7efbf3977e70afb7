"""Many requests, each sent once and one after the other: how long they take, and which fail."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..errors import DeployError, Hint, InvokeProblem
from ..progress import Step
from .connection import Connection, NoAnswer, TooSlow
from .invocation import ANSWER_SECONDS, Invocation

_KEPT_ERRORS = 5
_KEPT_BYTES = 4096
_TELL_SECONDS = 0.1


@dataclass(frozen=True)
class FailedRow:
    """A request that failed.

    Parameters
    ----------
    row : int
        Its number, from 1.
    message, details, hint : str
        What went wrong, the script's traceback (where an earlier row has not the same message), what to do.
    request_id : str
        Empty where nothing was sent, or no server answered.
    """

    row: int
    message: str
    details: str = ""
    hint: str = ""
    request_id: str = ""


@dataclass(frozen=True)
class Measurement:
    """What the rows of a data set took.

    Parameters
    ----------
    rows : int
        How many there are.
    seconds : float
        While a request was open.
    times : tuple of float
        Seconds of each request that went well, from its first byte to the answer's last, sorted.
    failed : int
        How many did not go well.
    errors : tuple of FailedRow
        The first few of those.
    interrupted : bool
        Whether it was ended before all were sent.
    """

    rows: int
    seconds: float = 0.0
    times: tuple[float, ...] = field(default=(), repr=False)
    failed: int = 0
    errors: tuple[FailedRow, ...] = ()
    interrupted: bool = False


class RowSender:
    """Sends rows on one connection, so that each is timed without waiting for another."""

    def __init__(self, invocation: Invocation, rows: Sequence[Any], timeout: float | None) -> None:
        self._invocation = invocation
        self._rows = rows
        self._timeout = ANSWER_SECONDS if timeout is None else timeout
        self._seconds = 0.0
        self._times: list[float] = []
        self._failed = 0
        self._errors: list[FailedRow] = []

    def run(self, progress: Callable[[str], None]) -> Measurement:
        """Send each row once; Ctrl-C ends it, and what was measured until then is returned."""
        interrupted, told = False, 0.0
        try:
            with Connection(self._invocation.url, self._timeout) as connection:
                for number, row in enumerate(self._rows, 1):
                    self._send(connection, number, row)
                    now = time.perf_counter()
                    if now - told > _TELL_SECONDS:
                        told = now
                        text = f"{number:,} of {len(self._rows):,} rows"
                        progress(Step(text, stage="measure", fraction=number / len(self._rows)))
        except KeyboardInterrupt:
            interrupted = True
        times = tuple(sorted(self._times))
        return Measurement(len(self._rows), self._seconds, times, self._failed, tuple(self._errors), interrupted)

    def _send(self, connection: Connection, number: int, row: Any) -> None:
        invocation = self._invocation
        try:
            request = invocation.prepare(row, None, connection)
        except InvokeProblem as error:
            self._note(number, error)
            return
        started = time.perf_counter()
        try:
            reply = connection.post(request.payload.body, request.headers, keep=_KEPT_BYTES)
        except (NoAnswer, TooSlow) as error:
            self._seconds += time.perf_counter() - started
            self._note(number, _late(error) if isinstance(error, TooSlow) else invocation.down)
            return
        self._seconds += reply.seconds
        if 200 <= reply.status < 300 and reply.whole:
            self._times.append(reply.seconds)
        else:
            self._note(number, partial(invocation.refused, reply, request.payload), reply.request_id)

    def _note(self, number: int, error: DeployError | Callable[[], DeployError], request_id: str = "") -> None:
        """Count a failure. Only the first few are looked up: the service is asked for each traceback."""
        self._failed += 1
        if len(self._errors) >= _KEPT_ERRORS:
            return
        found = error if isinstance(error, DeployError) else error()
        # The server, and its log, may be gone when this is read.
        hint = found.hint.without_log if isinstance(found.hint, Hint) else found.hint
        known = any(one.message == found.problem for one in self._errors)
        details = "" if known else found.details
        self._errors.append(FailedRow(number, found.problem, details, hint, request_id))


def _late(error: TooSlow) -> InvokeProblem:
    hint = "If that is as long as it takes, send it alone: jupyter model invoke NAME --timeout 3600"
    return InvokeProblem(f"did not answer within {error}.", hint=hint)
