"""A form's fields, made from the OpenAPI document of a service."""

from __future__ import annotations

import json
from typing import Any

_KINDS = {"integer": "integer", "number": "number", "boolean": "boolean", "string": "text"}
PLAIN = "[[1, 2]]"
_MOST_COLUMNS = 60
_MOST_CHOICES = 200
_ABSENT = object()  # no sample, which is another thing than null


def input_schema(document: Any) -> dict[str, Any]:
    """Find the schema of a request's body; empty if there is none.

    The document is of version 3 or 2.0; a user's own may hold anything.
    """
    found: Any = document
    for keys in (("components", "schemas"), ("definitions",)):
        found = document
        for key in (*keys, "ServiceInput"):
            found = found.get(key) if isinstance(found, dict) else None
        if isinstance(found, dict):
            return found
    return {}


def fields(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """Make a field for each parameter; a table of records has a field for each column.

    A field has ``name``; ``of``, the parameter whose column it is, else empty; ``kind``, which is ``"integer"``,
    ``"number"``, ``"boolean"``, ``"text"``, ``"json"`` or ``"choice"``; ``choices``, the JSON texts of the last;
    ``hint``; and ``value``, the sample's as text, empty if the parameter is to be left out. There are none if the
    schema has no parameters.
    """
    properties, example = schema.get("properties"), schema.get("example")
    if not isinstance(properties, dict):
        return []
    samples = example if isinstance(example, dict) else {}
    made = []
    for name, found in properties.items():
        kind = found if isinstance(found, dict) else {}
        sample = samples.get(name, kind.get("example", _ABSENT))
        columns = _columns(kind)
        if columns:
            first = sample[0] if isinstance(sample, list) and sample else {}
            row = first if isinstance(first, dict) else {}
            made += [_field(column, str(name), one, row.get(column)) for column, one in columns.items()]
        else:
            made.append(_field(str(name), "", kind, sample))
    return made


def _columns(kind: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Find the columns of a table of records; none if it is no such table, or too wide for fields."""
    items = kind.get("items")
    if kind.get("type") != "array" or not isinstance(items, dict) or not isinstance(items.get("properties"), dict):
        return {}
    columns = {str(name): one if isinstance(one, dict) else {} for name, one in items["properties"].items()}
    return columns if len(columns) <= _MOST_COLUMNS else {}


def _field(name: str, of: str, kind: dict[str, Any], sample: Any) -> dict[str, Any]:
    form = _KINDS.get(str(kind.get("type")), "json")
    choices = _choices(kind)
    if choices:
        form = "choice"
    elif form == "text" and not isinstance(sample, str):
        form = "json"
    about = {"name": name, "of": of, "kind": form, "hint": _hint(kind), "value": _value(sample, form)}
    return {**about, "choices": choices}


def _choices(kind: dict[str, Any]) -> list[str]:
    known = kind.get("enum")
    return [json.dumps(one, ensure_ascii=False) for one in known[:_MOST_CHOICES]] if isinstance(known, list) else []


def _value(sample: Any, form: str) -> str:
    if sample is _ABSENT:
        return ""
    if form == "text":
        return str(sample)
    return "" if sample is None and form != "json" else json.dumps(sample, ensure_ascii=False)


def _hint(kind: dict[str, Any]) -> str:
    words = [str(kind[key]) for key in ("type", "format") if key in kind]
    # What a server takes where a parameter is left out.
    return " ".join([*words, f"(default: {kind['default']})"] if "default" in kind else words)
