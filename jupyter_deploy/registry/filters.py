"""Conditions of a search in the registry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from ..errors import UsageProblem
from ..store import models

# A first filter; the model itself decides.
MAY_BE_CAPTURED = sa.cast(models.c.properties, sa.String).like('%"captured_by"%')


def pairs_of(given: Any, what: str) -> dict[str, str | None]:
    """Read a filter on tags or properties; None as a value matches any.

    It is ``{"stage": "trial"}``, or Azure ML's list form ``["stage", ["team", "risk"]]``.
    """
    if given is None:
        return {}
    if isinstance(given, Mapping):
        return {str(key): None if value is None else str(value) for key, value in given.items()}
    if isinstance(given, str) or not isinstance(given, Sequence):
        raise UsageProblem(f"{what} must be a list or a dict.", hint=f"For example {what}=[['stage', 'trial']].")
    pairs: dict[str, str | None] = {}
    for item in given:
        if isinstance(item, str) and "=" in item:
            # It would be the name of a key, which nothing has.
            key, _, value = item.partition("=")
            raise UsageProblem(f"{what}: {item!r} is no key.", hint=f"{what}=[[{key!r}, {value!r}]]")
        if isinstance(item, str):
            pairs[item] = None
        elif isinstance(item, Sequence) and len(item) == 2:
            pairs[str(item[0])] = str(item[1])
        else:
            raise UsageProblem(
                f"{what}: {item!r} is neither 'key' nor ['key', 'value'].", hint=f"{what}=['stage', ['team', 'risk']]"
            )
    return pairs


def has_pair(column: sa.ColumnElement[Any], key: str, text: str | None, dialect: str) -> sa.ColumnElement[bool]:
    """Test a JSON column for a key, and for its value unless that is None."""
    if dialect == "sqlite":
        # A path such as $."key" cannot quote every key; in a table, keys are plain values.
        pairs = sa.func.json_each(column).table_valued("key", "value")
        condition = pairs.c.key == key
        return sa.exists().where(condition if text is None else sa.and_(condition, pairs.c.value == text))
    found: sa.ColumnElement[str] = column[key].as_string()
    return found.is_not(None) if text is None else found == text
