"""What is asked of a deployment of an endpoint."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypedDict

from ..endpoints import MOST_INSTANCES, DeploymentRecord, Limits, Scaling
from ..errors import UsageProblem

_EXAMPLE = "For example --min-instances 1 --max-instances 4."


class Bounds(TypedDict, total=False):
    """What is asked of the number of a deployment's instances; what is left out, or None, stays as it is."""

    min_instances: int | None
    max_instances: int | None
    requests_per_instance: int | None
    cool_down: float | None
    idle: float | None


@dataclass(frozen=True)
class Wanted:
    """What is asked of a deployment beside what its instances serve; None stays as it is."""

    instances: int | None = None
    timeout_ms: int | None = None
    concurrency: int | None = None
    queue_ms: int | None = None
    warm: str | None = None  # a request's body
    tags: Mapping[str, str | None] | None = field(default=None, hash=False)
    description: str | None = None
    labels: Mapping[str, str] | None = field(default=None, hash=False)
    min_instances: int | None = None
    max_instances: int | None = None
    requests_per_instance: int | None = None
    cool_down: float | None = None  # seconds
    idle: float | None = None  # seconds

    def over(self, record: DeploymentRecord) -> DeploymentRecord:
        """Return a deployment's row with what is asked for.

        Raises
        ------
        UsageProblem
            For a number that no deployment can have.
        """
        limits = {key: value for key in Limits.__dataclass_fields__ if (value := getattr(self, key)) is not None}
        for key, value in limits.items():
            if not isinstance(value, int) or value < 0:
                raise UsageProblem(f"{key} must be a whole number from 0 on, not {value!r}.", hint="0 is no limit.")
        if self.instances is not None and not 1 <= self.instances <= MOST_INSTANCES:
            raise UsageProblem(
                f"A deployment has from 1 to {MOST_INSTANCES} instances, not {self.instances}.", hint="For example 2."
            )
        scaling = self._scaling(record)
        wanted = record.wanted if self.instances is None else self.instances
        tags = {key: value for key, value in {**record.tags, **(self.tags or {})}.items() if value is not None}
        return replace(
            record,
            wanted=max(scaling.least, min(wanted, scaling.most)) if scaling else wanted,
            scaling=scaling,
            limits=replace(record.limits, **limits),
            warm=record.warm if self.warm is None else self.warm,
            tags=tags,
            description=record.description if self.description is None else self.description,
            labels={**record.labels, **(self.labels or {})},
        )

    def _scaling(self, record: DeploymentRecord) -> Scaling | None:
        """Return the bounds after this request; a number of instances alone ends autoscaling."""
        given = (self.min_instances, self.max_instances)
        times = (self.requests_per_instance, self.cool_down, self.idle)
        if self.instances is not None and not any(one is not None for one in (*given, *times)):
            return None
        before = record.scaling
        if before is None and given == (None, None):
            if any(one is not None for one in times):
                raise UsageProblem("Without bounds, the number of instances stays.", hint=_EXAMPLE)
            return None
        before = before or Scaling(least=min(1, self.max_instances or 1), most=max(1, self.min_instances or 1))
        values: dict[str, Any] = dict(
            zip(("least", "most", "requests", "cool_down", "idle"), (*given, *times), strict=True)
        )
        found = replace(before, **{key: value for key, value in values.items() if value is not None}).checked()
        if self.instances is not None and not max(found.least, 1) <= self.instances <= found.most:
            raise UsageProblem(
                f"{self.instances} instances are not between {max(found.least, 1)} and {found.most}.",
                hint="Leave --instances out, or give a number between the bounds.",
            )
        return found
