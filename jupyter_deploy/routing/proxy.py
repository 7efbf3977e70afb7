"""``python -m jupyter_deploy.routing.proxy FOLDER``: a router without Envoy, on aiohttp.

It reads ``rules.json`` in the folder, and reads it again when it is asked to on its admin socket. What it answers is
what Envoy answers with the same rules. It has no WebSockets, and an instance's share of processor time is larger.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import signal
import socket
import ssl
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiohttp
from aiohttp import web

from ..endpoints import HEADER, MIRRORED
from .deciding import Decisions, Refusal, most_of, told_status
from .passing import Counts, Instances, NoInstance, passed_on
from .rulefile import RULES, read_rules
from .rules import Pool
from .standby import LOOPBACK_DEVICE, SO_BINDTODEVICE, STANDS_BY, reserve

_CHECK_SECONDS = 1.0
_LARGEST_COPY = 64 << 20
_PIECE = 1 << 16
_SCORE = "/score"


class Proxy:
    """One endpoint's router.

    Parameters
    ----------
    folder : pathlib.Path
        Where the rules are.
    access_log : pathlib.Path
        Gets a line of JSON for each request.
    """

    def __init__(self, folder: Path, access_log: Path) -> None:
        self._folder, self._access_log = folder, access_log
        self._log = access_log.open("a", encoding="utf-8")
        self._decisions = Decisions(read_rules((folder / RULES).read_text()))
        self._instances = Instances()
        self.counts: dict[str, Counts] = {}
        self._copies: set[asyncio.Task[None]] = set()
        self.certificate = self._decisions.rules.certificate
        self.ending = asyncio.Event()

    async def use(self) -> None:
        """Read the rules again; they are in force when new instances have answered once."""
        found = Decisions(read_rules((self._folder / RULES).read_text()))
        await asyncio.gather(*(self._instances.check(pool) for pool in found.rules.pools))
        self._decisions = found
        self.counts = {name: self._counts(name) for name in found.pools}
        if found.rules.certificate != self.certificate:
            # The watcher starts it again; clients that come meanwhile are held.
            self.ending.set()

    def _counts(self, name: str) -> Counts:
        return self.counts.setdefault(name, Counts())

    def reopen(self) -> None:
        """Begin a new access log, after the old one was renamed."""
        self._log.close()
        self._log = self._access_log.open("a", encoding="utf-8")

    async def checks(self) -> None:
        """Look after the health of all instances, and have the access log written."""
        while True:
            await asyncio.gather(*(self._instances.check(pool) for pool in self._decisions.rules.pools))
            self._log.flush()
            await asyncio.sleep(_CHECK_SECONDS)

    async def close(self) -> None:
        """Let go of instances and log."""
        for task in self._copies:
            task.cancel()
        await self._instances.close()
        self._log.close()

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        began, decisions = time.perf_counter(), self._decisions
        headers = {name.lower(): value for name, value in request.headers.items()}
        name = headers.get("x-ms-request-id") or headers.get("x-request-id") or str(uuid.uuid4())
        decided = decisions.of(request.path, headers, random.random())  # noqa: S311 - shares, not secrets
        noted: dict[str, Any] = {"deployment": None, "instance": None, "why": None}
        if isinstance(decided, Refusal):
            given: web.StreamResponse = _said(decided)
        else:
            noted["deployment"] = decided.name
            counts = self._counts(decided.name)
            if counts.active >= most_of(decided):
                busy = "The deployment has as many requests as it takes at once. Try again later."
                given, noted["why"] = _said(Refusal(429, busy), decided.name), "UO"
            else:
                counts.active += 1
                try:
                    given = await self._passed(request, decided, headers, name, noted)
                finally:
                    counts.active -= 1
        took = time.perf_counter() - began
        self._note(request, given, name, took, noted)
        return given

    async def _passed(
        self, request: web.BaseRequest, pool: Pool, headers: dict[str, str], name: str, noted: dict[str, Any]
    ) -> web.StreamResponse:
        began, counts, rules = time.perf_counter(), self._counts(pool.name), self._decisions.rules
        sent = passed_on(request.headers)
        sent.setdefault("x-request-id", name)
        sent.setdefault("x-ms-request-id", name)
        if rules.inner_key:
            sent["authorization"] = f"Bearer {rules.inner_key}"
        body: Any = request.content if request.body_exists else None
        copied = self._decisions.copied_to(headers.get(HEADER), random.random())  # noqa: S311
        if copied and (request.content_length or 0) <= _LARGEST_COPY:
            body = await request.read()
            self._copy(copied, request, sent, body)
        order = self._decisions.order(self._instances.well(pool), headers, self._instances.busy)
        try:
            asked = self._instances.asked(
                order, request.method, _target(pool, request), sent, body, pool.limits.timeout_ms / 1000
            )
            async with asked as (instance, answer):
                noted["instance"] = instance.path or f"{instance.host}:{instance.port}"
                counts.answered(answer.status, time.perf_counter() - began)
                return await _relayed(request, answer, pool.name)
        except TimeoutError:
            counts.answered(504, time.perf_counter() - began)
            noted["why"] = "UT"
            return _said(Refusal(408, "The request took longer than the deployment's request_timeout_ms."), pool.name)
        except NoInstance:
            counts.answered(503, time.perf_counter() - began)
            noted["why"] = "UF"
            return _said(Refusal(503, f"Deployment {pool.name} has no instance that answers."), pool.name)

    def _copy(self, pool: Pool, request: web.BaseRequest, sent: Any, body: bytes) -> None:
        headers, target = {**sent, MIRRORED: "true"}, _target(pool, request)
        task = asyncio.get_running_loop().create_task(self._copied(pool, request.method, target, headers, body))
        self._copies.add(task)
        task.add_done_callback(self._copies.discard)

    async def _copied(self, pool: Pool, method: str, target: str, headers: dict[str, str], body: bytes) -> None:
        """Send a copy; what becomes of it is only counted."""
        counts, status = self._counts(pool.name), 503
        order = self._decisions.order(self._instances.well(pool), {}, self._instances.busy)
        with contextlib.suppress(NoInstance, TimeoutError, aiohttp.ClientError):
            asked = self._instances.asked(order, method, target, headers, body, pool.limits.timeout_ms / 1000)
            async with asked as (_, answer):
                status = answer.status
                await answer.read()
        counts.mirrored += 1
        counts.mirror_failed += status >= 500

    def _note(
        self, request: web.BaseRequest, given: web.StreamResponse, name: str, took: float, noted: dict[str, Any]
    ) -> None:
        line = {
            "time": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "request_id": name,
            "method": request.method,
            "path": request.path,
            "status": given.status,
            **noted,
            "milliseconds": int(took * 1000),
            "sent": given.content_length or 0,
            "received": request.content_length or 0,
        }
        self._log.write(json.dumps(line) + "\n")


def _target(pool: Pool, request: web.BaseRequest) -> str:
    """Return what an instance is asked for: the server of a user's image has a route of its own."""
    target = request.path_qs
    at_score = target == _SCORE or target.startswith(f"{_SCORE}?")
    return pool.scoring + target[len(_SCORE) :] if at_score and pool.scoring != _SCORE else target


def _said(refusal: Refusal, deployment: str = "") -> web.Response:
    headers = {**refusal.headers, **({HEADER: deployment} if deployment else {})}
    body = json.dumps({"message": refusal.message}).encode()
    return web.Response(status=refusal.status, body=body, content_type="application/json", headers=headers)


async def _relayed(request: web.BaseRequest, answer: aiohttp.ClientResponse, deployment: str) -> web.StreamResponse:
    """Pass an answer on as it comes."""
    headers = passed_on(answer.headers)
    status = told_status(answer.status, answer.headers)
    if status != answer.status:
        headers["ms-azureml-model-error-statuscode"] = str(answer.status)
    headers[HEADER] = deployment
    whole = answer.content_length is not None and answer.content_length <= _PIECE
    if whole:
        return web.Response(status=status, body=await answer.read(), headers=headers)
    given = web.StreamResponse(status=status, headers=headers)
    await given.prepare(request)
    async for piece in answer.content.iter_any():
        await given.write(piece)
    await given.write_eof()
    return given


async def _asked(proxy: Proxy, request: web.BaseRequest) -> web.StreamResponse:
    """Answer on the admin socket."""
    if request.path == "/rules":
        await proxy.use()
    elif request.path == "/reopen_logs":
        proxy.reopen()
    elif request.path == "/numbers":
        return web.json_response({name: counts.as_dict() for name, counts in proxy.counts.items()})
    return web.Response(text="LIVE")


async def serve(folder: Path, plan: dict[str, Any]) -> None:
    """Route until SIGTERM."""
    proxy = Proxy(folder, Path(plan["access_log"]))
    context = None
    if proxy.certificate is not None:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(proxy.certificate.file, proxy.certificate.key_file)
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, proxy.ending.set)
    public = web.ServerRunner(web.Server(proxy.answer, access_log=None), shutdown_timeout=2.0)
    admin = web.ServerRunner(web.Server(lambda request: _asked(proxy, request), access_log=None))
    await public.setup()
    await admin.setup()
    await proxy.use()
    listener = reserve(plan["port"])
    if STANDS_BY:
        # Preferred to the standby's.
        listener.setsockopt(socket.SOL_SOCKET, SO_BINDTODEVICE, LOOPBACK_DEVICE)
    await web.SockSite(public, listener, ssl_context=context, backlog=1024).start()
    for runner, place, given in ((public, plan["inner"], context), (admin, plan["admin"], None)):
        await web.UnixSite(runner, place, ssl_context=given).start()
        Path(place).chmod(0o600)
    checks = asyncio.get_running_loop().create_task(proxy.checks())
    await proxy.ending.wait()
    checks.cancel()
    await public.cleanup()
    await admin.cleanup()
    await proxy.close()


def main(folder: Path) -> int:
    """Route; returns the exit code."""
    from .watcher import PLAN

    with contextlib.suppress(ImportError):
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(serve(folder, json.loads((folder / PLAN).read_text())))
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
