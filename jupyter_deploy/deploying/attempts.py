"""One attempt at a resolved deployment: what a failure leaves, and which target is tried instead."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..errors import DeployError, EnvironmentProblem, PortBusy, StartFailed, TargetProblem
from ..scripts import Script
from ..services import ServiceRecord, ServiceSpec
from ..store import Claims
from .following import check_following
from .resolution import Resolved, Resolver
from .rollout import Progress, Rollout
from .telemetry import check_telemetry
from .unproven import Unproven

Done = tuple[str, tuple[str, ...], int]


@dataclass(frozen=True)
class How:
    """How a service is deployed."""

    source: Script | None  # the text to serve, instead of the script
    wait: bool  # return only when it serves
    large: bool  # allow a large folder
    otherwise: str  # the target of a new service that fails on its own target; empty for none


class Attempts:
    """Resolves what is asked for and carries it out; its caller holds the service's lock.

    ``claims`` keep a bundle from being collected until a row names it. ``unproven`` undoes what a failure leaves.
    """

    def __init__(self, claims: Claims, resolver: Resolver, rollout: Rollout, unproven: Unproven) -> None:
        self._claims = claims
        self._resolver = resolver
        self._rollout = rollout
        self._unproven = unproven

    def make(
        self, record: ServiceRecord | None, spec: ServiceSpec, how: How, progress: Progress
    ) -> tuple[Resolved, Done, tuple[str, ...]]:
        """Apply a resolved plan on its target or, if that fails, on the other.

        Returns the plan, what was done, and why it is not on its first target.
        """
        try:
            return *self._once(record, spec, how, progress), ()
        except (TargetProblem, EnvironmentProblem, StartFailed) as error:
            if record is not None or not how.otherwise or isinstance(error, PortBusy):
                raise
            first = error
        why = f"target {how.otherwise}, because on {spec.target}: {first.message}"
        progress(why)
        try:
            return *self._once(None, replace(spec, target=how.otherwise), how, progress), (why,)
        except (StartFailed, PortBusy):
            # The script or the port is at fault: this error says more than why there is no container.
            raise
        except DeployError:
            raise first from None

    def _once(
        self, record: ServiceRecord | None, spec: ServiceSpec, how: How, progress: Progress
    ) -> tuple[Resolved, Done]:
        try:
            with self._claims.open() as opened:
                resolved = self._resolver.resolve(spec, opened, how.source, record=record, large=how.large)
                check_following(spec, resolved.own_models)
                check_telemetry(resolved)
                return resolved, self._rollout.apply(record, resolved, how.wait, progress)
        except BaseException as error:
            self._unproven.take_back(spec.name, record, error)
            raise
