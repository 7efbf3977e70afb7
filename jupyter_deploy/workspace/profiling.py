"""Measure a model before it serves: in a server of its own, which takes each row of a data set once."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psutil

from ..deploying import Asked, Naming, Progress, References, Resolver, fallback_target, for_target, specified
from ..errors import DeployError, EnvironmentProblem, Hint, PortBusy, ProfileFailed, StartFailed, TargetProblem
from ..files import touch_private
from ..home import Home
from ..invoking import histogram, rows_of
from ..services import Services, ServiceSpec, Target, Usage
from .profile import Latencies, Profile, Trouble
from .profiles import Profiles
from .sampling import Sampler
from .service import Service
from .temporary import TemporaryServers

# What may be otherwise on another target.
_ANOTHER_TARGET = (TargetProblem, EnvironmentProblem, StartFailed)
_SHORT_SECONDS = 0.5
# One row after the other leaves a processor or two unused, on any machine that has some to spare.
_LEAST_IDLE = 0.1


class Profiling:
    """Measures what a deployment would serve, without deploying it."""

    def __init__(
        self,
        home: Home,
        rows: Services,
        naming: Naming,
        references: References,
        resolver: Resolver,
        target: Callable[[str], Target],
        servers: TemporaryServers,
        profiles: Profiles,
    ) -> None:
        self._home = home
        self._rows = rows
        self._naming = naming
        self._references = references
        self._resolver = resolver
        self._target = target
        self._servers = servers
        self._profiles = profiles

    def run(self, name: str, asked: Asked, dataset: object, large: bool, progress: Progress) -> Profile:
        """Measure, keep the result under the name, and return it.

        Raises
        ------
        ProfileFailed
            If the server does not start, or no row goes well. The profile that is kept says so.
        UsageProblem, NotFound
            If it is not certain what to measure; nothing is kept.
        """
        rows = rows_of(dataset)
        spec, profile, otherwise = self._candidate(name, asked)
        profile = replace(profile, rows=len(rows))
        found, error = self._attempt(spec, profile, rows, large, progress)
        if otherwise and isinstance(error, _ANOTHER_TARGET) and not isinstance(error, PortBusy):
            why = f"target {otherwise}, because on {spec.target}: {error.message}"
            progress(why)
            # Which target was chosen at first is not true any more.
            notes = (*(note for note in profile.notes if not note.startswith(f"target {spec.target},")), why)
            second = replace(profile, target=otherwise, notes=notes)
            then = self._attempt(replace(spec, target=otherwise), second, rows, large, progress)
            # The script's own fault says more than why there is no container.
            if then[1] is None or isinstance(then[1], (StartFailed, ProfileFailed)):
                found, error = then
        if error is not None:
            raise self._failed(found, error) from error
        self._profiles.put(found)
        self._home.profile_log(name).unlink(missing_ok=True)
        return found

    def _attempt(
        self, spec: ServiceSpec, profile: Profile, rows: Sequence[Any], large: bool, progress: Progress
    ) -> tuple[Profile, DeployError | None]:
        """Measure on one target; where that fails, return the error, and keep the server's log."""
        with self._servers.reserved() as (server, opened), Sampler(lambda: self._usage(server)) as sampler:
            resolved = self._resolver.resolve(spec, opened, large=large)
            profile = replace(profile, notes=(*profile.notes, *resolved.notes))
            try:
                service = self._servers.start(server, resolved, profile.name, progress)
                profile = _measured(profile, service, sampler, rows, progress)
                if not profile.latency and not profile.interrupted:
                    raise _none_went_well(profile)
            except DeployError as error:
                return replace(profile, log=self._keep_log(server, profile.name)), error
        return profile, None

    def _candidate(self, name: str, asked: Asked) -> tuple[ServiceSpec, Profile, str]:
        """Find out what would be deployed, and on which target if that fails on its own.

        Limits that the target cannot enforce are taken out and said.
        """
        notes: list[str] = []
        own, asked = self._naming.named(name, asked, lambda _: None)
        record = self._rows.find(own)
        source = record.spec.source if record else ""
        located = self._references.located(asked, source, notes.append, new=record is None)
        spec, dropped = for_target(specified(own, record, located), record, located.given)
        profile = Profile(
            name,
            "Running",
            datetime.now(UTC),
            description=asked.description or "",
            target=spec.target,
            requested_cpus=spec.cpus,
            requested_memory=spec.memory,
            limits="enforced" if spec.cpus or spec.memory else "",
            notes=(*notes, *dropped),
        )
        if profile.limits and not self._target(spec.target).capabilities.limits:
            note = f"target {spec.target} enforces no limits: it was measured with all that the machine has"
            profile = replace(profile, limits="not enforced", notes=(*profile.notes, note))
            spec = replace(spec, cpus=0.0, memory=0)
        return spec, profile, "" if record else fallback_target(asked, located)

    def _usage(self, server: str) -> Usage | None:
        record = self._rows.find(server)
        if record is None or record.active is None:
            return None
        try:
            return self._target(record.target).usage(record.active)
        except (DeployError, OSError):
            # It is only coming up, or ending; the samples before and after tell enough.
            return None

    def _failed(self, profile: Profile, error: DeployError) -> ProfileFailed:
        hint = error.hint.without_log if isinstance(error.hint, Hint) else error.hint
        # What failed is a script's start, and no service: deploying it would fail, too.
        hint = re.sub(rf"deploy it again \(jupyter model deploy {profile.name}\b[^)]*\)", "profile it again", hint)
        hint = hint.replace(f"then: jupyter model deploy {profile.name}", "then profile it again")
        trouble = Trouble(error.title, error.problem, error.details, hint)
        self._profiles.put(replace(profile, state="Failed", trouble=trouble))
        # A path is for who sees the error, not for what is saved.
        hint = " ".join(part for part in (hint, f"The server's log is {profile.log}." if profile.log else "") if part)
        return ProfileFailed(f"{profile.name}: {error.problem}", details=error.details, hint=hint)

    def _keep_log(self, server: str, name: str) -> str:
        log, kept = self._home.log(server), self._home.profile_log(name)
        if not log.is_file():
            return ""
        kept.parent.mkdir(mode=0o700, exist_ok=True)
        touch_private(kept)
        shutil.copyfile(log, kept)
        return str(kept)


def _measured(profile: Profile, service: Service, sampler: Sampler, rows: Sequence[Any], progress: Progress) -> Profile:
    begin, machine = sampler.look(), psutil.cpu_times()
    found = service.measure(rows, progress=progress)
    end, idle = sampler.look(), _idle_part(machine)
    profile = replace(
        profile,
        state="Cancelled" if found.interrupted else "Succeeded",
        succeeded=len(found.times),
        failed=found.failed,
        seconds=found.seconds,
        init_seconds=service.health.init_seconds,
        latency=Latencies.of(found.times),
        bars=tuple(histogram(found.times)),
        errors=found.errors,
    )
    used = end.processor - begin.processor if begin and end else 0.0
    if idle < _LEAST_IDLE and used < profile.seconds * (psutil.cpu_count() or 1) / 2:
        busy = "the machine was busy meanwhile: on an idle one, times are shorter and the use of processors is higher"
        profile = replace(profile, notes=(*profile.notes, busy))
    if begin is None or end is None:
        return replace(profile, notes=(*profile.notes, "the server did not tell what it used"))
    return _with_usage(profile, sampler, begin, end)


def _with_usage(profile: Profile, sampler: Sampler, begin: Usage, end: Usage) -> Profile:
    most = sampler.max_cpus(begin, end)
    busy = (end.processor - begin.processor) / profile.seconds if profile.seconds else 0.0
    if end.processors:
        # What the server does between two requests is not its answers' cost.
        busy, most = min(busy, end.processors), min(most, end.processors)
    doubts = []
    if profile.seconds < _SHORT_SECONDS:
        doubts = [f"all requests together took {profile.seconds:.2f} s: the processors' figures need more rows"]
    if not end.processor:
        doubts = [f"target {profile.target} does not account for processors: theirs are no figures"]
    return replace(
        profile,
        busy_cpus=busy,
        max_cpus=max(most, busy),
        max_memory=sampler.max_memory,
        requested_cpus=profile.requested_cpus or end.processors,
        requested_memory=profile.requested_memory or end.memory_limit or psutil.virtual_memory().total,
        notes=(*profile.notes, *doubts),
    )


def _none_went_well(profile: Profile) -> ProfileFailed:
    first = profile.errors[0]
    problem = f"none of {profile.failed:,} requests went well; row {first.row}: {first.message}"
    return ProfileFailed(problem, details=first.details, hint=first.hint)


def _idle_part(before: Any) -> float:
    """Tell which part of this machine's processors had nothing to do since then."""
    now = psutil.cpu_times()
    passed = sum(now) - sum(before)
    return float(now.idle - before.idle) / passed if passed > 0 else 1.0
