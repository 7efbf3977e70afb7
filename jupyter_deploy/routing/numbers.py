"""What Envoy has counted, by deployment."""

from __future__ import annotations

import re
from collections import defaultdict

from .admin import EnvoyAdmin
from .configuration import MIRROR_SUFFIX
from .router import PoolNumbers

_COUNTED = r"^cluster\..*\.(upstream_rq_completed|upstream_rq_5xx|upstream_rq_active|upstream_rq_time)$"
_LINE = re.compile(r"cluster\.(?P<pool>[^.]+(?:\.mirror)?)\.upstream_rq_(?P<what>completed|5xx|active)")


def numbers_of(admin: EnvoyAdmin) -> dict[str, PoolNumbers]:
    """Ask for the counters and latencies of all deployments.

    Raises
    ------
    ServiceDown
        If Envoy does not answer.
    """
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for name, value in admin.stats(_COUNTED).items():
        line = _LINE.fullmatch(name)
        if line and value.isdecimal():
            found[line["pool"]][line["what"]] = int(value)
    latencies = admin.histograms(_COUNTED)
    return {
        pool: _numbers(
            counts, found.get(f"{pool}{MIRROR_SUFFIX}", {}), latencies.get(f"cluster.{pool}.upstream_rq_time", {})
        )
        for pool, counts in found.items()
        if not pool.endswith(MIRROR_SUFFIX)
    }


def _numbers(counts: dict[str, int], mirror: dict[str, int], latency: dict[float, float]) -> PoolNumbers:
    missing = float("nan")
    return PoolNumbers(
        requests=counts.get("completed", 0),
        failed=counts.get("5xx", 0),
        mirrored=mirror.get("completed", 0),
        mirror_failed=mirror.get("5xx", 0),
        active=counts.get("active", 0) + mirror.get("active", 0),
        p50_ms=latency.get(50, missing),
        p95_ms=latency.get(95, missing),
    )
