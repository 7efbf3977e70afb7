"""The short way of a request: from the connection straight to the queue, its answer written by a callback.

A request takes it if it is a ``POST /score`` with a small body, in one piece or with its head and its body in one piece
each, of a client that awaits no other answer on its connection; if :mod:`.known_heads` admits its head; and while the
script takes text or a schema's parameters and no spans are sent. It has no task, no ASGI scope and no parser of its
own. Every other request takes the long way (:mod:`.http`), and so does an answer that is more than a value with status
200. Both ways answer alike, byte for byte.

For tests and measurements, the variable ``JUPYTER_DEPLOY_LONG_WAY`` closes the short one.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from ..messages import Answer
from .authorization import Authorization
from .dispatch import QueueFull
from .heads import END
from .known_heads import BEGINNING, KnownHead, KnownHeads
from .limits import SHORT
from .replies import Headers, Refused, Reply
from .requestids import RequestIds
from .runtime import Runtime
from .score_route import UNWATCHED_SECONDS, meta_of, reply_of

if TYPE_CHECKING:
    from .links import Job

VARIABLE = "JUPYTER_DEPLOY_LONG_WAY"
_MODES = ("plain", "schema")
_SCOPE = {"type": "http", "method": "POST", "path": "/score", "query_string": b"", "headers": ()}
# Nothing waits for more of a request that is whole.
_UNHEARD = asyncio.Event()
# Takes scope, headers, id, when the request began, and the reply that was sent.
Counted = Callable[[Any, dict[bytes, bytes], str, float, Reply, str], float]


class Line(Protocol):
    """A client's connection."""

    cycle: Any
    flow: Any
    server_state: Any

    def is_leaving(self) -> bool:
        """Whether it goes to another server, or ends soon."""

    def hold_head(self, head: bytes) -> None:
        """Wait a moment for the body of a request."""

    def scope_of(self, headers: Headers) -> dict[str, Any]:
        """Return the ASGI scope of a request that came the short way."""

    def answer(self, asked: Asked, data: bytes) -> None:
        """Send the whole answer to a request."""

    def answer_at_length(self, asked: Asked, application: Callable[..., Any]) -> None:
        """Have an ASGI application answer a request."""


class Asked:
    """A request on the short way; it stands at its connection where uvicorn's cycle stands on the long one."""

    __slots__ = (
        "_way",
        "connection",
        "disconnected",
        "head",
        "job",
        "keep_alive",
        "name",
        "response_complete",
        "response_started",
        "started",
    )
    more_body = False
    body = b""
    scope = _SCOPE
    message_event = _UNHEARD

    def __init__(self, way: ShortWay, connection: Line, head: KnownHead, name: str, started: float) -> None:
        self._way, self.connection, self.head, self.name, self.started = way, connection, head, name, started
        self.keep_alive = True
        self.disconnected = self.response_started = self.response_complete = False
        self.job: Job | None = None

    def take(self, answer: Answer | None) -> None:
        """Pass the answer on; there is none if the client is gone."""
        if answer is not None:
            self._way.answer(self, answer)

    def lost(self) -> None:
        """Drop the request, whose client is gone, when the long way would notice."""
        job, dispatcher = self.job, self._way.runtime.dispatcher
        if job is not None and not job.done:
            loop = asyncio.get_running_loop()
            loop.call_later(max(0.0, job.since + UNWATCHED_SECONDS - loop.time()), dispatcher.drop, job)

    def meta(self) -> dict[str, Any]:
        """Return the rest of the request, for a script that asks for it."""
        return meta_of(self.connection.scope_of(self.head.pairs))


class ShortWay:
    """Decides which requests take the short way, and answers them.

    ``before`` is called before an answer is sent, ``count`` after it; ``finish`` makes what answers at length, in a
    task.
    """

    def __init__(
        self,
        runtime: Runtime,
        authorization: Authorization,
        before: Callable[[], None],
        count: Counted,
        finish: Callable[..., Any],
    ) -> None:
        self.runtime = runtime
        self._authorization, self._before = authorization, before
        self._count, self._finish = count, finish
        self._new_id = RequestIds().next
        self._allowed = not os.environ.get(VARIABLE)
        self._heads: KnownHeads | None = None
        self._default: Headers = []
        self._begin = b""

    def use(self, make: Callable[..., KnownHeads], *, traced: bool) -> None:
        """Apply other settings and another script from now on; ``traced`` says that each request has a span."""
        script, limit = self.runtime.script, min(SHORT, self.runtime.config.body_limit)
        is_open = self._allowed and script.get("mode") in _MODES and not traced
        self._heads = make(schema=script["mode"] == "schema", limit=limit) if is_open else None

    def begin(self, connection: Line, data: bytes) -> bool:
        """Take a request of a connection that has no other one; false if it must take the long way."""
        heads = self._heads
        if heads is None or self.runtime.broken or not data.startswith(BEGINNING):
            return False
        started = time.perf_counter()
        text, end, body = data.partition(END)
        # Without its end, the rest of a head is still to come.
        head = heads.find(text) if end else None
        if head is None or connection.is_leaving():
            return False
        if self._authorization.wanted:
            try:
                self._authorization.check(head.headers)
            except Refused:
                return False
        if head.length != len(body):
            if body:
                return False
            connection.hold_head(data)
            return True
        name = head.name or self._new_id()
        asked = Asked(self, connection, head, name, started)
        try:
            asked.job = self.runtime.dispatcher.submit(name, body, asked.meta, asked.take)
        except QueueFull:
            return False
        connection.cycle = asked
        return True

    def answer(self, asked: Asked, answer: Answer) -> None:
        """Send an answer, and count it; one that is more than a value is sent at length."""
        self.runtime.note(asked.name, answer)
        connection, job = asked.connection, asked.job
        assert job is not None
        if answer.meta or answer.status != 200 or answer.milliseconds < 0 or connection.flow.write_paused:
            reply = reply_of(job, answer)
            connection.answer_at_length(asked, partial(self._finish, asked, reply))
            return
        self._before()
        if not asked.disconnected:
            begin = self._beginning(connection.server_state.default_headers)
            head, last = asked.head, not asked.keep_alive
            made = self._new_id() if head.name else asked.name
            data = head.answer(begin, answer.milliseconds, made, answer.body, last=last)
            connection.answer(asked, data)
        reply = Reply(200, answer.body, [], b"False", None, job)
        self._count(_SCOPE, asked.head.headers, asked.name, asked.started, reply, str(len(answer.body)))

    def _beginning(self, default: Headers) -> bytes:
        """Return the status line and the headers that all answers share; uvicorn updates the date once a second."""
        if default is not self._default:
            self._default = default
            self._begin = STATUS_LINE[200] + b"".join(b"%s: %s\r\n" % pair for pair in default)
        return self._begin
