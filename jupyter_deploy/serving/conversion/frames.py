"""JSON in one of pandas' orients as a table like a sample: columns by name, each of the sample's type."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .arrays import names_misfit
from .columns import column, natural
from .misfit import Misfit, shown


@dataclass(frozen=True)
class Table:
    """A table as it was sent."""

    columns: dict[Any, list[Any]]  # cells by name, or by number if there are no names
    labels: list[Any] | None  # of the rows; None if they only count rows
    rows: int
    named: bool = True  # whether columns have names
    same: bool = False  # whether the columns are the sample's in its order, although some may be alike


class Frames:
    """Converts JSON to tables like one sample, in its orient."""

    def __init__(self, kind: Any) -> None:
        sample = kind.sample_input
        self.sample, self.orient = sample, kind.orient
        # Column names as they are in JSON.
        self.names = list(map(str, sample.columns))
        self.places = {name: place for place, name in enumerate(self.names)}
        self.types = [(dtype, sample.iloc[:, place]) for place, dtype in enumerate(sample.dtypes)]
        self.strict, self.typed = bool(kind.enforce_shape), bool(kind.enforce_column_type)
        self.renames = bool(kind.apply_column_names)

    def __call__(self, value: Any) -> Any:
        """Convert JSON to a data frame with the sample's columns in its order; a data frame is returned as it is."""
        import pandas as pd

        if isinstance(value, pd.DataFrame):
            return value
        table = _READERS[self.orient](value, self)
        data: dict[Any, Any] = {}
        places = []
        for place, name, cells in self._in_order(table):
            try:
                data[name] = column(cells, *self.types[place]) if place >= 0 and self.typed else natural(cells)
            except Misfit as misfit:
                raise misfit.at(column=_shown(name), row=_label(table, misfit.place.row)) from None
            places.append(place)
        found = pd.DataFrame(data, index=range(table.rows) if table.labels is None else table.labels, copy=False)
        if places == list(range(len(self.names))) and (table.named or table.same or self.renames):
            found.columns = self.sample.columns
        return found

    def _in_order(self, table: Table) -> Iterator[tuple[int, Any, list[Any]]]:
        """Yield columns in the sample's order: index in the sample (or -1), name, cells."""
        width = len(self.names)
        if not table.rows and self.strict:
            raise Misfit("got no rows", "Send at least one row.")
        if not table.named or self._by_place(table):
            if self.strict and len(table.columns) != width:
                raise Misfit(f"got {len(table.columns)} columns", f"Send {width} values in each row.")
            for place, cells in enumerate(table.columns.values()):
                yield place if place < width else -1, place, cells
            return
        if len(self.places) < width:
            twice = next(name for name in self.names if self.names.count(name) > 1)
            raise Misfit(f"the sample has several columns called {twice!r}", "Rename them in the script.")
        unknown = [name for name in table.columns if name not in self.places]
        missing = [name for name in self.names if name not in table.columns]
        if self.strict and (missing or unknown):
            raise names_misfit(missing, unknown)
        for place, name in enumerate(self.names):
            if name in table.columns:
                yield place, self.sample.columns[place], table.columns[name]
        for name in unknown:
            yield -1, name, table.columns[name]

    def _by_place(self, table: Table) -> bool:
        return self.renames and len(table.columns) == len(self.names) and table.columns.keys() != self.places.keys()


def _label(table: Table, row: Any) -> Any:
    return repr(table.labels[row]) if table.labels is not None and isinstance(row, int) else row


def _shown(name: Any) -> Any:
    return name if isinstance(name, (str, int)) else str(name)


def _records(value: Any, frames: Frames) -> Table:
    if isinstance(value, dict):
        cells = set(map(type, value.values()))
        if cells in ({dict}, {list}) and not _holds(frames.sample, value, cells.pop()):
            return _by_column(value, frames)
        value = [value]
    return _rows(_a_list(value), frames)


def _holds(sample: Any, value: Mapping[str, Any], kind: type) -> bool:
    """Whether the sample's own cells are lists or dicts in these columns."""
    return any(
        str(name) in value and isinstance(cell, kind) for name in sample.columns for cell in sample[name].iloc[:1]
    )


def _rows(rows: Sequence[Any], frames: Frames, labels: list[Any] | None = None, beside: Sequence[str] = ()) -> Table:
    """Turn objects by row into lists by column."""
    for index, row in enumerate(rows):
        if not isinstance(row, dict):
            raise Misfit(f"{shown(row)} is not an object", "Send each row by the columns' names.").at(row=index)
    first = rows[0].keys() if rows else frames.places.keys()
    wanted = list(first)
    if any(row.keys() != first for row in rows):
        if frames.strict:
            _refuse_uneven(rows, frames, set(beside))
        wanted = list(dict.fromkeys(name for row in rows for name in row))
        return Table({name: [row.get(name) for row in rows] for name in wanted}, labels, len(rows))
    return Table({name: [row[name] for row in rows] for name in wanted}, labels, len(rows))


def _refuse_uneven(rows: Sequence[dict[str, Any]], frames: Frames, beside: set[str]) -> None:
    for index, row in enumerate(rows):
        missing = [name for name in frames.places if name not in row]
        unknown = [name for name in row if name not in frames.places and name not in beside]
        if missing or unknown:
            raise names_misfit(missing, unknown).at(row=index)


def _a_list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Misfit(f"got {shown(value)}, which is not a list of rows", "Send a list with an object for each row.")
    return value


def _an_object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Misfit(f"got {shown(value)}, which is not an object", f"Send an object by {what}.")
    return value


def _by_column(value: Any, frames: Frames) -> Table:
    found: dict[str, list[Any]] = {}
    labels: list[str] | None = None
    rows = None
    for name, cells in _an_object(value, "the columns' names").items():
        if isinstance(cells, list):
            found[name] = cells
            own = None
        elif isinstance(cells, dict):
            # Rows may come in any order.
            same = labels is not None and cells.keys() == set(labels)
            own = labels if same else list(cells)
            found[name] = [cells[label] for label in own or ()]
        else:
            raise Misfit(f"{shown(cells)} is not a column of cells", "Send an object or a list for it.").at(column=name)
        if rows is not None and (own != labels or len(found[name]) != rows):
            raise Misfit("its rows are not those of the other columns", "Send the same rows in each.").at(column=name)
        labels, rows = own, len(found[name])
    return Table(found, _labels(labels), rows or 0)


def _by_row(value: Any, frames: Frames) -> Table:
    rows = _an_object(value, "the rows' labels")
    return _rows(list(rows.values()), frames, _labels(list(rows)))


def _labels(labels: list[str] | None) -> list[Any] | None:
    """Read labels as whole numbers if all are; None if they only count the rows."""
    if labels is None:
        return None
    if all(label.isascii() and label.removeprefix("-").isdigit() and str(int(label)) == label for label in labels):
        whole = list(map(int, labels))
        return None if whole == list(range(len(whole))) else whole
    return list(labels)


def _split(value: Any, frames: Frames) -> Table:
    parts = _an_object(value, "columns, index and data")
    for part in ("columns", "data"):
        if not isinstance(parts.get(part), list):
            raise Misfit(f"it has no list {part!r}", "Send columns and data, as to_dict(orient='split') gives them.")
    # Columns with several levels have lists as names.
    columns = [str(tuple(name)) if isinstance(name, list) else str(name) for name in parts["columns"]]
    table = _lists(parts["data"], len(columns), parts.get("index"))
    if columns == frames.names:
        return replace(table, named=False, same=True)
    if len(set(columns)) < len(columns):
        twice = next(name for name in columns if columns.count(name) > 1)
        raise Misfit(f"it has several columns called {twice!r}", "Send each column once.")
    return Table(dict(zip(columns, table.columns.values(), strict=True)), table.labels, table.rows)


def _values(value: Any, frames: Frames) -> Table:
    rows = _a_list(value)
    width = len(rows[0]) if rows and isinstance(rows[0], list) else len(frames.sample.columns)
    return _lists(rows, len(frames.sample.columns) if frames.strict else width, None, named=False)


def _lists(rows: list[Any], width: int, labels: Any, named: bool = True) -> Table:
    for index, row in enumerate(rows):
        if not isinstance(row, list):
            raise Misfit(f"{shown(row)} is not a list", "Send a list for each row.").at(row=index)
        if len(row) != width:
            raise Misfit(f"it has {len(row)} values, not {width}", "Send a value for each column.").at(row=index)
    if labels is not None and (not isinstance(labels, list) or len(labels) != len(rows)):
        raise Misfit("its index is not a list with a label for each row", "Leave the index out.")
    if labels == list(range(len(rows))):
        labels = None
    columns = list(map(list, zip(*rows, strict=True))) if rows else [[] for _ in range(width)]
    return Table(dict(enumerate(columns)), labels, len(rows), named)


def _table(value: Any, frames: Frames) -> Table:
    parts = _an_object(value, "schema and data")
    schema = parts.get("schema") if isinstance(parts.get("schema"), dict) else {}
    key = (schema or {}).get("primaryKey") or []
    keys = [key] if isinstance(key, str) else list(key)
    found = _rows(_a_list(parts.get("data")), frames, beside=keys)
    kept = {name: cells for name, cells in found.columns.items() if name not in keys or name in frames.places}
    labels = found.columns.get(keys[0]) if len(keys) == 1 and keys[0] not in frames.places else None
    return Table(kept, None if labels == list(range(found.rows)) else labels, found.rows)


_READERS: Mapping[str, Callable[[Any, Frames], Table]] = {
    "records": _records,
    "split": _split,
    "index": _by_row,
    "columns": _by_column,
    "values": _values,
    "table": _table,
}
