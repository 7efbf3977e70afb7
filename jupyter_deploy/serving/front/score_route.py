"""``/score``: from an HTTP request to a job of the queue, and from its answer to the reply."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qs

import orjson

from ..messages import Answer
from .bodies import decoded, read_body
from .cors import Cors
from .dispatch import QueueFull
from .limits import Limits, TooMuch
from .links import Job, giving
from .replies import ClientGone, Headers, Receive, Refused, Reply, Send, until_gone
from .runtime import Runtime

# A request that is answered within this time is not watched for a leaving client: watching costs a task.
UNWATCHED_SECONDS = 0.05
_RETRY = [(b"retry-after", b"1")]


class ScoreRoute:
    """Answers ``/score``."""

    def __init__(self, runtime: Runtime, intake: Limits) -> None:
        self._runtime = runtime
        self._intake = intake
        self._early = 0
        self._loop = asyncio.get_running_loop()

    @property
    def cors(self) -> Cors:
        """The rule for pages of other origins."""
        return Cors(self._runtime.config.cors_origins)

    async def answer(self, scope: dict[str, Any], headers: dict[bytes, bytes], name: str, receive: Receive) -> Reply:
        """Get the script's answer or the contract's error.

        Raises :class:`Refused` if the request cannot be given to the script, and :class:`ClientGone` if the client
        has left.
        """
        method = scope["method"]
        if not self._runtime.script:
            await self.until_known()
        script = self._runtime.script
        if method == "OPTIONS":
            preflight = self.cors.preflight(headers)
            if preflight is not None or script.get("mode") != "raw":
                return Reply(200, b"", [(b"allow", b"GET, POST, OPTIONS"), *(preflight or [])])
        raw = script.get("mode") == "raw"
        if method == "GET" and not raw:
            body = _query(scope, as_values=script.get("mode") == "schema")
        else:
            if script.get("mode") == "schema" and not is_json(headers.get(b"content-type", b"")):
                raise Refused(415, "Expects Content-Type to be application/json")
            # A script that takes the whole request gets it as it was sent.
            return await self.hand_on(scope, headers, name, receive, packed=raw)
        meta, told = self._rest(scope, None)
        return reply_of(*await self._wait(name, body, meta, receive, told=told))

    async def hand_on(
        self,
        scope: dict[str, Any],
        headers: dict[bytes, bytes],
        name: str,
        receive: Receive,
        *,
        packed: bool = False,
        tensors: dict[str, Any] | None = None,
    ) -> Reply:
        """Read the body and get the script's answer; the full size of a compressed one counts as if it had been sent.

        ``packed`` leaves it compressed. ``tensors`` tells the worker of a request of the Open Inference Protocol.
        """
        limit = self._runtime.config.body_limit
        body = await read_body(receive, headers, limit)
        meta, told = self._rest(scope, tensors)
        if b"content-encoding" not in headers or packed:
            return reply_of(*await self._wait(name, body, meta, receive, told=told))
        body = await asyncio.to_thread(decoded, body, headers[b"content-encoding"], limit)
        try:
            with self._intake.holding(len(body)):
                return reply_of(*await self._wait(name, body, meta, receive, told=told))
        except TooMuch:
            raise Refused(503, "Too many bytes of requests are waiting.", _RETRY) from None

    def _rest(self, scope: dict[str, Any], tensors: dict[str, Any] | None) -> tuple[Callable[[], dict[str, Any]], bool]:
        """Return what makes the rest of a request, and whether its worker needs that whatever the script takes."""
        more: dict[str, Any] = {} if tensors is None else {"tensors": tensors}
        if "traceparent" in scope:
            more["trace"] = scope["traceparent"]
        if not more:
            return partial(meta_of, scope), False
        return partial(_told_meta, scope, more, whole=bool(self._runtime.script.get("headers"))), True

    async def until_known(self) -> None:
        """Wait for the first script: only it tells how a request is read."""
        if self._early >= self._runtime.config.queue_limit:
            raise Refused(503, "Too many requests are waiting.", _RETRY)
        self._early += 1
        try:
            await self._runtime.known.wait()
        finally:
            self._early -= 1
        if not self._runtime.script:
            raise Refused(503, "The service is shutting down.", _RETRY)

    async def _wait(
        self,
        name: str,
        body: bytes,
        meta: Callable[[], dict[str, Any]],
        receive: Receive,
        *,
        told: bool = False,
    ) -> tuple[Job, Answer]:
        future: asyncio.Future[Answer | None] = self._loop.create_future()
        try:
            job = self._runtime.submit(name, body, meta, giving(future), told=told)
        except QueueFull:
            raise Refused(503, "Too many requests are waiting.", _RETRY) from None
        watch = self._loop.call_later(UNWATCHED_SECONDS, self._watch, job, future, receive)
        try:
            answer = await future
        except asyncio.CancelledError:
            self._runtime.dispatcher.drop(job)
            raise
        finally:
            watch.cancel()
        if answer is None:
            raise ClientGone
        self._runtime.note(name, answer)
        return job, answer

    def _watch(self, job: Job, future: asyncio.Future[Answer | None], receive: Receive) -> None:
        async def watching() -> None:
            await until_gone(receive)
            self._runtime.dispatcher.drop(job)

        task = asyncio.get_running_loop().create_task(watching())
        future.add_done_callback(lambda _: task.cancel())

    async def stream(self, reply: Reply, headers: Headers, receive: Receive, send: Send) -> None:
        """Send a body while its parts are made."""
        stream, job = reply.stream, reply.job
        assert stream is not None
        assert job is not None
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})

        async def watching() -> None:
            await until_gone(receive)
            self._runtime.dispatcher.drop(job)

        watch = asyncio.get_running_loop().create_task(watching())
        try:
            async for part in stream.parts():
                await send({"type": "http.response.body", "body": part, "more_body": True})
        finally:
            watch.cancel()
        if stream.complete:
            await send({"type": "http.response.body", "body": b""})
        # Otherwise the engine cuts the connection, which tells the client that the body is incomplete.


def reply_of(job: Job, answer: Answer) -> Reply:
    """Make the reply of a worker's answer."""
    meta = answer.meta
    headers: Headers = []
    failed = b"False"
    if meta:
        headers = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in meta.get("headers", ())]
        failed = b"True" if meta.get("failed") or "lost" in meta else b"False"
    if answer.milliseconds >= 0:
        headers.append((b"x-ms-run-fn-exec-ms", b"%.3f" % answer.milliseconds))
    if answer.status == 503:
        headers += _RETRY
    # The script cannot change the request's id.
    headers = [pair for pair in headers if pair[0] not in {b"x-request-id", b"x-ms-request-id"}] if meta else headers
    return Reply(answer.status, answer.body, headers, failed, job.stream, job)


def is_json(content_type: bytes) -> bool:
    """Whether a content type is one of JSON's."""
    kind = content_type.partition(b";")[0].strip().lower()
    return kind == b"application/json" or (kind.startswith(b"application/") and kind.endswith(b"+json"))


def _query(scope: dict[str, Any], *, as_values: bool) -> bytes:
    """Turn a query into the JSON object that a body would have been."""
    found = parse_qs(scope["query_string"].decode("utf-8", "replace"), keep_blank_values=True)
    if as_values:
        parsed = {key: [_value(item) for item in items] for key, items in found.items()}
        return json.dumps({key: items[0] if len(items) == 1 else items for key, items in parsed.items()}).encode()
    return orjson.dumps({key: items[0] if len(items) == 1 else items for key, items in found.items()})


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text


def meta_of(scope: dict[str, Any]) -> dict[str, Any]:
    """Return what a script that asks for more than the body gets of a request."""
    server, client = scope.get("server"), scope.get("client")
    return {
        "method": scope["method"],
        "path": scope["path"],
        "query": scope["query_string"].decode("latin-1"),
        "headers": [[name.decode("latin-1"), value.decode("latin-1")] for name, value in scope["headers"]],
        "server": f"{server[0]}:{server[1]}" if server else "localhost:0",
        "client": client[0] if client else "",
    }


def _told_meta(scope: dict[str, Any], more: dict[str, Any], *, whole: bool) -> dict[str, Any]:
    return {**(meta_of(scope) if whole else {}), **more}
