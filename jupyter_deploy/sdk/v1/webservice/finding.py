"""The SDK's filters of services."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ....services import ServiceRecord
from ..exceptions import WebserviceException
from .labels import CLASSES


def check_class(compute_type: str | None) -> None:
    """Refuse a class that no service can have: no service would be found, in silence."""
    if compute_type is not None and compute_type.upper() not in {one.upper() for one in CLASSES}:
        raise WebserviceException(
            f"Invalid compute type {compute_type!r}.", hint=f"One of: {', '.join(map(repr, CLASSES))}."
        )


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
    for item in wanted or ():
        key, *value = [item] if isinstance(item, str) else list(item)
        if key not in pairs or (value and pairs[key] != str(value[0])):
            return False
    return True
