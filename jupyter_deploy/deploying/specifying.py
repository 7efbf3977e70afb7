"""Merge a request into a service's specification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import UsageProblem, refuse_unknown_keys
from ..services import ServiceRecord, ServiceSpec, Setting
from ..serving import FIXED, ServingConfig, settable, with_settings
from ..targets import target
from .asked import DEFAULT, Asked
from .debugging import debugged

# Options that are fields of a specification without conversion.
_PLAIN = (
    *("models", "port", "environment", "workers", "replicas", "memory", "cpus", "image"),
    *("auth", "tls", "tls_key", "follow_model", "on_change", "endpoint", "deployment"),
)


def specified(name: str, record: ServiceRecord | None, asked: Asked) -> ServiceSpec:
    """Return the specification of a service after a request, whose references are looked up.

    ``record`` is None for a new service. An own image is refused on a target that runs none.
    """
    spec, plain = record.spec if record else ServiceSpec(name, name), vars(ServiceSpec(name, name))
    changes: dict[str, Any] = {} if asked.target is None else {"target": asked.target}
    for key in _PLAIN:
        value = getattr(asked, key)
        if value is not None:
            changes[key] = plain[key] if value is DEFAULT else value
    if asked.script is not None:
        changes["script"] = name if asked.script is DEFAULT else str(asked.script)
        changes["script_is_file"] = isinstance(asked.script, Path)
    if asked.source is not None:
        changes["source"] = "" if asked.source is DEFAULT else str(asked.source)
    if asked.settings is not None:
        changes["settings"] = {} if asked.settings is DEFAULT else with_given(spec.settings, asked.settings)
    if asked.variables is not None:
        kept = {} if asked.variables is DEFAULT else {**spec.variables, **asked.variables}
        # As with settings, an empty value removes a variable.
        changes["variables"] = {key: value for key, value in kept.items() if value not in {None, ""}}
    changes |= _described(spec, asked)
    before, spec = spec, replace(spec, **changes)
    if asked.debug is not None or spec.settings.get("debug_port"):
        spec = debugged(before, spec, asked)
    if spec.image and not target(spec.target).capabilities.own_image:
        raise UsageProblem(
            "An image of your own needs containers.",
            hint=f"Remove the image: jupyter model deploy {name} --image none --target {spec.target}",
        )
    if asked.tls is not None and asked.tls_key is None:
        spec = replace(spec, tls_key="")
    if spec.image and spec.tls:
        raise UsageProblem(
            "An image of your own has its own server, which gets no certificate from here.",
            hint=f"Leave it out: jupyter model deploy {name} --image {spec.image.name} --tls none",
        )
    if spec.image and spec.auth != "none":
        raise UsageProblem(
            "An image of your own checks its clients itself: its server knows no keys of this package.",
            hint=f"Leave it out: jupyter model deploy {name} --image {spec.image.name} --auth none",
        )
    return spec


def _described(spec: ServiceSpec, asked: Asked) -> dict[str, Any]:
    found: dict[str, Any] = {} if asked.description is None else {"description": asked.description}
    if asked.labels is not None:
        found["labels"] = {**spec.labels, **asked.labels}
    if asked.tags is not None:
        given = {} if asked.tags is DEFAULT else {**spec.tags, **asked.tags}
        found["tags"] = {key: value for key, value in given.items() if value is not None}
    if asked.properties:
        changed = [key for key, value in asked.properties.items() if spec.properties.get(key, value) != value]
        if changed:
            raise UsageProblem(
                f"Properties cannot be changed once they are set: {', '.join(changed)}.",
                hint=f"Use a tag: jupyter model deploy {spec.name} --tag {changed[0]}=VALUE",
            )
        found["properties"] = {**spec.properties, **asked.properties}
    return found


def with_given(settings: Mapping[str, Setting], given: Mapping[str, Setting | None]) -> dict[str, Setting]:
    """Merge given settings into a service's, check them, and drop those with default values.

    Texts may stand for values; an empty text or None resets a setting. A setting of another option is refused.
    """
    for key in given:
        if key in FIXED:
            raise UsageProblem(
                f"{key} is not a setting of a service.",
                hint=f"Use --{key}." if key in {"port", "workers"} else "The target chooses it.",
            )
    kept = {key: value for key, value in settings.items() if key not in given}
    values = {key: value for key, value in given.items() if value is not None and value != ""}
    refuse_unknown_keys(given, settable(), "settings")
    config, default = with_settings(ServingConfig(), {**kept, **values}, "settings", texts=True), ServingConfig()
    found = {key: getattr(config, key) for key in {**kept, **values}}
    return {key: value for key, value in sorted(found.items()) if value != getattr(default, key)}
