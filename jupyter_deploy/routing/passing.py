"""Passing requests on with aiohttp: the instances of each deployment, their health, and what was counted of them."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import itertools
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

import aiohttp
from multidict import CIMultiDict
from yarl import URL

from ..endpoints import MIRRORED
from .rules import Backend, Pool

_LATENCIES = 10_000
_CHECK_SECONDS = 1.0
_CHECK_TIMEOUT = aiohttp.ClientTimeout(total=2.0)
_UNHEALTHY_AFTER = 2
# Shorter than the 75 s after which a server closes an idle connection, so that no request meets that moment.
_IDLE_SECONDS = 60.0
_CONNECT_SECONDS = 2.0
_RETRY_SECONDS = (0.0, 0.025, 0.1, 0.25)
# Who holds requests of deployments that sleep is a process that may just be being started again: for about ten seconds.
_RETRY_ASLEEP = (*_RETRY_SECONDS, *[0.25] * 40)
_OF_CONNECTIONS = {
    "connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "te", "trailer", "transfer-encoding",
    "upgrade",
}  # fmt: skip


class NoInstance(Exception):
    """No instance of a deployment has taken the request."""


@dataclass
class Counts:
    """What was counted of a deployment."""

    requests: int = 0
    failed: int = 0
    mirrored: int = 0
    mirror_failed: int = 0
    active: int = 0
    latencies: collections.deque[float] = field(default_factory=lambda: collections.deque(maxlen=_LATENCIES))

    def answered(self, status: int, seconds: float) -> None:
        """Count an answer."""
        self.requests += 1
        self.failed += status >= 500
        self.latencies.append(seconds * 1000)

    def as_dict(self) -> dict[str, float | int | None]:
        """Return the numbers of a :class:`~.router.PoolNumbers`."""
        ranked = sorted(self.latencies)

        def rank(share: float) -> float | None:
            return ranked[min(len(ranked) - 1, int(share * len(ranked)))] if ranked else None

        whole = ("requests", "failed", "mirrored", "mirror_failed", "active")
        return {**{name: getattr(self, name) for name in whole}, "p50_ms": rank(0.5), "p95_ms": rank(0.95)}


class Instances:
    """Connections to instances, and which of them are well."""

    def __init__(self) -> None:
        self.busy: collections.Counter[Backend] = collections.Counter()
        self._sessions: dict[str, aiohttp.ClientSession] = {}
        self._failures: collections.Counter[Backend] = collections.Counter()

    def session(self, one: Backend) -> aiohttp.ClientSession:
        """Return the session that reaches an instance: one for all addresses, and one for each Unix socket."""
        if one.path not in self._sessions:
            how = {"limit": 0, "keepalive_timeout": _IDLE_SECONDS}
            connector = aiohttp.UnixConnector(one.path, **how) if one.path else aiohttp.TCPConnector(**how)  # type: ignore[arg-type]
            self._sessions[one.path] = aiohttp.ClientSession(
                connector=connector,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_SECONDS),
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            )
        return self._sessions[one.path]

    def well(self, pool: Pool) -> list[Backend]:
        """Return the instances that are well; all of them where none is, as that may be the checks' mistake."""
        found = [one for one in pool.backends if self._failures[one] < _UNHEALTHY_AFTER]
        return found or list(pool.backends)

    def refused(self, one: Backend) -> None:
        """Count an instance that could not be reached as not well, until it answers a check."""
        self._failures[one] = _UNHEALTHY_AFTER

    async def check(self, pool: Pool) -> None:
        """Ask each instance whether it is ready; one behind a Unix socket is never asked: that would wake it."""
        await asyncio.gather(*(self._check(pool, one) for one in pool.backends if not one.path))

    async def _check(self, pool: Pool, one: Backend) -> None:
        well = False
        with contextlib.suppress(aiohttp.ClientError, OSError, asyncio.TimeoutError):
            asked = self.session(one).get(url_of(one, pool.readiness), timeout=_CHECK_TIMEOUT)
            async with asked as answer:
                well = answer.status == 200
        self._failures[one] = 0 if well else self._failures[one] + 1

    @contextlib.asynccontextmanager
    async def asked(
        self,
        backends: list[Backend],
        method: str,
        target: str,
        headers: Mapping[str, str],
        body: AsyncIterator[bytes] | bytes | None,
        seconds: float,
    ) -> AsyncIterator[tuple[Backend, aiohttp.ClientResponse]]:
        """Ask the first of some instances that takes a connection; a request is sent to one only.

        Raises
        ------
        NoInstance
            If none takes it, or the one that took it does not answer.
        asyncio.TimeoutError
            After so many seconds; 0 for no limit.
        """
        until = time.monotonic() + seconds if seconds else None
        pauses = _RETRY_ASLEEP if any(one.path for one in backends) else _RETRY_SECONDS
        for pause, one in zip(pauses, itertools.cycle(backends)):
            await asyncio.sleep(pause)
            limit = aiohttp.ClientTimeout(
                total=max(0.001, until - time.monotonic()) if until else None, sock_connect=_CONNECT_SECONDS
            )
            how = {"headers": headers, "data": body, "timeout": limit, "allow_redirects": False}
            self.busy[one] += 1
            try:
                async with self.session(one).request(method, url_of(one, target), **how) as answer:  # type: ignore[arg-type]
                    yield one, answer
                    return
            except aiohttp.ClientConnectorError:
                # Nothing of it was sent, so another one may have it.
                self.refused(one)
            except aiohttp.ServerDisconnectedError as error:
                raise NoInstance from error
            except aiohttp.ClientOSError as error:
                raise NoInstance from error
            finally:
                self.busy[one] -= 1
        raise NoInstance

    async def close(self) -> None:
        """Close all connections."""
        for session in self._sessions.values():
            await session.close()


def url_of(one: Backend, target: str) -> URL:
    """Return where an instance is asked, with the target as it was judged: ``..`` in it must not lead elsewhere."""
    return URL(f"http://{'localhost' if one.path else f'{one.host}:{one.port}'}{target}", encoded=True)


def passed_on(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """Return the headers that go from one side to the other: not those of the connection itself."""
    dropped = _OF_CONNECTIONS | {word.strip().lower() for word in headers.get("connection", "").split(",")}
    kept = CIMultiDict[str]()
    for name, value in headers.items():
        if name.lower() not in dropped and name.lower() != MIRRORED:
            kept.add(name, value)
    return kept
