"""The SDK's filters of services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

from ....registry import pairs_of
from ....services import ServiceRecord
from ..exceptions import WebserviceException
from .labels import CLASSES


def check_filters(compute_type: str | None, tags: Sequence[Any] | None, properties: Sequence[Any] | None) -> None:
    """Refuse what no service can have: none would be found, in silence."""
    pairs_of(tags, "tags")
    pairs_of(properties, "properties")
    if compute_type is not None and compute_type.upper() not in {one.upper() for one in CLASSES}:
        raise WebserviceException(
            f"Invalid compute type {compute_type!r}.", hint=f"One of: {', '.join(map(repr, CLASSES))}."
        )


def check_number(name: str, given: object, example: float) -> None:
    """Refuse what is no number, or below zero; a whole one where the example is whole. None may be a time only."""
    whole = isinstance(example, int)
    if given is None and not whole:
        return
    if isinstance(given, bool) or not isinstance(given, Integral if whole else Real) or given < 0:
        kind = "a whole number" if whole else "a number of seconds"
        raise WebserviceException(f"{name} must be {kind}, not {given!r}.", hint=f"{name}={example:g}")


def passes(
    record: ServiceRecord,
    *,
    model_name: str | None,
    model_id: str | None,
    tags: Sequence[Any] | None,
    properties: Sequence[Any] | None,
) -> bool:
    """Tell whether a service has the model, the tags and the properties."""
    names = {reference.rpartition(":")[0] for reference in record.models}
    if model_name is not None and model_name not in names:
        return False
    # Without a version, any is meant.
    if model_id is not None and model_id not in {*record.models, *names}:
        return False
    return _have(record.spec.tags, tags) and _have(record.spec.properties, properties)


def _have(pairs: Mapping[str, str], wanted: Sequence[Any] | None) -> bool:
    asked = pairs_of(wanted, "tags")
    return all(key in pairs and value in {None, pairs[key]} for key, value in asked.items())
