"""Requests that a script does not understand, and results that json.dumps does not."""

from __future__ import annotations

import ast
import json
import re
from typing import Any

from .situation import Situation

_PLAIN_VALUES = {"dict", "list", "int", "float", "bool"}
_NUMBERS = re.compile(r"(?:np\.|numpy\.)?(?:u?int|float)\d+|bool_?")


def about_json(at: Situation) -> str:
    """Advise on a request that is not JSON; empty if the script decoded another text."""
    if at.text is None or getattr(at.error, "doc", None) not in {at.text, at.text.strip()}:
        return ""
    sent = "nothing" if not at.text.strip() else "text that is not JSON"
    return f"The request is {sent}; the script decodes it as JSON: look at what is sent."


def about_type(at: Situation) -> str:
    """Advise on a ``TypeError`` of json, or of a list that is indexed by a name; empty if nothing is certain."""
    decoded = re.search(r"the JSON object must be str, bytes or bytearray, not (\w+)", at.message)
    if decoded:
        return "It is decoded already: leave json.loads out." if decoded[1] in _PLAIN_VALUES else ""
    unknown = re.search(r"Object of type (\w+) is not JSON serializable", at.message)
    if unknown and "json.dumps" in at.line:
        return _not_dumped(at, unknown[1])
    if re.search(r"list indices must be integers or slices, not str", at.message):
        key, value = _missing_key(at)
        what = "The request" if value == at.sent else "A part of the request"
        wants = f'{what} is a list; the script asks it for "{key}": send {{"{key}": …}}.'
        return wants if key and isinstance(value, list) else ""
    return ""


def _not_dumped(at: Situation, kind: str) -> str:
    way = ""
    if kind == "ndarray" or kind == "Series":
        way = "give it x.tolist()"
    elif kind == "DataFrame":
        way = 'give it x.to_dict(orient="records")'
    elif _NUMBERS.fullmatch(kind):
        way = "give it x.item()"
    elif kind in {"Timestamp", "datetime", "date"}:
        way = "give it x.isoformat()"
    if not way:
        return ""
    returns = at.stage == "run" and re.match(r"return\s+json\.dumps\(", at.line)
    also = "; or return the value itself, without json.dumps: the server knows it" if returns else ""
    return f"json.dumps does not know {kind}: {way}{also}."


def about_key(at: Situation) -> str:
    """Advise on a key that the request lacks; empty if it may be another dictionary's."""
    key = at.error.args[0] if at.error.args else None
    missing, value = _missing_key(at)
    if key and key == missing and isinstance(value, dict):
        has = f"; it has {', '.join(map(json.dumps, list(value)[:5]))}" if value else ""
        where = "" if value == at.sent else " in the part that the script looks at"
        return f'The request has no "{key}"{where}{has}: send {{"{key}": …}}.'
    columns = _columns(key) if isinstance(key, str) and at.raised_in == "pandas" else []
    return _about_columns(at, columns) if columns else ""


def about_value(at: Situation) -> str:
    """Advise on rows that a model refuses; empty if they are not the request's."""
    if re.search(r"Expected 2D array, got", at.message):
        flat = [part for part in at.parts_sent() if isinstance(part, list) and part and not _holds_rows(part)]
        rows = any(isinstance(part, list) and _holds_rows(part) for part in at.parts_sent())
        row = json.dumps(flat[0][:3]) if flat else ""
        return f"The model expects rows: send a list of lists, for example [{row}]." if flat and not rows else ""
    missing = re.search(r"Feature names seen at fit time, yet now missing:\n((?:- .*\n?)+)", at.message)
    if missing:
        return _about_columns(at, [line[2:] for line in missing[1].splitlines() if line != "- ..."])
    columns = re.search(r"columns are missing: \{(.+)\}", at.message)
    return _about_columns(at, re.findall(r"'([^']+)'", columns[1])) if columns else ""


def _holds_rows(part: list[Any]) -> bool:
    return any(isinstance(item, (list, dict)) for item in part)


def _columns(text: str) -> list[str]:
    """Read the names of the columns that pandas did not find."""
    found = re.search(r"\[(.*?)\](?:, dtype=.*)?\)?\]? (?:not in index|are in the \[columns\])", text, re.DOTALL)
    return re.findall(r"'([^']+)'", found[1]) if found else [text]


def _about_columns(at: Situation, columns: list[str]) -> str:
    """Name the columns that no row of the request has."""
    rows = [part for part in at.parts_sent() if isinstance(part, dict) and part]
    scalars = [row for row in rows if not any(isinstance(value, (list, dict)) for value in row.values())]
    lacks = [column for column in columns if not any(column in row for row in rows)]
    if not lacks or not scalars:
        return ""
    one = len(lacks) == 1
    told = ", ".join(map(json.dumps, lacks[:5]))
    example = json.dumps(
        {**{name: scalars[0][name] for name in list(scalars[0])[:3]}, lacks[0]: "…"}, ensure_ascii=False
    )
    return f"The request's rows have no column{'' if one else 's'} {told}: send rows such as {example}."


def _missing_key(at: Situation) -> tuple[str, Any]:
    """Find the key that the script's line looks up in the request, and its container: a dict without it, or a list."""
    if not isinstance(at.sent, (dict, list)):
        return "", None
    try:
        tree = ast.parse(at.line.rstrip(":"))
    except (SyntaxError, ValueError):
        return "", None
    for node in ast.walk(tree):
        keys: list[Any] = []
        base: ast.AST = node
        while isinstance(base, ast.Subscript) and isinstance(base.slice, ast.Constant):
            keys.insert(0, base.slice.value)
            base = base.value
        value: Any = _of_request(at, base) if keys else None
        for key in keys:
            if isinstance(key, str) and (isinstance(value, list) or (isinstance(value, dict) and key not in value)):
                return key, value
            try:
                value = value[key]
            except (LookupError, TypeError):
                break
    return "", None


def _of_request(at: Situation, base: ast.AST) -> Any:
    """Return the value of an expression if it is the request or a part of it; otherwise None."""
    if isinstance(base, ast.Name):
        value = at.local(base.id)
        return value if at.came_in(value) else None
    if isinstance(base, ast.Call) and getattr(base.func, "attr", "") == "loads" and base.args:
        given = base.args[0]
        return at.sent if isinstance(given, ast.Name) and at.local(given.id) in (at.text, at.body) else None
    return None
