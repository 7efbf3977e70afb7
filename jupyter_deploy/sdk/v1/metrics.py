"""From what was logged to what ``Run.get_metrics()`` returns."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ...runs import Metric


def read_back(metrics: Iterable[Metric]) -> dict[str, Any]:
    """Join the values of each name: one scalar is itself, several are a list, rows and tables grow by column."""
    found: dict[str, Any] = {}
    for one in metrics:
        if one.name not in found:
            found[one.name] = one.value
        elif one.kind in {"row", "table"} and isinstance(found[one.name], dict):
            found[one.name] = _grown(found[one.name], one.value)
        else:
            found[one.name] = [*_listed(found[one.name]), *_listed(one.value)]
    return found


def _grown(columns: dict[str, Any], row: dict[str, Any]) -> dict[str, Any]:
    return {
        key: [*_listed(columns.get(key, [])), *_listed(row.get(key, []))] for key in dict.fromkeys([*columns, *row])
    }


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
