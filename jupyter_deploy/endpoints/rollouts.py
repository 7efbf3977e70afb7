"""A rollout as arithmetic: what is asked for, what was seen, and what follows from that."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..errors import UsageProblem
from .quantities import seconds_of, share_of, steps_of, whole_of
from .traffic import MOST_MIRRORED

# Before the steps, requests are only mirrored.
MIRRORING = -1
# Of the requests, so many may be slower than the limit for a 95th percentile.
_SLOW = 0.05
# How many standard deviations the newest requests alone must be beyond a limit.
_SIGMAS = 3.0
_EXACT = 1e-12


@dataclass(frozen=True)
class Plan:
    """How a rollout goes on, and what ends it.

    Parameters
    ----------
    steps : tuple of int
        Percentages of the traffic, one after the other; the last is 100.
    every : float
        Seconds that each step lasts at least.
    max_error_rate : float
        The share of requests that may fail, more than of the old version.
    max_p95 : float
        Seconds that 95 % of the requests may take; 0 for not judged.
    min_agreement : float
        The share of answers that must be those of the old version; 0 for not judged.
    max_drift : float
        How far the inputs may be from the reference, from 0 to 1; 0 for not judged.
    mirror : int
        The percentage of requests that are copied before the first step.
    min_sample : int
        Requests without which no step is judged.
    approve : bool
        Whether each step needs an approval.
    promote : bool
        Whether it is final after the last step, without being told so.
    tolerance : float
        Numbers agree if they differ by no more, relative to the larger one.
    """

    steps: tuple[int, ...] = (10, 50, 100)
    every: float = 30.0
    max_error_rate: float = 0.01
    max_p95: float = 0.0
    min_agreement: float = 0.0
    max_drift: float = 0.0
    mirror: int = MOST_MIRRORED
    min_sample: int = 100
    approve: bool = False
    promote: bool = False
    tolerance: float = 1e-6

    @classmethod
    def of(cls, **given: Any) -> Plan:
        """Read a plan from values as people write them; None is the default.

        Raises
        ------
        UsageProblem
            For what is no such value.
        """
        unknown = given.keys() - cls.__dataclass_fields__.keys()
        if unknown:
            raise UsageProblem(
                f"A rollout has no {min(unknown)}.", hint=f"It has: {', '.join(cls.__dataclass_fields__)}."
            )
        asked = {key: value for key, value in given.items() if value is not None}
        return cls(**{key: _READ[key](value) for key, value in asked.items()})


def _mirror_of(value: object) -> int:
    text = value.strip().removesuffix("%") if isinstance(value, str) else value
    return whole_of(text, "mirror", 1, MOST_MIRRORED)


def _tolerance_of(value: object) -> float:
    try:
        found = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        found = math.nan
    if not 0 <= found < 1:
        raise UsageProblem(f"tolerance must be a number from 0 to below 1, not {value!r}.", hint="For example 1e-6.")
    return found


_READ: dict[str, Any] = {
    "steps": steps_of,
    "every": lambda value: seconds_of(value, "every", "30s", bare=True),
    "max_error_rate": lambda value: share_of(value, "max_error_rate", "1%"),
    "max_p95": lambda value: seconds_of(value, "max_p95", "200ms"),
    "min_agreement": lambda value: share_of(value, "min_agreement", "99%"),
    "max_drift": lambda value: share_of(value, "max_drift", "20%"),
    "mirror": _mirror_of,
    "min_sample": lambda value: whole_of(value, "min_sample", 1, 1_000_000),
    "approve": bool,
    "promote": bool,
    "tolerance": _tolerance_of,
}


@dataclass(frozen=True)
class Seen:
    """What was seen of one version since a step began; what both versions did with the same request is left out.

    Parameters
    ----------
    requests, errors, slow : int
        All requests; those that failed; those that took longer than the limit.
    rate : float
        Requests in a second.
    p50, p95 : float or None
        Seconds; None without requests.
    """

    requests: int = 0
    errors: int = 0
    slow: int = 0
    rate: float = 0.0
    p50: float | None = None
    p95: float | None = None


@dataclass(frozen=True)
class Observed:
    """What was seen of both versions since a step began.

    Parameters
    ----------
    recent : Seen
        Of the new version, only the newest requests.
    compared, different : int
        Answers of both versions to the same request; those that differ.
    recent_compared, recent_different : int
        The same of the newest ones only.
    doubtful : int
        Copies that failed, where it is not known yet whether the old version failed as well.
    incomparable : int
        Answers of which not all was kept: streams, long ones.
    distance, drift : float or None
        How far the predictions of the versions, and the inputs from the reference, are apart: 0 is not at all, 1 is
        completely.
    failed : str
        Why the new version cannot answer at all; empty if it can.
    changed : str
        What was changed by others, so that this rollout means nothing any more.
    examples : tuple of str
        The ids of some requests with different answers.
    """

    new: Seen = field(default_factory=Seen)
    old: Seen = field(default_factory=Seen)
    recent: Seen = field(default_factory=Seen)
    compared: int = 0
    different: int = 0
    recent_compared: int = 0
    recent_different: int = 0
    doubtful: int = 0
    incomparable: int = 0
    distance: float | None = None
    drift: float | None = None
    failed: str = ""
    changed: str = ""
    examples: tuple[str, ...] = ()

    @property
    def agreement(self) -> float | None:
        """The share of equal answers; None before there are any."""
        return 1 - self.different / self.compared if self.compared else None


@dataclass(frozen=True)
class Verdict:
    """What follows: ``"wait"``, ``"advance"``, ``"hold"`` or ``"roll back"``, and why."""

    kind: str
    reason: str


def decide(plan: Plan, seen: Observed, seconds: float) -> Verdict:
    """Judge a step that has lasted for some seconds.

    Nothing is judged on less than the minimum sample, except a version that cannot answer at all.
    """
    if seen.changed or seen.failed:
        return Verdict("roll back", seen.changed or seen.failed)
    breach = _breach(plan, seen)
    if breach:
        return Verdict("roll back", breach)
    lacking = _lacking(plan, seen)
    if lacking:
        return lacking
    if plan.max_drift and seen.drift is not None and seen.drift > plan.max_drift:
        return Verdict(
            "hold", f"the inputs have drifted by {_percent(seen.drift)}, more than {_percent(plan.max_drift)}"
        )
    if seen.doubtful:
        return Verdict("wait", f"{seen.doubtful} failed copies to be compared with what clients were answered")
    if seconds < plan.every:
        return Verdict("wait", f"{seconds:.0f} s of {plan.every:g} s; nothing wrong in {seen.new.requests} requests")
    agreed = "" if seen.agreement is None else f", {_percent(seen.agreement)} of {seen.compared} answers agree"
    return Verdict("advance", f"{seen.new.requests} requests, {seen.new.errors} failed{_p95(seen.new)}{agreed}")


def _lacking(plan: Plan, seen: Observed) -> Verdict | None:
    if seen.new.requests < plan.min_sample:
        return Verdict("wait", f"{seen.new.requests} of {plan.min_sample} requests")
    if plan.min_agreement and seen.compared < plan.min_sample:
        if seen.incomparable >= plan.min_sample:
            return Verdict("hold", f"the answers cannot be compared: {seen.incomparable} were not kept whole")
        return Verdict("wait", f"{seen.compared} of {plan.min_sample} answers to compare")
    return None


def _breach(plan: Plan, seen: Observed) -> str:
    new, recent = seen.new, seen.recent
    if new.requests >= plan.min_sample:
        base = _share(seen.old.errors, seen.old.requests)
        if _beyond(plan, (new.errors, new.requests), (recent.errors, recent.requests), plan.max_error_rate, base):
            return (
                f"{_percent(new.errors / new.requests)} of {new.requests} requests failed, "
                f"more than {_percent(plan.max_error_rate)}{_of_old(base)}{_lately(plan, recent.errors, recent)}"
            )
        base = _share(seen.old.slow, seen.old.requests)
        if plan.max_p95 and _beyond(plan, (new.slow, new.requests), (recent.slow, recent.requests), _SLOW, base):
            return (
                f"{_percent(new.slow / new.requests)} of {new.requests} requests took longer than "
                f"{_milliseconds(plan.max_p95)}{_p95(new)}{_of_old(base)}{_lately(plan, recent.slow, recent)}"
            )
    if plan.min_agreement and seen.compared >= plan.min_sample:
        lately = (seen.recent_different, seen.recent_compared)
        if _beyond(plan, (seen.different, seen.compared), lately, 1 - plan.min_agreement, 0.0):
            return (
                f"{_percent(1 - seen.different / seen.compared)} of {seen.compared} answers agree with the old "
                f"version's, less than {_percent(plan.min_agreement)}"
            )
    return ""


def _beyond(plan: Plan, whole: tuple[int, int], lately: tuple[int, int], limit: float, base: float) -> bool:
    """Whether a share is beyond its limit since the step began, or clearly beyond it in the newest requests.

    A version that was good for an hour must not be shielded by that hour.
    """
    bad, count = whole
    if bad / count - base > limit + _EXACT:
        return True
    bad, count = lately
    expected = min(1.0, limit + base)
    margin = _SIGMAS * math.sqrt(count * expected * (1 - expected))
    return count >= plan.min_sample and bad > count * expected + margin + _EXACT


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def _percent(share: float) -> str:
    return f"{100 * share:.4g} %"


def _milliseconds(seconds: float) -> str:
    return f"{1000 * seconds:.4g} ms"


def _p95(seen: Seen) -> str:
    return "" if seen.p95 is None else f", p95 {_milliseconds(seen.p95)}"


def _of_old(base: float) -> str:
    return f"; of the old version's {_percent(base)}" if base else ""


def _lately(plan: Plan, bad: int, recent: Seen) -> str:
    return f"; {bad} of the newest {recent.requests}" if recent.requests >= plan.min_sample else ""


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return a percentile by the nearest rank; None without values."""
    if not values:
        return None
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
