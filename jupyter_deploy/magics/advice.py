"""One line below the errors of a notebook's own code that calls services as old notebooks do."""

from __future__ import annotations

import re
import sys
import traceback
from types import TracebackType
from typing import Any

_REQUESTS = "The module's name is requests: requests.post(…)."
_CALLS = re.compile(r"\.(?:invoke|run|request)\(")
_WAYS = {"ndarray": "x.tolist()", "Series": "x.tolist()", "DataFrame": 'x.to_dict(orient="records")'}
_NUMBER = re.compile(r"(?:u?int|float)\d+|bool_?")


def advise(result: Any) -> None:
    """Print a hint below the error of a cell, if there is one (IPython's ``post_run_cell`` hook)."""
    error, cell = result.error_in_exec, str(getattr(result.info, "raw_cell", ""))
    hint = hint_for(error, cell) if error is not None else ""
    if hint:
        sys.stderr.write(f"Hint: {hint}\n")


def hint_for(error: BaseException, cell: str) -> str:
    """Find the hint for an error of a cell; empty if nothing is certain."""
    if isinstance(error, TypeError):
        return _about_json(error, cell)
    if isinstance(error, NameError) and "name 'request' is not defined" in str(error):
        return _REQUESTS if re.search(r"\brequest\.(?:post|get)\(", cell) else ""
    if isinstance(error, AttributeError) and re.search(r"has no attribute '(?:post|get)'", str(error)):
        return _REQUESTS if re.search(r"(?<![.\w])request\.(?:post|get)\(", cell) else ""
    return ""


def _about_json(error: TypeError, cell: str) -> str:
    """Advise on an error of json.loads or json.dumps."""
    decoded = re.match(r"the JSON object must be str, bytes or bytearray, not (dict|list|int|float|bool)", str(error))
    if decoded:
        return f"It is decoded already, a {decoded[1]}: leave json.loads out." if "json.loads(" in cell else ""
    unknown = re.match(r"Object of type (\w+) is not JSON serializable", str(error))
    if not unknown or not _raised_in(error.__traceback__, "json.encoder"):
        return ""
    kind = unknown[1]
    way = _WAYS.get(kind) or ("x.item()" if _NUMBER.fullmatch(kind) else "")
    if not way:
        return ""
    # Only if the text of json.dumps is an argument of the call.
    given = re.search(rf"{_CALLS.pattern}[^()]*json\.dumps\(", cell)
    also = "; %invoke and Service.invoke take it as it is, without json.dumps" if given else ""
    return f"json.dumps does not know {kind}: give it {way}{also}."


def _raised_in(trace: TracebackType | None, module: str) -> bool:
    frames = [frame for frame, _ in traceback.walk_tb(trace)]
    # The encoder in C has no frame, so json.dumps itself is the last one.
    return bool(frames) and str(frames[-1].f_globals.get("__name__", "")) in {module, "json"}
