"""What a service keeps when its target changes: what the new one cannot give is dropped, or refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..environments import KERNEL
from ..services import Capabilities, ServiceRecord, ServiceSpec
from ..targets import target

# What only some targets can give a service, by the capability that it takes.
_TAKES = {"memory": "limits", "cpus": "limits", "image": "own_image"}


def beyond(capabilities: Capabilities, values: Mapping[str, Any]) -> list[str]:
    """List what a target cannot give.

    Parameters
    ----------
    capabilities : Capabilities
        The target's.
    values : mapping
        By the names of :class:`ServiceSpec`'s fields.

    Returns
    -------
    list of str
        Names of those that are set.
    """
    return [key for key, what in _TAKES.items() if values.get(key) and not getattr(capabilities, what)]


def for_target(
    spec: ServiceSpec, record: ServiceRecord | None, changes: Mapping[str, Any]
) -> tuple[ServiceSpec, tuple[str, ...]]:
    """Drop what a service had on its old target and what means nothing on its new one.

    Parameters
    ----------
    spec : ServiceSpec
        What is asked for, over what the service has.
    record : ServiceRecord or None
        What there is.
    changes : mapping
        What was given just now: the target refuses it where it means nothing, so it stays.

    Returns
    -------
    tuple of (ServiceSpec, tuple of str)
        What is left, and a line for each thing that was dropped.
    """
    if record is None or record.spec.target == spec.target:
        return spec, ()
    capabilities, nothing, notes = target(spec.target).capabilities, vars(ServiceSpec("", "")), []
    for key in beyond(capabilities, vars(spec)):
        if key not in changes:
            spec = replace(spec, **{key: nothing[key]})
            notes.append(f"{key} is dropped: target {spec.target} has no {_TAKES[key]}")
    if not capabilities.kernel and spec.environment == KERNEL and "environment" not in changes:
        spec = replace(spec, environment="")
        notes.append(f"environment kernel is dropped: target {spec.target} cannot use it; inferred takes its place")
    return spec, tuple(notes)
