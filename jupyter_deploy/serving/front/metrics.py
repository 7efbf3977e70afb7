"""The service's counters, as Prometheus reads them.

Counting must cost less than what is counted: numbers are kept in plain lists, and only a scrape makes
prometheus-client's metrics of them.
"""

from __future__ import annotations

import collections
import os
import time
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from .traffic import Traffic

SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0)


class Histogram:
    """Counts of observations below each of the ascending bounds."""

    __slots__ = ("bounds", "counts", "total")

    def __init__(self, bounds: tuple[float, ...]) -> None:
        self.bounds = bounds
        self.counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, value: float) -> None:
        """Count a value in the bounds' unit."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def buckets(self) -> list[tuple[str, float]]:
        """Return Prometheus's cumulative buckets: upper bound and count; the last bound is ``+Inf``."""
        found, sum_so_far = [], 0
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            sum_so_far += count
            found.append((bound, float(sum_so_far)))
        return found


class Metrics:
    """One server's numbers; the service's name is their label."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.requests: collections.Counter[int] = collections.Counter()
        self.queue = Histogram(SECONDS)
        self.run = Histogram(SECONDS)
        self.total = Histogram(SECONDS)
        self.batches = Histogram(SIZES)
        self.traffic = Traffic(time.perf_counter())
        self.timeouts = 0
        self.reloads: collections.Counter[str] = collections.Counter()

    def text(self, now: dict[str, float], memory: dict[int, int]) -> bytes:
        """Write Prometheus's text format for a scrape.

        ``now`` has ``in_flight``, ``waiting``, ``generation``, ``restarts`` and ``workers``; ``memory`` has resident
        bytes by the worker's pid.
        """
        from prometheus_client import CollectorRegistry, generate_latest

        registry = CollectorRegistry()
        registry.register(_Collected(lambda: self._families(now, memory)))
        return bytes(generate_latest(registry))

    def _families(self, now: dict[str, float], memory: dict[int, int]) -> Iterator[Any]:
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

        def counter(name: str, text: str, counts: Iterable[tuple[str, float]], label: str = "") -> Any:
            family = CounterMetricFamily(name, text, labels=["service", *([label] if label else [])])
            for value, count in counts:
                family.add_metric([self.name, *([value] if label else [])], count)
            return family

        def gauge(name: str, text: str, value: float) -> Any:
            family = GaugeMetricFamily(name, text, labels=["service"])
            family.add_metric([self.name], value)
            return family

        statuses = [(str(status), float(count)) for status, count in sorted(self.requests.items())]
        yield counter("model_requests", "Answered requests to /score.", statuses, "status")
        for name, text, histogram in (
            ("model_queue_seconds", "From the request's last byte until a worker got it.", self.queue),
            ("model_run_seconds", "How long run() took.", self.run),
            ("model_request_seconds", "From the request's head until its answer.", self.total),
            ("model_batch_size", "How many requests were predicted together.", self.batches),
        ):
            family = HistogramMetricFamily(name, text, labels=["service"])
            family.add_metric([self.name], histogram.buckets(), histogram.total)
            yield family
        yield gauge("model_requests_in_flight", "Requests that a worker holds.", now["in_flight"])
        yield gauge("model_requests_waiting", "Requests that wait for a worker.", now["waiting"])
        yield gauge("model_generation", "Which version of code and models serves; counts reloads.", now["generation"])
        yield gauge("model_workers", "Workers that serve.", now["workers"])
        yield counter("model_worker_restarts", "Workers that were replaced.", [("", now["restarts"])])
        yield counter("model_timeouts", "Requests whose run() took too long.", [("", float(self.timeouts))])
        reloads = [(outcome, float(self.reloads[outcome])) for outcome in ("succeeded", "failed")]
        yield counter("model_reloads", "Changes of code or models.", reloads, "outcome")
        resident = GaugeMetricFamily(
            "model_worker_memory_bytes", "Resident memory of each worker.", labels=["service", "pid"]
        )
        for pid, size in sorted(memory.items()):
            resident.add_metric([self.name, str(pid)], size)
        yield resident


class _Collected:
    def __init__(self, collect: Callable[[], Iterator[Any]]) -> None:
        self.collect = collect


def resident_bytes(pids: Iterable[int]) -> dict[int, int]:
    """Return the resident bytes of processes; those that are gone are left out, and all where there is no ``/proc``."""
    found = {}
    page = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
    for pid in pids:
        try:
            found[pid] = int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * page
        except (OSError, ValueError, IndexError):
            continue
    return found
