"""What one model needs and gives when it serves, as it was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from ..invoking import FailedRow, percentile

GB = 1 << 30
LEAST_CPUS, MOST_CPUS = 0.1, 3.5
LEAST_GB, MOST_GB = 0.1, 15.0
_SPARE_CPUS, _SPARE_MEMORY = 1.2, 1.25
Bar = tuple[float, float, int]


@dataclass(frozen=True)
class Latencies:
    """Seconds of the requests that went well. Percentiles are of the nearest rank: each is a time that was measured."""

    mean: float
    fastest: float
    p50: float
    p90: float
    p95: float
    p99: float
    p999: float
    slowest: float

    @classmethod
    def of(cls, times: Sequence[float]) -> Latencies | None:
        """Sum up sorted times; None where there are none."""
        if not times:
            return None
        p50, p90, p95, p99, p999 = (percentile(times, percent) for percent in (50, 90, 95, 99, 99.9))
        return cls(sum(times) / len(times), times[0], p50, p90, p95, p99, p999, times[-1])


@dataclass(frozen=True)
class Trouble:
    """Why a profile failed: the error's class, and what it says."""

    code: str
    message: str
    details: str = ""
    hint: str = ""


@dataclass(frozen=True)
class Profile:
    """A profile of one model, script and environment.

    Parameters
    ----------
    name, description, target : str
        As they were given; where it was measured.
    state : str
        ``"Succeeded"``; ``"Cancelled"``: Ctrl-C ended it, and the numbers are of the rows until then; ``"Failed"``:
        the server did not start, or no row went well.
    created : datetime.datetime
        When it was measured.
    requested_cpus, requested_memory : float, int
        The limits that were asked for, in processors and bytes; where none were, what the server could use.
    limits : str
        ``"enforced"``, ``"not enforced"`` where the target has no limits, ``""`` where none were asked for.
    rows, succeeded, failed : int
        Rows of the data set; answers that were right; requests that failed.
    seconds : float
        While a request was open.
    init_seconds : float
        How long loading the script and ``init()`` took.
    latency : Latencies or None
        None where no request went well.
    bars : tuple of (float, float, int)
        A histogram of the same times: from, to (seconds), how many.
    busy_cpus, max_cpus : float
        Processor seconds in a second while requests were open, and the most of them in any quarter of a second.
    max_memory : int
        The most bytes that were seen at a time, from the server's start on; it was looked at ten times a second.
    errors : tuple of FailedRow
        The first few requests that failed.
    trouble : Trouble or None
        Why it failed.
    log : str
        Where the server's log is kept; only of one that failed.
    notes : tuple of str
        What was decided for the user, and what is doubtful.
    """

    name: str
    state: str
    created: datetime
    description: str = ""
    target: str = ""
    requested_cpus: float = 0.0
    requested_memory: int = 0
    limits: str = ""
    rows: int = 0
    succeeded: int = 0
    failed: int = 0
    seconds: float = 0.0
    init_seconds: float = 0.0
    latency: Latencies | None = None
    bars: tuple[Bar, ...] = ()
    busy_cpus: float = 0.0
    max_cpus: float = 0.0
    max_memory: int = 0
    errors: tuple[FailedRow, ...] = ()
    trouble: Trouble | None = None
    log: str = ""
    notes: tuple[str, ...] = ()

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it before all rows were sent."""
        return self.state == "Cancelled"

    @property
    def sent(self) -> int:
        """Requests that ended, well or not."""
        return self.succeeded + self.failed

    @property
    def success_rate(self) -> float:
        """Percent of the requests that ended."""
        return 100 * self.succeeded / self.sent if self.sent else 0.0

    @property
    def rate(self) -> float:
        """Requests in a second, sent one after the other."""
        return self.sent / self.seconds if self.seconds > 0 else 0.0

    @property
    def recommended_cpus(self) -> float | None:
        """The busy use of processors and a fifth more, rounded up to a tenth, from 0.1 to 3.5."""
        return _upwards(self.busy_cpus * _SPARE_CPUS, LEAST_CPUS, MOST_CPUS) if self.latency else None

    @property
    def recommended_gb(self) -> float | None:
        """The most memory used, ``init()`` included, and a quarter more, rounded up to a tenth, from 0.1 to 15 GB."""
        known = self.latency and self.max_memory
        return _upwards(self.max_memory / GB * _SPARE_MEMORY, LEAST_GB, MOST_GB) if known else None

    def details(self) -> dict[str, Any]:
        """Return the values by Azure ML's keys, without those that are None.

        Memory in GB is under both spellings, ``…InGB`` and ``…InGb``: the service has one, its documents the other.
        A GB is 2**30 bytes, as for ``--memory``. ``requestedQueriesPerSecond`` is 0: rows are sent one after the other.
        """
        common = {
            "name": self.name,
            "description": self.description or None,
            "state": self.state,
            "createdTime": self.created.isoformat(),
            "requestedCpu": self.requested_cpus or None,
            "requestedMemoryInGB": _gb(self.requested_memory),
            "requestedQueriesPerSecond": 0.0,
        }
        if self.trouble:
            said = {"code": self.trouble.code, "message": self.trouble.message}
            found = {**common, "error": said, "errorLogsUri": f"file://{self.log}" if self.log else None}
        else:
            found = {**common, **self._measured()}
        spelled = {key.replace("InGB", "InGb"): value for key, value in found.items() if "InGB" in key}
        return {key: value for key, value in {**found, **spelled}.items() if value is not None}

    def _measured(self) -> dict[str, Any]:
        found: dict[str, Any] = {
            "maxUtilizedCpu": round(self.max_cpus, 3),
            "maxUtilizedMemoryInGB": _gb(self.max_memory),
            "totalQueries": self.sent,
            "successQueries": self.succeeded,
            "successRate": round(self.success_rate, 3),
            "measuredQueriesPerSecond": round(self.rate, 3),
            "recommendedCpu": self.recommended_cpus,
            "recommendedMemoryInGB": self.recommended_gb,
        }
        if self.latency:
            names = {"50": "p50", "90": "p90", "95": "p95", "99": "p99", "999": "p999"}
            found["averageLatencyInMs"] = _ms(self.latency.mean)
            found |= {f"latencyPercentile{key}InMs": _ms(getattr(self.latency, at)) for key, at in names.items()}
        return found

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON, with the recommendation; times in seconds, memory in bytes."""
        return {
            **asdict(self),
            "interrupted": self.interrupted,
            "created": self.created.isoformat(),
            "success_rate": self.success_rate,
            "requests_per_second": self.rate,
            "recommended_cpus": self.recommended_cpus,
            "recommended_memory_gb": self.recommended_gb,
        }


def stored(profile: Profile) -> dict[str, Any]:
    """Return what a row keeps of a profile."""
    return {**asdict(profile), "created": profile.created.isoformat()}


def from_stored(content: Mapping[str, Any]) -> Profile:
    """Make the profile that a row keeps."""
    values = dict(content)
    latency, trouble = values["latency"], values["trouble"]
    values["created"] = datetime.fromisoformat(values["created"]).astimezone(UTC)
    values["latency"] = Latencies(**latency) if latency else None
    values["trouble"] = Trouble(**trouble) if trouble else None
    values["errors"] = tuple(FailedRow(**one) for one in values["errors"])
    values["bars"] = tuple((low, high, count) for low, high, count in values["bars"])
    values["notes"] = tuple(values["notes"])
    return Profile(**values)


def _upwards(value: float, least: float, most: float) -> float:
    # 0.3 is a little more than three tenths in binary: without rounding first it would become 0.4.
    return min(most, max(least, math.ceil(round(value * 10, 6)) / 10))


def _gb(size: int) -> float | None:
    return round(size / GB, 4) if size else None


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 4)
