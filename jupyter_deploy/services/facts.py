"""What a target finds out about a service: its state, what it uses, what its workers are doing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..serving import Failure


@dataclass(frozen=True)
class Recent:
    """A service's traffic of the last minute, or since its start."""

    seconds: float = 0.0  # how long that is
    requests: int = 0
    errors: int = 0  # answers from status 400 on
    requests_per_second: float = 0.0
    p50_ms: float | None = None  # None without a request
    p95_ms: float | None = None
    counts: tuple[int, ...] = ()  # requests of each second, oldest first; empty without a request

    @classmethod
    def read(cls, told: Mapping[str, Any] | None) -> Recent | None:
        """Read what a server tells; one of another version of this package may tell more or less."""
        if not told:
            return None
        known = {one.name for one in fields(cls)}
        values = {key: value for key, value in told.items() if key in known}
        return cls(**{**values, "counts": tuple(values.get("counts", ()))})

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return {**asdict(self), "counts": list(self.counts)}


@dataclass(frozen=True)
class Health:
    """The state of a service, as its target has just found it.

    Parameters
    ----------
    state : str
        One of :data:`STATES`.
    reason : str
        Why it is not Healthy.
    generation : int
        Counts reloads from 1; 0 before the first generation serves.
    workers : tuple of int
        The worker processes.
    restarts, requests : int
        Since the server started.
    started : float
        When the server started, in seconds since the epoch; 0 if it does not run.
    failure : dict or None
        The script's exception, if that is the reason.
    app_root : str
        The application folder that it serves from; empty if unknown.
    recent : dict
        Recent traffic, as :meth:`jupyter_deploy.serving.front.traffic.Traffic.facts` sums it up; empty if unknown.
    mode : str
        How requests reach ``run()``: ``"plain"``, ``"schema"`` or ``"raw"``; empty if unknown.
    init_seconds : float
        How long a worker took to load the script and run its ``init()``.
    """

    state: str
    reason: str = ""
    generation: int = 0
    workers: tuple[int, ...] = ()
    restarts: int = 0
    requests: int = 0
    started: float = 0.0
    failure: Failure | None = None
    app_root: str = ""
    recent: Recent | None = None
    mode: str = ""
    init_seconds: float = 0.0
    pid: int = 0
    gone: bool = False


@dataclass(frozen=True)
class Stats:
    """What a service uses at present.

    Parameters
    ----------
    cpu_percent : float
        Of one processor: 200 means two.
    memory : int
        Bytes, without the file cache.
    memory_limit : int
        Bytes; 0 for none.
    processes : int
        Includes threads where the system counts them.
    received, sent : int
        Bytes over the network since the start; 0 if they are not counted.
    service : str
        Whose they are; empty as targets measure it.
    """

    cpu_percent: float
    memory: int
    memory_limit: int = 0
    processes: int = 0
    received: int = 0
    sent: int = 0
    service: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Reloaded:
    """What a reload has made of one replica.

    Parameters
    ----------
    generation : int
        The one that serves.
    in_use : tuple of str
        The digests of the bundles that its workers still use.
    """

    generation: int
    in_use: tuple[str, ...]


@dataclass(frozen=True)
class Usage:
    """What a server has used up to one moment; two of them tell what it used in between.

    Parameters
    ----------
    at : float
        Seconds of a clock that only goes forward, on the machine that the server runs on.
    processor : float
        Processor seconds since it started.
    memory : int
        Bytes at that moment, without the cache of files. What several processes share counts once.
    memory_limit : int
        Bytes that it may have; 0 where nothing limits it.
    processors : float
        How many it may use; 0 where it does not say.
    """

    at: float
    processor: float
    memory: int
    memory_limit: int = 0
    processors: float = 0.0


@dataclass(frozen=True)
class Identity:
    """The names of a server on its machine."""

    pid: int = 0  # of the process that was started; 0 if it is not on this machine
    container: str = ""  # empty if there is none

    def __str__(self) -> str:
        return self.container or f"pid {self.pid}"


@dataclass(frozen=True)
class Doing:
    """What one worker is doing."""

    worker: int  # its pid
    request: str  # the id of the request that it runs
    seconds: float  # how long it has been running it
    where: str  # the line of the script; empty if it is in other code

    def sentence(self) -> str:
        """Describe it, for example ``"worker 4711 has been in run() for 12 s, at score.py line 3"``."""
        place = f", at {self.where}" if self.where else ""
        return f"worker {self.worker} has been in run() for {self.seconds:,.0f} s{place}"
