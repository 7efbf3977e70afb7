"""How a connection answers requests that came the short way."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from .handover import HandOver
from .replies import Headers
from .short_way import Asked
from .wire import Wire

_BODY_SECONDS = 0.05


class ShortAnswers(HttpToolsProtocol):
    """uvicorn's protocol, which also takes an answer as a whole."""

    cycle: Any
    _wire: Wire
    _hand_over: HandOver
    _take: Callable[[bytes], None]
    # A head whose body is to come, and when it is waited for no longer.
    _head = b""
    _head_timer: asyncio.TimerHandle | None = None

    def hold_head(self, head: bytes) -> None:
        """Wait a moment for the body of a request: many clients send it separately."""
        self._head, self._head_timer = head, self.loop.call_later(_BODY_SECONDS, self.release_head)

    def with_head(self, data: bytes) -> bytes:
        """Put the head that waits before what came after it."""
        if self._head_timer is not None:
            self._head_timer.cancel()
        head, self._head = self._head, b""
        return head + data

    def release_head(self) -> None:
        """Let a head that waits take the long way."""
        if self._head:
            self._take(self.with_head(b""))

    def is_leaving(self) -> bool:
        """Whether it goes to another server, or ends soon."""
        return self._hand_over.leaving

    def scope_of(self, headers: Headers) -> dict[str, Any]:
        """Return the ASGI scope of a request that came the short way."""
        return {
            "type": "http",
            "asgi": {"version": self.asgi_version, "spec_version": "2.3"},
            "http_version": "1.1",
            "server": self.server,
            "client": self.client,
            "scheme": self.scheme,
            "root_path": self.root_path,
            "headers": headers,
            "state": {},
            "method": "POST",
            "path": "/score",
            "raw_path": b"/score",
            "query_string": b"",
        }

    def answer(self, asked: Asked, data: bytes) -> None:
        """Send the whole answer to a request."""
        asked.response_started = asked.response_complete = True
        self._wire.send(data)
        if not asked.keep_alive:
            self.transport.close()
        self.on_response_complete()

    def answer_at_length(self, asked: Asked, application: Callable[..., Any]) -> None:
        """Have an ASGI application answer a request."""
        scope: Any = self.scope_of(asked.head.pairs)
        self.cycle = RequestResponseCycle(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=False,
            keep_alive=asked.keep_alive,
            on_response=self.on_response_complete,
        )
        self.cycle.more_body, self.cycle.disconnected = False, asked.disconnected
        self._start_asgi_task(self.cycle, application)

    def give_up(self) -> None:
        """End a request whose time is over as uvicorn ends the tasks of others."""
        asked = self.cycle
        if isinstance(asked, Asked) and not asked.response_complete:
            self.answer_at_length(asked, _given_up)


def _given_up(*_: Any) -> Any:
    raise asyncio.CancelledError("the request is given up: the server ends")
