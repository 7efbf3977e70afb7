"""What a service keeps when its target changes: what the new one lacks is dropped, or refused by name."""

from __future__ import annotations

from dataclasses import replace

from ..environments import KERNEL
from ..services import Capabilities, ServiceRecord, ServiceSpec
from ..targets import target
from .asked import DEFAULT, Asked

# Fields that only some targets support, and the capability that they need.
_TAKES = {"memory": "limits", "cpus": "limits", "image": "own_image"}


def beyond(capabilities: Capabilities, values: ServiceSpec | Asked) -> list[str]:
    """List the fields that are set and that a target with these capabilities cannot give."""
    found = {key: getattr(values, key) for key in _TAKES}
    return [key for key, value in found.items() if value and value is not DEFAULT and not _can(capabilities, key)]


def _can(capabilities: Capabilities, key: str) -> bool:
    return bool(getattr(capabilities, _TAKES[key]))


def for_target(
    spec: ServiceSpec, record: ServiceRecord | None, given: frozenset[str]
) -> tuple[ServiceSpec, tuple[str, ...]]:
    """Drop what a service had on its old target and what means nothing on its new one; returns a line for each field.

    The ``given`` options of this request stay: the target refuses those that mean nothing.
    """
    if record is None or record.spec.target == spec.target:
        return spec, ()
    capabilities, nothing, notes = target(spec.target).capabilities, vars(ServiceSpec("", "")), []
    for key in beyond(capabilities, spec):
        if key not in given:
            spec = replace(spec, **{key: nothing[key]})
            notes.append(f"{key} is dropped: target {spec.target} has no {_TAKES[key]}")
    if not capabilities.kernel and spec.environment == KERNEL and "environment" not in given:
        spec = replace(spec, environment="")
        notes.append(f"environment kernel is dropped: target {spec.target} cannot use it; inferred takes its place")
    return spec, tuple(notes)
