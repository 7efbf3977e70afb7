"""What of a service's description goes with its target: what means nothing there is dropped, or refused by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ..environments import KERNEL
from ..services import ServiceRecord, ServiceSpec

# What a service's description may hold that another target does not know, with what stands for "not given".
_MEANINGLESS: dict[str, dict[str, tuple[Any, str]]] = {
    "process": {"memory": (0, "a plain process has no limits"), "cpus": (0.0, "a plain process has no limits")},
    "docker": {},
}


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
    notes = []
    for key, (nothing, why) in _MEANINGLESS[spec.target].items():
        if key not in changes and getattr(spec, key) != nothing:
            spec = replace(spec, **{key: nothing})
            notes.append(f"{key} is dropped: {why}")
    if spec.target == "docker" and spec.environment == KERNEL and "environment" not in changes:
        spec = replace(spec, environment="")
        notes.append("environment kernel is dropped: a container has no kernel; it gets what script and models need")
    return spec, tuple(notes)
