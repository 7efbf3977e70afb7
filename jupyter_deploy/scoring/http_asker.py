"""Requests to a service, which may be busy, restarted or moved meanwhile."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from functools import partial

from ..errors import DeployError, Hint, InvokeProblem
from ..invoking import (
    Binary,
    Connection,
    Invocation,
    NoAnswer,
    Payload,
    Reply,
    TooSlow,
    decoded,
    explained,
    message_of,
)
from ..serving import decode
from .asking import NO_ANSWER, Said, Stopped

_ANSWER_SECONDS = 300.0
_MODEL_FAILED, _OF_MODEL = 424, "ms-azureml-model-error-statuscode"
_FIRST_PAUSE = 0.1
_MOST_REFUSALS = 3
_LONGEST_PAUSE = 5.0
_LONGEST_REST = 30.0
_TICK = 0.1
# The service has no room now, or is only coming up.
_BUSY = frozenset({429, 503})
# The worker ended in the middle of an answer.
_BROKEN_OFF = 502
# The address is not the service's, or the key is not: no row is to blame.
_NOT_THE_ROWS = frozenset({401, 403, 404, 405})


class HttpAsker:
    """Asks one service on a connection of its own.

    ``look_up`` finds the service as it is now. Where it does not answer, or has no room, it is asked again for
    ``patience`` seconds; then the error is raised.
    """

    def __init__(
        self,
        look_up: Callable[[], Invocation],
        timeout: float | None,
        patience: float,
        stopped: Callable[[], bool],
    ) -> None:
        self._look_up, self._patience, self._stopped = look_up, patience, stopped
        self._timeout = _ANSWER_SECONDS if timeout is None else timeout
        self._invocation: Invocation | None = None
        self._connection: Connection | None = None

    @property
    def settles(self) -> float:
        """As long as was waited for the answer, but not minutes."""
        return min(self._timeout, _LONGEST_REST)

    def ask(self, payload: Payload) -> Said:
        """Send a request until it is answered by something other than a lack of room."""
        began, pause, refusals = time.monotonic(), _FIRST_PAUSE, 0
        while True:
            trouble: Callable[[], DeployError]
            try:
                reply = self._post(payload)
            except NoAnswer:
                if self._stopped():
                    raise Stopped from None
                trouble = self._down
            except TooSlow as error:
                return Said(NO_ANSWER, explain=partial(_late, str(error)))
            except DeployError as error:
                # The service is stopped, or being replaced.
                trouble = partial(_same, error)
            else:
                if not self._is_trouble(reply):
                    return self._said(reply)
                trouble = partial(self._refused, reply, payload)
                refusals += reply.status in _NOT_THE_ROWS
            self._forget()
            # A key may just have been replaced; it is not replaced again at once.
            if refusals >= _MOST_REFUSALS or time.monotonic() - began > self._patience:
                raise trouble()
            self._wait(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    def abort(self) -> None:
        """Cut the connection, from any thread."""
        if self._connection is not None:
            self._connection.abort()

    def close(self) -> None:
        """Close the connection, once no request is open."""
        self._forget()

    def _post(self, payload: Payload) -> Reply:
        if self._invocation is None or self._connection is None:
            invocation = self._look_up()
            invocation.must_run()
            self._invocation = invocation
            self._connection = Connection(invocation.url, self._timeout, invocation.certificate)
        return self._connection.post(payload.body, self._invocation.headers(payload))

    @staticmethod
    def _is_trouble(reply: Reply) -> bool:
        # A script may answer 401 itself: then it has run.
        unscored = reply.run_seconds is None
        return reply.whole and (reply.status in _BUSY or (unscored and reply.status in _NOT_THE_ROWS))

    def _said(self, reply: Reply) -> Said:
        assert self._invocation is not None
        why = partial(explained, self._invocation, reply)
        if not reply.whole:
            return Said(_BROKEN_OFF, request_id=reply.request_id, explain=why)
        # An endpoint tells of a model's own trouble in a header.
        status = int(reply.headers.get(_OF_MODEL, reply.status)) if reply.status == _MODEL_FAILED else reply.status
        good = 200 <= status < 300
        return Said(status, _value(reply) if good else None, reply.request_id, why)

    def _forget(self) -> None:
        if self._connection is not None:
            self._connection.close()
        self._invocation = self._connection = None

    def _wait(self, seconds: float) -> None:
        # Not all at the same moment.
        end = time.monotonic() + seconds * random.uniform(0.5, 1.0)  # noqa: S311 - no secret depends on it
        while (left := end - time.monotonic()) > 0:
            if self._stopped():
                raise Stopped
            time.sleep(min(left, _TICK))

    def _down(self) -> DeployError:
        return self._look_up().down()

    def _refused(self, reply: Reply, payload: Payload) -> DeployError:
        invocation = self._look_up()
        if reply.status in _BUSY:
            name = invocation.record.name
            return InvokeProblem(
                f"{name} answered {reply.status} for {self._patience:g} s: {message_of(reply)}",
                hint=Hint("Send fewer at once with --concurrency, or wait longer with --patience", log_of=name),
            )
        return invocation.refused(reply, payload)


def _value(reply: Reply) -> object:
    try:
        # Whole numbers of any size stay whole.
        return decode(reply.body)
    except (ValueError, RecursionError):
        found = decoded(reply.body, reply.content_type)
        return found if isinstance(found, (str, Binary)) else reply.body.decode("utf-8", "replace")


def _same(error: DeployError) -> DeployError:
    return error


def _late(seconds: str) -> str:
    return f"no answer within {seconds}"
