"""What a service keeps when its target changes: what the new one lacks is dropped, or refused by name."""

from __future__ import annotations

from dataclasses import replace

from ..environments import KERNEL
from ..errors import UsageProblem
from ..services import Capabilities, ServiceRecord, ServiceSpec
from ..targets import target
from .asked import DEFAULT, Asked

# Fields that only some targets support, and the capability that they need.
_TAKES = {"memory": "limits", "cpus": "limits", "image": "own_image", "replicas": "replicas"}


def beyond(capabilities: Capabilities, values: ServiceSpec | Asked) -> list[str]:
    """List the fields that are set and that a target with these capabilities cannot give."""
    found = {key: getattr(values, key) for key in _TAKES}
    usual = vars(ServiceSpec("", ""))
    given = [key for key, value in found.items() if value not in {None, DEFAULT, usual[key]}]
    return [key for key in given if not _can(capabilities, key)]


def _can(capabilities: Capabilities, key: str) -> bool:
    return bool(getattr(capabilities, _TAKES[key]))


def for_target(
    spec: ServiceSpec, record: ServiceRecord | None, given: frozenset[str]
) -> tuple[ServiceSpec, tuple[str, ...]]:
    """Drop what a service had on its old target and what means nothing on its new one; returns a line for each field.

    The ``given`` options of this request stay: the target refuses those that mean nothing.

    Raises
    ------
    UsageProblem
        For replicas on a target that has none.
    """
    capabilities, nothing, notes = target(spec.target).capabilities, vars(ServiceSpec("", "")), []
    if spec.replicas > 1 and not capabilities.replicas and (not record or "replicas" in given):
        raise UsageProblem(
            f"Target {spec.target} runs one server for a service: it has no replicas.",
            hint=f"More processes in one server: jupyter model deploy {spec.name} --workers {spec.replicas}",
        )
    if record is None or record.spec.target == spec.target:
        return spec, ()
    for key in beyond(capabilities, spec):
        if key not in given:
            spec = replace(spec, **{key: nothing[key]})
            notes.append(f"{key} is dropped: target {spec.target} has no {_TAKES[key]}")
    if not capabilities.kernel and spec.environment == KERNEL and "environment" not in given:
        spec = replace(spec, environment="")
        notes.append(f"environment kernel is dropped: target {spec.target} cannot use it; inferred takes its place")
    return spec, tuple(notes)
