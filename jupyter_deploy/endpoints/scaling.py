"""How many instances a deployment needs for the requests that it has. Arithmetic only."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from ..errors import UsageProblem

# Load counts once it has lasted so long.
SUSTAINED_SECONDS = 2.0
MOST_INSTANCES = 100


@dataclass(frozen=True)
class Scaling:
    """Between which bounds a deployment's instances follow its requests.

    Parameters
    ----------
    least, most : int
        The bounds. With 0 as the lower one, the deployment sleeps while it has no requests.
    requests : int
        How many requests at once one instance is for; 0 for as many as it runs.
    cool_down : float
        Seconds for which fewer instances must have been enough before one ends.
    idle : float
        Seconds without a request after which it sleeps.
    """

    least: int = 1
    most: int = 1
    requests: int = 0
    cool_down: float = 60.0
    idle: float = 300.0

    def checked(self) -> Scaling:
        """Refuse bounds and times that no deployment can have."""
        for name, value in (("min_instances", self.least), ("max_instances", self.most)):
            if isinstance(value, bool) or not isinstance(value, int):
                raise UsageProblem(f"{name} must be a whole number, not {value!r}.", hint="For example 2.")
        if not 1 <= self.most <= MOST_INSTANCES:
            raise UsageProblem(f"max_instances must be from 1 to {MOST_INSTANCES}, not {self.most}.")
        if not 0 <= self.least <= self.most:
            raise UsageProblem(
                f"min_instances must be from 0 to max_instances ({self.most}), not {self.least}.",
                hint="For example --min-instances 1 --max-instances 4.",
            )
        for name, number in (("requests_per_instance", self.requests), ("cool_down", self.cool_down)):
            if number < 0:
                raise UsageProblem(f"{name} must not be negative.", hint="Leave it out for the default.")
        if self.idle <= 0:
            raise UsageProblem("idle must be more than 0 seconds.", hint="For example --idle 300.")
        return self


@dataclass(frozen=True)
class Load:
    """What a router said of a deployment at one moment.

    Parameters
    ----------
    at : float
        When, in seconds of any clock that goes on.
    under_way : int
        Requests that its instances run, or that wait for one.
    """

    at: float
    under_way: int


def needed_for(seen: Sequence[Load], each: int) -> int | None:
    """Return how many instances the requests of the last :data:`SUSTAINED_SECONDS` fill; None if not seen so long.

    It is the mean of what was under way, divided by ``each``, the requests that one instance is for, and rounded up.
    """
    if not seen or seen[-1].at - seen[0].at < SUSTAINED_SECONDS:
        return None
    window = [one.under_way for one in seen if one.at > seen[-1].at - SUSTAINED_SECONDS]
    return math.ceil(sum(window) / len(window) / max(1, each))


def instances_for(scaling: Scaling, have: int, needed: Sequence[tuple[float, int]], quiet: float) -> int:
    """Return how many instances there should be.

    More than there are is what was needed last. Fewer is the most that was needed at any time of the cool-down. Without
    a request for the idle time, and with 0 as the lower bound, it is none.

    Parameters
    ----------
    scaling : Scaling
        The bounds and times.
    have : int
        How many there are.
    needed : sequence of (float, int)
        When how many were needed by :func:`needed_for`, oldest first.
    quiet : float
        For how many seconds there has been no request.
    """
    if scaling.least == 0 and (have == 0 or quiet >= scaling.idle):
        return 0
    least = max(scaling.least, 1)
    within = max(least, min(have, scaling.most))
    if not needed:
        return within
    now, last = needed[-1]
    if last > within:
        return min(last, scaling.most)
    if now - needed[0][0] < scaling.cool_down:
        return within
    return max(least, min(within, max(count for at, count in needed if at >= now - scaling.cool_down)))
