"""How rows become requests, and an answer the predictions of its rows; the same on every engine."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import UsageProblem, nearest
from ..invoking import Binary, Payload, Signature, payload_of
from ..serving import decode, to_json
from .kinds import Kind, kept_as, kind_of_schema
from .options import Asked
from .sources import Row, Scan

_MOST_ROWS = 1_000
# Small enough for a server's queue and its limits, large enough that a request costs little beside it.
_BYTES = 1_000_000
_FRAME = "pandas.DataFrame:"


class NotPerRow(ValueError):
    """An answer does not have one prediction for each row."""


@dataclass(frozen=True)
class Plan:
    """What is sent for rows, and how answers are read."""

    size: int  # rows a request
    # how rows are written: record, records, values, split, index, columns, cells, cell, body
    form: str
    parameter: str = ""  # of run(), which gets them; empty without a schema
    key: str = ""  # an object's key that they are put under
    columns: tuple[str, ...] | None = None  # the columns that are sent; None for all
    signature: Signature | None = None
    listed: bool = False  # whether each answer must be a list with an item a row

    def requests(self, rows: Sequence[Row]) -> Iterator[list[Row]]:
        """Cut rows into requests; rows of one request have the same columns."""
        for _, alike in itertools.groupby(rows, lambda row: tuple(row.value) if isinstance(row.value, dict) else None):
            waiting = list(alike)
            for start in range(0, len(waiting), self.size):
                yield waiting[start : start + self.size]

    def payload(self, rows: Sequence[Row]) -> Payload:
        """Make the body for rows of one request; raises :class:`~jupyter_deploy.errors.InvokeProblem`."""
        values = [self._chosen(row.value) for row in rows]
        if self.form == "body":
            assert self.signature is not None
            return payload_of(values[0], self.signature)
        value = _written(values, self.form)
        if self.parameter:
            value = {self.parameter: value}
        elif self.key:
            value = {self.key: value}
        # A text alone would be sent as it is, not as JSON.
        return Payload(to_json(value)) if isinstance(value, str) else payload_of(value)

    def _chosen(self, value: Any) -> Any:
        if self.columns is None or not isinstance(value, dict):
            return value
        return {name: value[name] for name in self.columns if name in value}

    def predictions(self, answer: Any, count: int) -> list[Any]:
        """Cut an answer into the predictions of its rows; raises :class:`NotPerRow`."""
        if isinstance(answer, Binary):
            raise NotPerRow(f"the answer is {answer.content_type}, which has no place in a table")
        if isinstance(answer, str) and answer[:1] in "[{":
            # Scripts of Azure ML often return JSON as a text.
            with contextlib.suppress(ValueError, RecursionError, UnicodeEncodeError):
                answer = decode(answer.encode())
        if self.form in {"record", "body", "cell"}:
            return [answer]
        if isinstance(answer, list) and len(answer) == count:
            return answer
        if isinstance(answer, dict) and any(isinstance(value, list) for value in answer.values()):
            return _by_row(answer, count)
        if count == 1 and not self.listed and not isinstance(answer, list):
            return [answer]
        raise NotPerRow(f"the answer to {count:,} rows is {_described(answer)}")


def _by_row(answer: Mapping[str, Any], count: int) -> list[Any]:
    uneven = [name for name, value in answer.items() if isinstance(value, list) and len(value) != count]
    if uneven:
        raise NotPerRow(f"the answer to {count:,} rows has {len(answer[uneven[0]]):,} values in {uneven[0]!r}")
    if len(answer) == 1:
        return list(next(iter(answer.values())))
    return [
        {name: value[place] if isinstance(value, list) else value for name, value in answer.items()}
        for place in range(count)
    ]


def _described(answer: Any) -> str:
    if isinstance(answer, list):
        return f"a list of {len(answer):,}"
    text = str(answer)
    return f"{text[:200]!r}, not a list of them"


def _written(values: list[Any], form: str) -> Any:
    if form in {"record", "cell"}:
        first = values[0]
        return next(iter(first.values()), None) if form == "cell" and isinstance(first, dict) else first
    if form == "cells":
        return [next(iter(value.values()), None) if isinstance(value, dict) else value for value in values]
    if form == "records":
        return values
    lists = [list(value.values()) if isinstance(value, dict) else value for value in values]
    if form == "values":
        return lists
    if form == "row":
        return lists[0]
    names = list(values[0]) if isinstance(values[0], dict) else []
    if form == "split":
        return {"columns": names, "data": lists}
    if form == "index":
        return {str(place): value for place, value in enumerate(values)}
    if form == "table":
        return {"schema": {"fields": [{"name": name} for name in names], "primaryKey": []}, "data": values}
    return {name: {str(place): value[name] for place, value in enumerate(values)} for name in names}


def plan_of(asked: Asked, scan: Scan, signature: Signature | None) -> tuple[Plan, dict[str, Kind], list[str]]:
    """Decide how rows are sent: the plan, the kinds that a CSV file's columns are read as, and notes for people."""
    named = signature is not None and _is_by_parameter(signature, scan.sample)
    schema = signature.parameters if signature is not None and named else _columns_of(signature)
    columns, notes = _columns(asked, scan, schema, named)
    many = _rows_a_request(asked, scan)
    sent = columns if columns is not None else scan.columns
    if signature is None:
        form = asked.form or ("records" if (asked.rows or 1) > 1 or asked.key else "record")
        size = 1 if form == "record" else asked.rows or (many if asked.form else 1)
        plan = Plan(size, form, key=asked.key or "", columns=columns, listed=size > 1)
    else:
        if asked.form or asked.key:
            raise UsageProblem(
                "The service has a schema, which says how rows are written.", hint="Leave --form and --key out."
            )
        whole = Plan(1, "body", columns=columns, signature=signature)
        width = len(sent) if sent else 0
        plan = whole if named else _by_schema(whole, scan, width, many, asked.rows)
        if asked.rows not in {None, plan.size}:
            raise UsageProblem(
                f"{signature.sentence()}: one row a request.",
                hint="Leave --rows out; --concurrency sends many at once.",
            )
    kinds = {}
    for name, found in scan.kinds.items():
        kinds[name] = asked.kinds.get(name) or kind_of_schema(schema.get(name, {})) or found
    unknown = next((name for name in asked.kinds if name not in (scan.columns or ())), None)
    if unknown is not None:
        raise _missing(unknown, scan)
    return plan, kinds, notes


def written_kinds(scan: Scan, kinds: Mapping[str, Kind]) -> dict[str, Kind]:
    """Return the kinds that the input's columns are written in, which hold every cell."""
    return {name: kept_as(kinds.get(name), found) for name, found in scan.kinds.items()}


def _columns_of(signature: Signature | None) -> Mapping[str, Mapping[str, Any]]:
    """Find what the schema says of each column, or of each parameter where a row has the parameters."""
    if signature is None:
        return {}
    items = signature.parameters[signature.first].get("items")
    found = items.get("properties") if isinstance(items, Mapping) else None
    if isinstance(found, Mapping) and found:
        return {str(name): one if isinstance(one, Mapping) else {} for name, one in found.items()}
    return {}


def _is_by_parameter(signature: Signature, sample: Any) -> bool:
    """Whether a row is a whole body already: its keys are parameters, not the columns of a table."""
    if not isinstance(sample, dict) or _columns_of(signature).keys() & set(sample):
        return False
    return not signature.parameters.keys().isdisjoint(sample)


def _columns(
    asked: Asked, scan: Scan, schema: Mapping[str, Any], named: bool
) -> tuple[tuple[str, ...] | None, list[str]]:
    """Choose the columns that are sent; None for all, or where rows are no records."""
    if asked.columns is not None:
        for name in asked.columns:
            if scan.columns is None or name not in scan.columns:
                raise _missing(name, scan)
        return asked.columns, []
    if not schema or scan.columns is None:
        return None, []
    missing = next((name for name in schema if name not in scan.columns), None)
    # A parameter may have a default.
    if missing is not None and not named:
        raise _missing(missing, scan, "The service takes it. ")
    beside = [name for name in scan.columns if name not in schema]
    shown = ", ".join(beside[:8]) + (", …" if len(beside) > 8 else "")
    notes = [f"not sent, because the service has no such column: {shown}"] if beside else []
    return tuple(name for name in schema if name in scan.columns), notes


def _missing(name: str, scan: Scan, why: str = "") -> UsageProblem:
    known = scan.columns or ()
    close = nearest(name, known)
    listed = ", ".join(known[:8]) + (", …" if len(known) > 8 else "")
    hint = f"{why}Did you mean {close!r}?" if close else f"{why}It has: {listed or 'no columns'}."
    return UsageProblem(f"The input has no column {name!r}.", hint=hint)


def _rows_a_request(asked: Asked, scan: Scan) -> int:
    average = max(1, scan.size // max(1, scan.rows))
    return asked.rows or max(1, min(_MOST_ROWS, _BYTES // average))


def _by_schema(one: Plan, scan: Scan, width: int, many: int, asked: int | None) -> Plan:
    """Read from the schema whether the first parameter is a table, and of which form; ``one`` sends a row alone."""
    signature = one.signature
    assert signature is not None
    first = signature.first
    schema = signature.parameters[first]
    of_rows = Plan(many, "records", first, "", one.columns, signature, listed=asked != 1)
    form = str(schema.get("format", ""))
    if form.startswith(_FRAME):
        return _with(of_rows, form.removeprefix(_FRAME))
    items = schema.get("items")
    if schema.get("type") != "array" or not isinstance(items, Mapping):
        return _with(one, "cell", first) if width == 1 and scan.columns else one
    inner = str(items.get("type", ""))
    if inner == "array":
        return _with(of_rows, "values")
    if inner == "object":
        return of_rows
    # A list of single values: a column of them, or one row.
    if width == 1 or not isinstance(scan.sample, (dict, list)):
        return _with(of_rows, "cells")
    return _with(one, "row", first)


def _with(plan: Plan, form: str, parameter: str = "") -> Plan:
    return Plan(plan.size, form, parameter or plan.parameter, plan.key, plan.columns, plan.signature, plan.listed)
