"""HTTP over the runtime, as an ASGI application: routes, request ids, the contract's errors."""

from __future__ import annotations

import asyncio
import hmac
import time
import uuid
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson

from ..errors import DeployError
from .answers import encode
from .dispatch import QueueFull
from .layout import layout_of_bundle
from .links import ScriptFailed
from .logs import log
from .runtime import Runtime
from .worker import INTERNAL_ERROR

JSON = b"application/json"
_ID_LIMIT = 100
_METHODS = {
    "/": ("GET", "HEAD"),
    "/score": ("GET", "POST", "OPTIONS"),
    "/-/ready": ("GET", "HEAD"),
    "/-/live": ("GET", "HEAD"),
    "/-/state": ("GET",),
    "/-/reload": ("POST",),
}
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]
Headers = list[tuple[bytes, bytes]]


class _Refused(Exception):
    """A request that is answered without the script."""

    def __init__(self, status: int, message: str, headers: Headers | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers or []


class _ClientGone(Exception):
    """The client closed its connection before its body was complete."""


class HttpApplication:
    """The ASGI callable.

    Parameters
    ----------
    runtime : Runtime
        What answers.
    token : str
        The admin routes' key; empty closes them.
    """

    def __init__(self, runtime: Runtime, token: str) -> None:
        self._runtime = runtime
        self._token = token.encode()

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request (ASGI's signature).

        Parameters
        ----------
        scope : dict
            The request's line and headers.
        receive, send : callable
            The request's body and the answer.
        """
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        headers = dict(scope["headers"])
        ids: Headers = []
        try:
            if scope["path"] in {"/", "/score"}:
                ids = _request_ids(headers)
            self._check_route(scope)
            status, body, extra = await self._route(scope, headers, ids, receive)
        except _Refused as refused:
            status, body, extra = refused.status, encode({"message": refused.message}), refused.headers
        except _ClientGone:
            return
        except Exception:  # noqa: BLE001
            # The edge's one mapper: whatever is wrong in here, the client gets JSON and the log the traceback.
            log.exception("%s %s failed in the server", scope["method"], scope["path"])
            status, body, extra = 500, INTERNAL_ERROR, []
        extra = [(b"content-type", JSON), *extra] if not any(key == b"content-type" for key, _ in extra) else extra
        length = (b"content-length", str(len(body)).encode())
        await send({"type": "http.response.start", "status": status, "headers": [length, *extra, *ids]})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
        if scope["path"] == "/score":
            milliseconds = (time.perf_counter() - started) * 1000
            log.info("%s /score %d %.3fms %d %s", scope["method"], status, milliseconds, len(body), _text(ids))

    @staticmethod
    def _check_route(scope: dict[str, Any]) -> None:
        allowed = _METHODS.get(scope["path"])
        if allowed is None:
            raise _Refused(404, f"There is no {scope['path']}; requests go to /score.")
        if scope["method"] not in allowed:
            refused = f"{scope['method']} is not allowed on {scope['path']}."
            raise _Refused(405, refused, [(b"allow", ", ".join(allowed).encode())])

    async def _route(
        self, scope: dict[str, Any], headers: dict[bytes, bytes], ids: Headers, receive: Receive
    ) -> tuple[int, bytes, Headers]:
        path = scope["path"]
        if path == "/score":
            return await self._score(scope, headers, ids, receive)
        if path == "/":
            return 200, b"Healthy", [(b"content-type", b"text/html; charset=utf-8")]
        if path == "/-/live":
            return 200, b'{"live":true}', []
        if path == "/-/ready":
            ready = self._runtime.ready
            return (200, b'{"ready":true}', []) if ready else (503, b'{"ready":false}', [])
        self._check_admin(headers)
        if path == "/-/state":
            facts = self._runtime.facts()
            wanted = parse_qs(scope["query_string"].decode("latin-1")).get("failure", [""])[0]
            return 200, encode({**facts, "asked": self._runtime.failures.get(wanted)}), []
        return await self._reload(await self._body(receive), receive)

    def _check_admin(self, headers: dict[bytes, bytes]) -> None:
        given = headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        if not self._token or not hmac.compare_digest(given, self._token):
            raise _Refused(401, "This route needs the service's own admin token.")

    async def _score(
        self, scope: dict[str, Any], headers: dict[bytes, bytes], ids: Headers, receive: Receive
    ) -> tuple[int, bytes, Headers]:
        if scope["method"] == "OPTIONS":
            return 200, b"", []
        if scope["method"] == "GET":
            query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
            body = orjson.dumps({key: values[0] if len(values) == 1 else values for key, values in query.items()})
        else:
            self._check_length(headers)
            body = await self._body(receive)
        scoring = asyncio.ensure_future(self._runtime.score(body, _text(ids)))
        gone = asyncio.ensure_future(_until_gone(receive))
        await asyncio.wait({scoring, gone}, return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        if not scoring.done():
            # The client left: what still waits is dropped, what already runs is not waited for.
            scoring.cancel()
            raise _ClientGone
        try:
            answer = scoring.result()
        except QueueFull:
            raise _Refused(503, "Too many requests are waiting.", [(b"retry-after", b"1")]) from None
        failed = b"True" if answer.status >= 500 else b"False"
        extra = [(b"x-ms-run-function-failed", failed)]
        if answer.milliseconds >= 0:
            extra.append((b"x-ms-run-fn-exec-ms", f"{answer.milliseconds:.3f}".encode()))
        return answer.status, answer.body, extra

    def _check_length(self, headers: dict[bytes, bytes]) -> None:
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._runtime.config.body_limit:
            self._too_large()

    def _too_large(self) -> None:
        raise _Refused(413, f"The body is larger than {self._runtime.config.body_limit} bytes.")

    async def _body(self, receive: Receive) -> bytes:
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                # A body that was cut short is never scored.
                raise _ClientGone
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            if size > self._runtime.config.body_limit:
                self._too_large()
            if not message.get("more_body"):
                return b"".join(parts)

    async def _reload(self, body: bytes, receive: Receive) -> tuple[int, bytes, Headers]:
        try:
            values = orjson.loads(body)
            layout = layout_of_bundle(Path(values["bundle"]))
        except (orjson.JSONDecodeError, KeyError, TypeError) as error:
            raise _Refused(400, f"The body must be a JSON object with a bundle: {error}.") from error
        except DeployError as error:
            raise _Refused(400, error.message) from error
        started = time.perf_counter()
        loading = asyncio.ensure_future(self._runtime.load(layout, values.get("workers")))
        gone = asyncio.ensure_future(_until_gone(receive))
        await asyncio.wait({loading, gone}, return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        if not loading.done():
            # Who asked gave up (Ctrl-C): the old generation stays.
            loading.cancel()
            await asyncio.wait({loading})
            raise _ClientGone
        try:
            generation = loading.result()
        except ScriptFailed as failed:
            return 422, encode({"message": str(failed), "failure": failed.failure.as_dict()}), []
        except ConnectionError as error:
            return 422, encode({"message": f"The new worker did not start: {error}.", "failure": None}), []
        milliseconds = (time.perf_counter() - started) * 1000
        facts = {"generation": generation.number, "milliseconds": milliseconds}
        return 200, encode({**facts, "app_roots": self._runtime.app_roots()}), []


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _text(ids: Headers) -> str:
    return dict(ids).get(b"x-ms-request-id", b"").decode("latin-1")


def _request_ids(headers: dict[bytes, bytes]) -> Headers:
    """Apply azureml-inference-server-http's rules for its three id headers."""
    given = {
        key: headers[key] for key in (b"x-request-id", b"x-ms-request-id", b"x-ms-client-request-id") if key in headers
    }
    for key, value in given.items():
        if len(value) > _ID_LIMIT:
            raise _Refused(431, f"{key.decode()} must not exceed {_ID_LIMIT} characters")
    plain = given.get(b"x-request-id") or str(uuid.uuid4()).encode()
    client = given.get(b"x-ms-client-request-id")
    own = given.get(b"x-ms-request-id")
    ids = [(b"x-request-id", plain), (b"x-ms-request-id", own or client or plain)]
    if client or own:
        ids.append((b"x-ms-client-request-id", client or own or b""))
    return ids
