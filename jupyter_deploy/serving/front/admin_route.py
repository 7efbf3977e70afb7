"""The admin routes: the service's state, uploads, a reload, other credentials; behind a token."""

from __future__ import annotations

import asyncio
import hmac
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import orjson

from ...errors import DeployError
from ..answers import encode
from ..config import FIXED, with_settings
from ..credentials import Credentials
from ..layout import Layout, layout_of_bundle
from ..logs import log
from ..telemetry import check_installed
from .authorization import Authorization
from .bodies import read_body
from .collection import Collection
from .handover import HandOver
from .links import ScriptFailed
from .replies import ClientGone, Receive, Refused, Reply, until_gone
from .requestids import in_log
from .runtime import Runtime
from .uploads import ROUTE, Missing, Uploads
from .usage import usage

# A limit of its own: the clients' body_limit is not meant for the owner.
_BODY_LIMIT = 100 << 20
_COLLECTED_SECONDS = 1.0
_KEYS = ("bundle", "digest", "workers", "settings", "sample")


class Admin:
    """Answers ``/-/state``, ``/-/reload``, ``/-/auth``, ``/-/listener``, ``/-/leave`` and ``/-/bundles/<digest>``.

    An empty token closes them.
    """

    def __init__(
        self,
        runtime: Runtime,
        token: str,
        uploads: Uploads,
        authorization: Authorization,
        collection: Collection,
        hand_over: HandOver,
    ) -> None:
        self._hand_over = hand_over
        self._runtime = runtime
        self._uploads, self._collection = uploads, collection
        self._authorization = authorization
        self._token = token.encode()

    async def answer(self, path: str, scope: dict[str, Any], headers: dict[bytes, bytes], receive: Receive) -> Reply:
        """Answer one of the routes in JSON; without the token, the request is refused."""
        given = headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        if not self._token or not hmac.compare_digest(given, self._token):
            raise Refused(401, "This route needs the service's own admin token.")
        if path == "/-/state":
            # What is collected is read after this question: it is on disk by then.
            await self._collection.settle(_COLLECTED_SECONDS)
            asked = parse_qs(scope["query_string"].decode("latin-1"))
            facts = {
                **self._runtime.facts(),
                "asked": self._runtime.failures.get(in_log(asked.get("failure", [""])[0])),
            }
            facts |= {"usage": usage()} if "usage" in asked else {}
            facts |= {"doing": await self._runtime.doing()} if "doing" in asked else {}
            return Reply(200, encode(facts))
        if path.startswith(ROUTE):
            new = await self._uploads.take(path.removeprefix(ROUTE), headers, receive)
            return Reply(201 if new else 200, b"{}")
        body = await read_body(receive, headers, _BODY_LIMIT)
        if path == "/-/listener":
            return self._offer(body)
        if path == "/-/leave":
            return self._leave()
        return self._authorize(body) if path == "/-/auth" else await self._reload(body, receive)

    def _offer(self, body: bytes) -> Reply:
        """Hand a listening socket to another process of the same user."""
        try:
            values = orjson.loads(body)
            path, port, moves = str(values["path"]), int(values["port"]), bool(values["connections"])
            given = self._hand_over.offer(path, port, moves=moves)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            raise Refused(400, f"The body must be a JSON object with path, port and connections: {error}.") from error
        except OSError as error:
            raise Refused(409, f"Nobody takes the socket: {error.strerror or error}.") from error
        if not given:
            raise Refused(409, f"This server has no socket on port {port} to hand over.")
        log.info("another server may take over port %d", port)
        return Reply(200, b"{}")

    def _leave(self) -> Reply:
        """End the server, and leave its container to those that have its network."""
        if self._hand_over.leave is None:
            raise Refused(409, "This server is not in a container of its own.")
        self._hand_over.leave()
        return Reply(202, b"{}")

    def _authorize(self, body: bytes) -> Reply:
        """Take other credentials. The target that sends them has put them where the next start reads them."""
        try:
            credentials = Credentials.from_json(orjson.loads(body))
        except orjson.JSONDecodeError:
            # The parser's own words could quote a key.
            raise Refused(400, "The body must be a JSON object with credentials.") from None
        except (ValueError, TypeError) as error:
            raise Refused(400, f"The credentials cannot be used: {error}.") from None
        try:
            self._authorization.use(credentials)
        except ImportError:
            raise Refused(422, "Tokens need PyJWT, which is not installed where this server runs.") from None
        log.info("clients need from now on: %s", {"none": "nothing"}.get(credentials.kind, f"a {credentials.kind}"))
        return Reply(200, encode({"auth": credentials.kind}))

    def _wanted(self, body: bytes) -> tuple[Layout | None, int | None, dict[str, Any]]:
        """Read what to serve; a body without a bundle means the same files, as they are now."""
        try:
            values = orjson.loads(body or b"{}")
            unknown = sorted(set(values) - set(_KEYS))
            if unknown:
                raise Refused(400, f"Unknown key {unknown[0]!r}; known are {', '.join(_KEYS)}.")
            layout = layout_of_bundle(Path(values["bundle"])) if values.get("bundle") else None
            layout = self._uploads.layout(values["digest"]) if values.get("digest") else layout
            if layout is None and self._runtime.current is None:
                raise Refused(400, "Nothing is served yet: name a bundle.")
            settings = dict(values.get("settings") or {})
            fixed = sorted(settings.keys() & set(FIXED))
            if fixed:
                raise Refused(400, f"The setting {fixed[0]!r} cannot be changed while the server runs.")
            if values.get("sample") is not None:
                settings["sample"] = values["sample"]
            workers = {"workers": values["workers"]} if values.get("workers") is not None else {}
            # Only an early check: the base settings are known when earlier reloads are done.
            wanted = with_settings(self._runtime.config, {**settings, **workers}, "settings")
            if wanted.otlp_endpoint:
                check_installed()
            return layout, values.get("workers"), settings
        except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError) as error:
            raise Refused(400, f"The body must be a JSON object with a bundle: {error}.") from error
        except DeployError as error:
            raise Refused(400, f"{error.message} {error.hint or ''}".rstrip()) from error

    async def _reload(self, body: bytes, receive: Receive) -> Reply:
        try:
            layout, workers, settings = self._wanted(body)
        except Missing as missing:
            return Reply(409, encode({"message": missing.message, "models": missing.models}))
        started = time.perf_counter()
        old, there = self._runtime.current, self._uploads.there()
        loading = asyncio.ensure_future(self._runtime.load(layout, workers, settings))
        gone = asyncio.ensure_future(until_gone(receive))
        await asyncio.wait({loading, gone}, return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        if not loading.done():
            # The caller gave up (Ctrl-C): the old generation stays.
            loading.cancel()
            await asyncio.wait({loading})
            raise ClientGone
        try:
            generation = loading.result()
        except ScriptFailed as failed:
            return Reply(422, encode({"message": str(failed), "failure": failed.failure.as_dict()}))
        except ConnectionError as error:
            return Reply(422, encode({"message": f"The new worker did not start: {error}.", "failure": None}))
        milliseconds = (time.perf_counter() - started) * 1000
        facts = {"generation": generation.number, "milliseconds": milliseconds}
        bundles = self._runtime.bundles()
        self._uploads.retire(there, self._runtime.bundles, [link.closed for link in old.links] if old else [])
        # Earlier packages read the folder of the code.
        return Reply(200, encode({**facts, "bundles": bundles, "app_roots": [f"{bundle}/code" for bundle in bundles]}))
