"""Which columns the output has: known once every row has its outcome."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..asking import Outcome, Predicted
from ..kinds import Column, Kind

_MOST_KEYS = 1_000
_NOTHING = Column()


@dataclass(frozen=True)
class Predictions:
    """The new columns, each with what it holds."""

    name: str
    # by key, where every prediction is an object; else one column for the whole prediction
    keys: tuple[str, ...] | None
    columns: Mapping[str, Column] = field(hash=False)  # by the column's name in a table

    def cells(self, outcome: Outcome) -> list[Any]:
        """Return the values of the new columns for a row; of a failed one, none."""
        if not isinstance(outcome, Predicted):
            return [None] * len(self.columns)
        if self.keys is None:
            return [outcome.value]
        value = outcome.value if outcome.value is not None else {}
        return [value.get(key) for key in self.keys]


def predictions_of(name: str, outcomes: Iterable[Outcome]) -> Predictions:
    """Read all outcomes and find the columns that hold them."""
    whole, keys = Column(), dict[str, Column]()
    objects = True
    for outcome in outcomes:
        if not isinstance(outcome, Predicted):
            continue
        value = outcome.value
        whole.take(value)
        if value is None or not objects:
            continue
        objects = isinstance(value, dict) and len(keys) <= _MOST_KEYS
        if objects:
            for key, item in value.items():
                keys.setdefault(key, Column()).take(item)
    if objects and keys:
        return Predictions(name, tuple(keys), {f"{name}.{key}": column for key, column in keys.items()})
    return Predictions(name, None, {name: whole})


def kind_in_table(column: Column) -> Kind:
    """Return the kind of a typed column that holds all values: whole numbers that are too large for it are texts."""
    return Kind.TEXT if column.wide else column.kind
