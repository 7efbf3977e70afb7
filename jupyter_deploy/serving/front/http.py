"""HTTP over the runtime, as an ASGI application: routes, request ids, the contract's errors."""

from __future__ import annotations

import sys
import time
from functools import partial
from typing import Any
from urllib.parse import parse_qs

from ..answers import INTERNAL_ERROR, encode
from ..config import ServingConfig
from ..credentials import Credentials
from ..logs import log, request_id
from ..logwriter import LogWriter
from .admin_route import Admin
from .authorization import Authorization
from .collection import Collection
from .guard import Guard, Unasked
from .handover import HandOver
from .inference_route import InferenceRoute, is_below, is_inference
from .known_heads import KnownHeads
from .limits import Limits
from .metrics import resident_bytes
from .replies import WITHOUT_BODY, ClientGone, Headers, Receive, Refused, Reply, Send, answer_headers
from .requestids import RequestIds, answer_ids, in_log
from .runtime import Runtime
from .score_route import ScoreRoute
from .short_way import Asked, ShortWay
from .swagger import NoDocument, document
from .telemetry import Telemetry
from .uploads import ROUTE as UPLOADS
from .uploads import Uploads

_PUBLIC = frozenset({"/", "/score", "/swagger.json"})
_TEXT = [(b"content-type", b"text/html; charset=utf-8")]
_WAIT = [*_TEXT, (b"retry-after", b"1")]
_READ = ("GET", "HEAD", "OPTIONS")
_NOT_RAW = ("plain", "schema")
_NOBODY_NEEDS_ANY = Credentials()
_METHODS = {
    "/": _READ,
    "/score": ("GET", "POST", "OPTIONS"),
    "/swagger.json": _READ,
    "/-/ready": ("GET", "HEAD"),
    "/-/live": ("GET", "HEAD"),
    "/metrics": ("GET", "HEAD"),
    "/-/state": ("GET",),
    "/-/reload": ("POST",),
    UPLOADS: ("POST",),
    "/-/auth": ("POST",),
    "/-/listener": ("POST",),
    "/-/leave": ("POST",),
}


class HttpApplication:
    """The ASGI callable.

    An empty token closes the admin routes. ``writer`` takes access lines. ``loopback`` says
    that the service is published on loopback only, and so has no other hosts.
    """

    def __init__(
        self,
        runtime: Runtime,
        token: str,
        writer: LogWriter,
        intake: Limits,
        uploads: Uploads,
        collection: Collection,
        telemetry: Telemetry,
        *,
        credentials: Credentials = _NOBODY_NEEDS_ANY,
        hand_over: HandOver,
        loopback: bool = False,
    ) -> None:
        self._runtime = runtime
        self._loopback = loopback
        self._score = ScoreRoute(runtime, intake)
        self._inference = InferenceRoute(runtime, self._score)
        self._authorization = Authorization(credentials)
        self._admin = Admin(runtime, token, uploads, self._authorization, collection, hand_over)
        self._writer = writer
        self._collection = collection
        self._telemetry = telemetry
        self._new_id = RequestIds().next
        self._version = f"jupyter_deploy/{sys.modules['jupyter_deploy'].__version__}".encode()
        self.short = ShortWay(runtime, self._authorization, writer.hurry, self._count, self._finish)
        self.use(runtime.config)

    def use(self, config: ServingConfig) -> None:
        """Apply other settings, and another script, from now on."""
        self._guard = Guard(config, self._loopback)
        heads = partial(KnownHeads, self._check, partial(self._common, path="/score"))
        self.short.use(heads, traced=self._telemetry.traffic is not None)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer one request (ASGI's signature)."""
        if scope["type"] != "http":
            return
        started = time.perf_counter()
        headers: dict[bytes, bytes] = dict(scope["headers"])
        path = scope["path"]
        traced = self._telemetry.traffic and (path == "/score" or is_inference(path))
        span = self._telemetry.begin(scope, headers) if traced else None
        common: Headers = []
        name = ""
        try:
            name = self._start(common, headers, path)
            self._check(scope, headers)
            allowed = self._authorization
            if allowed.wanted and allowed.wants(path) and not self._is_answered_here(scope["method"], path, headers):
                allowed.check(headers)
            reply = await self._route(scope, path, headers, name, receive)
        except Refused as refused:
            reply = self._refusal(refused, path)
        except Unasked:
            reply = Reply(200, b"", [(b"allow", ", ".join(_METHODS.get(path, ())).encode())])
        except ClientGone:
            self._telemetry.left(span)
            return
        except Exception:  # noqa: BLE001
            # The one place that maps errors: the client gets JSON, and the log the traceback.
            with request_id(name):
                log.exception("%s %s failed in the server", scope["method"], in_log(path))
            reply = Reply(500, INTERNAL_ERROR, failed=b"False" if path == "/score" else b"")
        size = await self._send(reply, common, scope, receive, send)
        if path == "/score" or is_inference(path):
            seconds = self._count(scope, headers, name, started, reply, size)
            if span is not None:
                self._telemetry.end(span, name, reply, seconds)

    def _count(
        self, scope: Any, headers: dict[bytes, bytes], name: str, started: float, reply: Reply, size: str
    ) -> float:
        """Count and log a request whose answer was sent, and collect it; returns the seconds that it took."""
        ended = time.perf_counter()
        seconds, status = ended - started, reply.status
        metrics = self._runtime.metrics
        metrics.requests[status] += 1
        metrics.total.observe(seconds)
        metrics.traffic.note(ended, seconds, status)
        path = scope["path"]
        shown = path if path == "/score" else in_log(path)
        self._writer.note((time.time(), status, name, scope["method"], shown, seconds, size))
        if self._collection.wants_requests:
            self._collection.note(scope, headers, name, reply, seconds)
        return seconds

    async def _finish(self, asked: Asked, reply: Reply, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        """Answer at length what came the short way."""
        common = self._common(asked.head.headers, "/score")
        # Where the client has given one of the other ids, the log has that.
        new_id = self._new_id if asked.head.name else lambda: asked.name
        answer_ids(dict(asked.head.headers), common, new_id)
        size = await self._send(reply, common, scope, receive, send)
        self._count(scope, asked.head.headers, asked.name, asked.started, reply, size)

    def _check(self, scope: dict[str, Any], headers: dict[bytes, bytes]) -> None:
        """Refuse what comes from where it may not."""
        self._guard.check(scope, headers, own=bool(self._runtime.script.get("cors")))

    def _start(self, common: Headers, headers: dict[bytes, bytes], path: str) -> str:
        """Collect the headers that every answer has; returns the request's id."""
        common += self._common(headers, path)
        name, too_long = answer_ids(headers, common, self._new_id)
        if too_long:
            raise Refused(431, f"{too_long} must not exceed 100 characters")
        return name

    def _common(self, headers: dict[bytes, bytes], path: str) -> Headers:
        """Return the headers that every answer to a request has, but for its ids."""
        config, common = self._runtime.config, list[tuple[bytes, bytes]]()
        if config.cors_origins and path in _PUBLIC:
            common += self._score.cors.headers(headers.get(b"origin"))
        if config.server_version:
            common.append((b"x-ms-server-version", self._version))
        trace = headers.get(b"traceid")
        if trace is not None:
            common.append((b"traceid", trace))
        return common

    async def _route(
        self, scope: dict[str, Any], path: str, headers: dict[bytes, bytes], name: str, receive: Receive
    ) -> Reply:
        method = scope["method"]
        if scope["http_version"] != "1.1":
            _check_version(scope["http_version"], headers)
        if path == "/score" and method == "POST":
            return await self._score.answer(scope, headers, name, receive)
        if is_below(path):
            return await self._inference.answer(scope, path, headers, name, receive)
        allowed = _METHODS.get(UPLOADS if path.startswith(UPLOADS) else path)
        if allowed is None:
            raise Refused(404, f"There is no {path}; requests go to /score.")
        if method not in allowed and not (path == "/score" and method == "HEAD" and self._runtime.mode == "raw"):
            refused = f"{method} is not allowed on {path}."
            raise Refused(405, refused, [(b"allow", ", ".join(allowed).encode())])
        if path == "/score":
            return await self._score.answer(scope, headers, name, receive)
        if method == "OPTIONS":
            preflight = self._score.cors.preflight(headers) or []
            return Reply(200, b"", [(b"allow", ", ".join(allowed).encode()), *preflight])
        if path == "/":
            # It answers 200 from the first service on; later failures show in /-/ready.
            return Reply(503, b"Starting", _WAIT) if self._runtime.current is None else Reply(200, b"Healthy", _TEXT)
        if path == "/-/live":
            return Reply(200, b'{"live":true}')
        if path == "/-/ready":
            ready = self._runtime.ready and not self._runtime.stuck
            return Reply(200, b'{"ready":true}') if ready else Reply(503, b'{"ready":false}')
        if path == "/metrics":
            return self._metrics()
        if path == "/swagger.json":
            return self._swagger(scope)
        return await self._admin.answer(path, scope, headers, receive)

    def _is_answered_here(self, method: str, path: str, headers: dict[bytes, bytes]) -> bool:
        """Tell questions that browsers ask without credentials, and that no script sees."""
        if method != "OPTIONS" or path not in _METHODS:
            return False
        return path != "/score" or self._runtime.mode in _NOT_RAW or self._score.cors.preflight(headers) is not None

    def _metrics(self) -> Reply:
        from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

        runtime = self._runtime
        body = runtime.metrics.text(runtime.gauges(), resident_bytes(runtime.worker_pids()))
        return Reply(200, body, [(b"content-type", CONTENT_TYPE_PLAIN_0_0_4.encode())])

    def _swagger(self, scope: dict[str, Any]) -> Reply:
        query = parse_qs(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        runtime = self._runtime
        if runtime.current is None:
            raise Refused(503, "The script is still being loaded.", [(b"retry-after", b"1")])
        root = runtime.current.layout.app_root
        try:
            body = document(query.get("version", ["2"])[0], runtime.config, runtime.script, root)
        except NoDocument as error:
            raise Refused(404, str(error)) from None
        return Reply(200, body, failed=b"False")

    @staticmethod
    def _refusal(refused: Refused, path: str) -> Reply:
        failed = b"False" if path in {"/score", "/swagger.json"} and refused.status != 405 else b""
        key = "error" if is_below(path) else "message"
        return Reply(refused.status, encode({key: refused.message}), refused.headers, failed)

    async def _send(self, reply: Reply, common: Headers, scope: dict[str, Any], receive: Receive, send: Send) -> str:
        """Send an answer; returns its size, as the access line shows it."""
        headers, empty = answer_headers(reply, common), reply.status in WITHOUT_BODY
        if reply.stream is not None:
            await self._score.stream(reply, headers, receive, send)
            return "streamed"
        body = b"" if empty else reply.body
        if not empty:
            headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": reply.status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})
        return str(len(body))


def _check_version(version: str, headers: dict[bytes, bytes]) -> None:
    if version != "1.0":
        raise Refused(505, "This server speaks HTTP/1.1 and HTTP/1.0.", [(b"connection", b"close")])
    if b"transfer-encoding" in headers:
        # A proxy may have read its length differently (RFC 9112, section 6.1).
        raise Refused(400, "HTTP/1.0 has no Transfer-Encoding.", [(b"connection", b"close")])
