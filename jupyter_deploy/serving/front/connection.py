"""One client's connection: uvicorn's protocol, which takes one request at a time, whole, within limits and in time."""

from __future__ import annotations

import asyncio
import os
from typing import Any, cast

import httptools

from .handover import LAST_SECONDS, HandOver
from .heads import END, end_of_part, new_parser, origin_form, refusal, without_upgrade
from .idleness import Idleness
from .limits import Limits, TooMuch
from .requestids import RequestIds
from .short_answers import ShortAnswers
from .short_way import Asked, ShortWay
from .uploads import held
from .wire import Wire

_LINES = 256
_HIGH_WATER = 64 << 10
# In each ``stall_seconds``, a body or a reading client must progress by this much.
_LEAST = 1024
_LEAVE_SECONDS = 0.001
_NONE, _HEAD, _BODY, _ANSWER = range(4)


class _TooManyLines(Exception):
    """The head has far too many lines."""


class Connection(ShortAnswers):
    """uvicorn's protocol for one connection, over :class:`Wire`.

    It reads one request, and the next one only when that is answered and the answer is on its way. ``ids`` are for
    refusals of requests that have none. ``hand_over`` says when it goes to another server. Most requests go ``short``.
    """

    def __init__(self, intake: Limits, ids: RequestIds, hand_over: HandOver, short: ShortWay, **given: Any) -> None:
        super().__init__(**given)
        self._begin_short = short.begin
        self._intake = intake
        self._ids = ids
        self._hand_over = hand_over
        self._rest = b""
        self._tail = b""
        # Bytes in the account; bytes of the request that is being read, and of its body.
        self._charged = self._fed = self._body = 0
        # Bytes of the body that are still to come; -1 if its end marks itself.
        self._left = 0
        self._stage = _NONE
        self._unread = 0
        self._upgrades = self._ended = self._keep = self._careful = False
        self._timer: asyncio.TimerHandle | None = None
        self._late_for = self._mark = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the connection (asyncio's hook)."""
        wire = Wire(cast("asyncio.Transport", transport), self._intake.stall_seconds)
        super().connection_made(cast("asyncio.Transport", wire))
        self._wire = wire
        self._idle = Idleness(self.timeout_keep_alive, wire.close)
        if not self._intake.make_room(self, self.connections):
            self._refuse(503, "All connections of this server are in use.", lingers=False)
        elif self._hand_over.leaving:
            self.shutdown()

    @property
    def idle_since(self) -> float | None:
        """When it began to wait for a request or the rest of its head; None if it has one."""
        if self._stage == _HEAD and self._timer is not None:
            return self._timer.when() - self._intake.head_seconds
        return self._idle.since

    def data_received(self, data: bytes) -> None:
        """Take bytes of the client (asyncio's hook)."""
        if self._head:
            data = self.with_head(data)
        before = self.cycle
        if self._stage == _BODY and len(data) == self._left <= self._intake.short:
            # The rest of a request, for clients that send head and body separately.
            self._feed(data)
            self._account(before, data, b"")
            self._intake.ended(self._wire)
            self._careful = self.transport.is_closing()
            self._set_clock(_NONE)
            return
        waits = before is not None and not before.response_complete
        is_next = not (self._careful or waits or len(data) > self._intake.short)
        if is_next and self._begin_short(self, data):
            self._idle.since, self._body = None, 0
            return
        if not is_next or data.count(END) != 1:
            self._take(data)
            return
        # One whole request.
        self._idle.since = None
        again = self._feed(data)
        if again or self.cycle is before or self.cycle.more_body:
            self._account(before, data, again)
            self._rest, self._careful = again, True
            self._set_clock(_BODY) if self._stage == _BODY and self._left > 0 else self._go_on()

    def _feed(self, data: bytes | memoryview) -> bytes:
        """Give the parser bytes; returns what it must read instead: a request without its ``Upgrade``."""
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._upgrades = False
            if self.parser.get_method() == b"CONNECT":
                self._refuse(405, "CONNECT is not allowed: this server is no proxy.")
                return b""
            head = without_upgrade(self.parser, self.url, self.headers)
            self.parser = new_parser(self)
            return head + bytes(data[upgrade.args[0] :])
        except httptools.HttpParserError as error:
            if isinstance(error.__context__, _TooManyLines):
                self._refuse(431, f"The request has more than {_LINES} header lines.")
            else:
                reason = "" if isinstance(error, httptools.HttpParserCallbackError) else f": {error}"
                self._refuse(400, f"The request is not valid HTTP/1.1{reason}.")
        return b""

    def on_headers_complete(self) -> None:
        """Start to answer, unless the request asks for another protocol (the parser's hook)."""
        if self.parser.should_upgrade():
            self._upgrades = True
            return
        self._body = 0
        if len(self.headers) > _LINES:
            raise _TooManyLines
        if not self.url.startswith(b"/"):
            self.url = origin_form(self.url, self.headers)
        if self.expect_100_continue and self.parser.get_http_version() != "1.1":
            self.expect_100_continue = False
        super().on_headers_complete()
        if self._hand_over.leaving and not self._hand_over.moves:
            self.cycle.keep_alive = False
        # Trailers look like headers, but are none.
        self.headers = []

    def on_body(self, body: bytes) -> None:
        """Take a part of the body (the parser's hook)."""
        cycle = self.cycle
        if self._upgrades or cycle.response_complete:
            return
        cycle.body += body
        self._body += len(body)
        if len(cycle.body) > _HIGH_WATER:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        """Note that the request is whole (the parser's hook)."""
        if not self._upgrades and not self.cycle.response_complete:
            if self._stage == _BODY:
                self.cycle.keep_alive = self._keep
            self.cycle.more_body = False
            self.cycle.message_event.set()

    @property
    def _busy(self) -> bool:
        """Whether a whole request waits for its answer."""
        return self.cycle is not None and not self.cycle.response_complete and not self.cycle.more_body

    def _take(self, data: bytes) -> None:
        """Take bytes that are not simply the next request."""
        if self.transport.is_closing():
            return
        if self._stage == _NONE and not self._rest and not self._busy and not data.strip(b"\r\n"):
            # Some clients end a body with an empty line.
            return
        self._idle.since = None
        try:
            self._intake.take(len(data))
        except TooMuch:
            self._intake.say("bytes", "requests are refused: they hold more bytes than buffer_limit allows")
            if self._busy:
                # The pending answer comes first, and is the last one.
                self.cycle.keep_alive = False
                self._wire.hold(True)
            else:
                self._refuse(503, "Too many bytes of requests are waiting.")
            return
        self._charged += len(data)
        self._rest += data
        self._go_on()

    def _go_on(self) -> None:
        """Read on, up to the end of one request; the rest waits until that one is answered and read."""
        at = 0
        while at < len(self._rest) and not (self._busy or self.flow.write_paused or self.transport.is_closing()):
            self._idle.since = None
            in_body = self._stage == _BODY and self._left > 0
            end = min(at + self._left, len(self._rest)) if in_body else end_of_part(self._rest, at, self._tail)
            if self._stage != _BODY and self._fed + end - at > self._intake.head_limit:
                self._refuse(431, f"The head of the request is larger than {self._intake.head_limit} bytes.")
                return
            piece, before = memoryview(self._rest)[at:end], self.cycle
            again = self._feed(piece)
            at = end
            if again:
                self._rest, at = again + self._rest[at:], 0
            self._account(before, piece, again)
        self._rest = self._rest[at:]
        if not self.transport.is_closing():
            self._settle()

    def _account(self, before: Any, piece: bytes | memoryview, again: bytes) -> None:
        """Note how far the request is, after the parser has read a piece."""
        cycle = self.cycle
        if again or self.transport.is_closing():
            self._stage, self._fed, self._tail = _NONE, 0, b""
            self._wire.lingers = False
            return
        if cycle is before and self._stage != _BODY:
            if self._stage or bytes(piece).strip(b"\r\n"):
                self._stage = _HEAD
                self._fed += len(piece)
                self._tail = (self._tail + bytes(piece[-3:]))[-3:]
            return
        if cycle is not before:
            self._fed = 0
            self._keep = cycle.keep_alive
            length = dict(cycle.scope["headers"]).get(b"content-length")
            self._left = -1 if length is None else int(length) - self._body
        elif self._left >= 0:
            self._left -= len(piece)
        if cycle.more_body and not cycle.response_complete:
            self._stage = _BODY
            self._fed += len(piece)
            self._tail = (self._tail + bytes(piece[-3:]))[-3:]
            # An answer before the request's end closes the connection.
            cycle.keep_alive = False
        else:
            self._stage, self._fed, self._tail = _NONE, 0, b""
        self._wire.lingers = self._stage == _BODY

    def _settle(self) -> None:
        """Hold reading if it must wait, and set the timeout for what the client must do next."""
        if self._stage != _NONE and len(self.headers) > _LINES:
            self._refuse(431, f"The request has more than {_LINES} header lines.")
            return
        if self._stage == _BODY and self._fed - self._body > 2 * self._intake.head_limit + 16 * self._body:
            self._refuse(400, "The request has more chunk extensions and trailers than data.")
            return
        if self._ended and not self._rest and not self._busy:
            if self._stage != _NONE:
                self._refuse(400, "The request ended before it was whole.")
            elif not self.flow.write_paused:
                self.transport.close()
            return
        # Chunk sizes are not kept.
        kept = len(self._rest) + (self._fed if self._stage == _HEAD else held(self.cycle, self._body))
        if self._charged > kept:
            self._intake.give(self._charged - kept)
            self._charged = kept
        self._wire.hold(bool(self._rest) or self.flow.write_paused)
        if self._stage == _BODY:
            self._intake.began(self._wire)
        else:
            self._intake.ended(self._wire)
        self._careful = bool(self._stage or self._rest or self.flow.write_paused)
        self._set_clock(_ANSWER if self.flow.write_paused else self._stage)

    def _set_clock(self, stage: int) -> None:
        if self._timer is not None and stage != self._late_for:
            self._timer.cancel()
            self._timer = None
        if stage != _NONE and self._timer is None:
            self._late_for = stage
            self._mark = self._wire.get_write_buffer_size() if stage == _ANSWER else self._body
            seconds = self._intake.head_seconds if stage == _HEAD else self._intake.stall_seconds
            self._timer = self.loop.call_later(seconds, self._late)

    def _late(self) -> None:
        """Close the connection of a client that is too slow."""
        stage, self._timer = self._late_for, None
        if self.transport.is_closing():
            return
        if stage == _HEAD:
            self._refuse(408, f"The head of the request took longer than {self._intake.head_seconds:g} seconds.")
        elif stage == _BODY and self._wire.held:
            self._refuse(503, "Too many bytes of requests are waiting.")
        elif stage == _BODY and self._body - self._mark < _LEAST:
            self._refuse(408, f"The body of the request does not get on for {self._intake.stall_seconds:g} seconds.")
        elif stage == _ANSWER and self._mark - self._wire.get_write_buffer_size() < _LEAST:
            self._intake.say("unread", "a client does not read its answer: the connection is closed")
            self._wire.abort()
        else:
            self._set_clock(stage)

    def on_response_complete(self) -> None:
        """Turn to the next request (the cycle's hook; requests that a cut hid are left to :meth:`_go_on`)."""
        if self.pipeline:
            super().on_response_complete()
        else:
            self.flow.resume_reading()
            self._idle.since = self.loop.time()
        if self._charged or self._rest or self._ended or self._stage:
            self._intake.give(self._charged - len(self._rest))
            self._charged = len(self._rest)
            if self._stage == _BODY:
                self._intake.ended(self._wire)
            self._go_on()
        if self._hand_over.leaving:
            self._leave()

    def pause_writing(self) -> None:
        """Wait until the client has read the answer so far (asyncio's hook)."""
        super().pause_writing()
        unread = max(self._wire.last_size, self._wire.get_write_buffer_size())
        try:
            self._intake.take_unread(unread)
        except TooMuch:
            self._intake.say("unread", "answers that are not read hold too many bytes: connections are closed")
            self._wire.abort()
            return
        self._unread += unread
        if not self.transport.is_closing():
            self._settle()

    def resume_writing(self) -> None:
        """Go on: the client has read (asyncio's hook)."""
        super().resume_writing()
        self._intake.give_unread(self._unread)
        self._unread = 0
        self._go_on()

    def eof_received(self) -> bool:  # type: ignore[override]
        """Answer the present request, although the client sends nothing more (asyncio's hook).

        Returns whether the connection stays open for that.
        """
        self.release_head()
        self._ended = True
        if not self.transport.is_closing():
            if self._busy and not self._rest:
                self.cycle.keep_alive = False
            self._settle()
            self._wire.look_for_the_reader(lambda: self._busy and not self.cycle.response_started)
        return not self.transport.is_closing()

    def shutdown(self) -> None:
        """Answer the present request and no other, or go to the next server (uvicorn's hook)."""
        self.release_head()
        if self._hand_over.leaving:
            self._leave()
            return
        super().shutdown()
        self._keep = False

    def _leave(self) -> None:
        """Go to the next server once nothing of a request or an answer is here; the end of an answer asks again."""
        if self.transport.is_closing() or self._busy or self._stage or self._rest:
            return
        if not self._hand_over.leaving:
            self.shutdown()
        elif not self._hand_over.moves:
            self._idle.within(LAST_SECONDS)
        else:
            # What the client sends from now on is read there.
            self._wire.hold(True)
            if self._wire.sent:
                self._hand_over.give(os.dup(self._wire.get_extra_info("socket").fileno()))
                self._wire.abort()
            else:
                self.loop.call_later(_LEAVE_SECONDS, self._leave)

    def connection_lost(self, exc: Exception | None) -> None:
        """Release what was held (asyncio's hook)."""
        super().connection_lost(exc)
        self.with_head(b"")
        if isinstance(self.cycle, Asked):
            self.cycle.lost()
        self._intake.ended(self._wire)
        self._intake.give(self._charged)
        self._intake.give_unread(self._unread)
        self._charged = self._unread = 0
        self._rest = b""
        self._idle.stop()
        if self._timer is not None:
            self._timer.cancel()

    def _refuse(self, status: int, message: str, *, lingers: bool = True) -> None:
        """Answer without the application, and close."""
        self._careful = True
        cycle = self.cycle
        if cycle is not None and not cycle.response_complete:
            if cycle.response_started:
                self._wire.abort()
                return
            # Wake a reader of the rest of the body: it will not come.
            cycle.disconnected = True
            cycle.message_event.set()
        given = cycle.scope["headers"] if cycle is not None and self._stage == _BODY else self.headers or ()
        self.transport.write(refusal(status, message, given, self.server_state.default_headers, self._ids.next))
        self._wire.lingers = lingers
        self.transport.close()
