"""Many requests at once: how long they take, and how many fail."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import UsageProblem
from .connection import Connection, NoAnswer, Reply, TooSlow
from .invocation import Request

MOST_REQUESTS = 1_000_000
MOST_AT_ONCE = 64
PERCENTILES = (50, 95, 99)
_BARS = 12
_KEPT_OF_ERRORS = 4096
_TICK_SECONDS = 0.05
_QUIET_SECONDS = 0.5
NO_ANSWER, TOO_SLOW, CUT_OFF = "no answer", "too slow", "cut off"


@dataclass(frozen=True)
class Trouble:
    """One kind of failure."""

    kind: str  # the HTTP status, "no answer", "too slow" or "cut off"
    count: int  # of requests
    message: str  # about one of them
    request_id: str = ""  # of that one; empty if it has none


@dataclass(frozen=True)
class LatencyReport:
    """The times of many requests with one value."""

    service: str
    asked: int  # requests that were to be sent
    concurrency: int  # requests at once
    seconds: float  # from the first request to the last answer
    client: tuple[float, ...] = field(repr=False)  # seconds of each successful request, measured here, sorted
    # seconds of those in run(), sorted; empty if the service does not say
    server: tuple[float, ...] = field(repr=False)
    troubles: tuple[Trouble, ...] = ()  # the failed requests, by kind
    interrupted: bool = False  # whether it was ended before all were sent

    @property
    def failed(self) -> int:
        """Requests that failed."""
        return sum(trouble.count for trouble in self.troubles)

    @property
    def answered(self) -> int:
        """Requests that ended, successful or not."""
        return len(self.client) + self.failed

    @property
    def rate(self) -> float:
        """Requests that ended, per second."""
        return self.answered / self.seconds if self.seconds > 0 else 0.0

    def bars(self) -> list[tuple[float, float, int]]:
        """Count the successful requests by time, in bars of equal width: from, to (seconds) and count.

        The slowest 5 % may be in a wider last one.
        """
        return histogram(self.client)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, times in milliseconds."""
        return {
            "service": self.service,
            "requests": self.asked,
            "concurrency": self.concurrency,
            "answered": self.answered,
            "ok": len(self.client),
            "errors": {trouble.kind: trouble.count for trouble in self.troubles},
            "messages": [
                {"kind": one.kind, "message": one.message, "request_id": one.request_id} for one in self.troubles
            ],
            "seconds": round(self.seconds, 6),
            "requests_per_second": round(self.rate, 3),
            "client_ms": _milliseconds(self.client),
            "server_ms": _milliseconds(self.server),
            "histogram": [
                {"from_ms": round(low * 1000, 3), "to_ms": round(high * 1000, 3), "count": count}
                for low, high, count in self.bars()
            ],
            "interrupted": self.interrupted,
        }


def summary(times: Sequence[float]) -> dict[str, float]:
    """Return ``min``, ``p50``, ``p95``, ``p99`` and ``max`` of sorted times; empty if there are none."""
    if not times:
        return {}
    between = {f"p{percent}": percentile(times, percent) for percent in PERCENTILES}
    return {"min": times[0], **between, "max": times[-1]}


def percentile(times: Sequence[float], percent: float) -> float:
    """Return the nearest-rank percentile of sorted times: always a time that was measured."""
    return times[max(0, math.ceil(percent / 100 * len(times)) - 1)]


def histogram(times: Sequence[float]) -> list[tuple[float, float, int]]:
    """Count sorted times in bars of equal width: from, to and count; a long tail is one bar."""
    if not times:
        return []
    low, high = times[0], times[-1]
    usual = percentile(times, 95)
    has_tail = high - low > 2 * (usual - low) > 0
    top = usual if has_tail else high
    steps = min(_BARS, len(times)) - has_tail if top > low else 1
    width = (top - low) / steps
    counts = [0] * steps
    tail = 0
    for one in times:
        if one > top:
            tail += 1
        else:
            counts[min(steps - 1, int((one - low) / width)) if width else 0] += 1
    bars = [(low + width * index, low + width * (index + 1), count) for index, count in enumerate(counts)]
    return [*bars, (top, high, tail)] if tail else bars


def _milliseconds(times: Sequence[float]) -> dict[str, float]:
    return {name: round(seconds * 1000, 3) for name, seconds in summary(times).items()}


def check_load(requests: int, concurrency: int) -> None:
    """Refuse impossible numbers."""
    if not 1 <= requests <= MOST_REQUESTS:
        raise UsageProblem(f"{requests} requests cannot be sent.", hint=f"-n takes 1 to {MOST_REQUESTS:,}.")
    if not 1 <= concurrency <= MOST_AT_ONCE:
        raise UsageProblem(
            f"{concurrency} requests at once cannot be sent.",
            hint=f"-c takes 1 to {MOST_AT_ONCE}: each is a thread, and beyond that Python itself would be measured.",
        )


class Load:
    """Sends one request many times, with one connection per thread; ``timeout`` is in seconds per request."""

    def __init__(self, request: Request, requests: int, concurrency: int, timeout: float | None) -> None:
        self._request = request
        self._requests = requests
        self._connections = [
            Connection(request.url, timeout, request.certificate) for _ in range(min(concurrency, requests))
        ]
        self._lock = threading.Lock()
        self._begun = 0
        self._stopped = False
        self._replies: list[tuple[float, float | None]] = []
        self._counts: Counter[str] = Counter()
        # The last of each kind: the service keeps only the latest failures.
        self.samples: dict[str, Reply | str] = {}
        self.seconds = 0.0
        self.interrupted = False

    @property
    def answered(self) -> int:
        """Requests that got an answer of any kind."""
        return len(self._replies) + sum(count for kind, count in self._counts.items() if kind != NO_ANSWER)

    def run(self, progress: Callable[[str], None]) -> None:
        """Send the requests; Ctrl-C ends it, with what was measured so far."""
        threads = [threading.Thread(target=self._lane, args=(one,), daemon=True) for one in self._connections]
        started = time.perf_counter()
        try:
            for thread in threads:
                thread.start()
            self._watch(threads, progress, started)
        except KeyboardInterrupt:
            self.interrupted = True
        finally:
            self._stopped = True
            self.seconds = time.perf_counter() - started
            for connection in self._connections:
                connection.abort()
            for thread in threads:
                if thread.ident is not None:
                    thread.join(timeout=1)

    def _watch(self, threads: list[threading.Thread], progress: Callable[[str], None], started: float) -> None:
        told = 0
        for thread in threads:
            while thread.is_alive():
                thread.join(_TICK_SECONDS)
                done = len(self._replies) + sum(self._counts.values())
                tenths = 10 * done // self._requests
                if tenths > told and time.perf_counter() - started > _QUIET_SECONDS:
                    told = tenths
                    progress(f"{done:,} of {self._requests:,} requests")

    def _lane(self, connection: Connection) -> None:
        body, headers = self._request.payload.body, self._request.headers
        with connection:
            while self._next():
                try:
                    reply = connection.post(body, headers, keep=_KEPT_OF_ERRORS)
                except NoAnswer as error:
                    if not self._stopped:
                        self._failed(NO_ANSWER, str(error))
                except TooSlow as error:
                    self._failed(TOO_SLOW, f"not within {error}")
                else:
                    if 200 <= reply.status < 300 and reply.whole:
                        with self._lock:
                            self._replies.append((reply.seconds, reply.run_seconds))
                    elif reply.whole or not self._stopped:
                        self._failed(str(reply.status) if reply.whole else CUT_OFF, reply)

    def _next(self) -> bool:
        with self._lock:
            if self._stopped or self._begun >= self._requests:
                return False
            self._begun += 1
            return True

    def _failed(self, kind: str, what: Reply | str) -> None:
        with self._lock:
            self._counts[kind] += 1
            self.samples[kind] = what

    def report(self, service: str, explain: Callable[[Reply], str]) -> LatencyReport:
        """Sum up the requests that ended; ``explain`` says why a reply is no answer."""
        troubles = []
        for kind, count in self._counts.most_common():
            sample = self.samples[kind]
            if isinstance(sample, str):
                troubles.append(Trouble(kind, count, sample))
            else:
                troubles.append(Trouble(kind, count, explain(sample), sample.request_id))
        inside = [seconds for _, seconds in self._replies if seconds is not None]
        return LatencyReport(
            service,
            self._requests,
            len(self._connections),
            self.seconds,
            tuple(sorted(seconds for seconds, _ in self._replies)),
            tuple(sorted(inside)),
            tuple(troubles),
            self.interrupted,
        )
