"""What ``run()`` gets, read from the text of a cell, a stored script or a file."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from types import MappingProxyType

from .checking import quiet_parse
from .decoding import gives_something, inputs_of, is_read, names_bound, reason_for_text, run_of
from .decorations import around_run, decorating_words, names_in
from .flow import Function, scope_of

# The docstring of the function that is generated around a run() with a decoded value.
DECODES = "Hand the value in the request's JSON to the cell's run()."
_RECORDS = {"object": "text", "str": "text", "string": "text"}
_JSON_KINDS = {str: "text", bool: "true or false", int: "an integer", float: "a number", bytes: "bytes, as base64 text"}
_SHOWN = 60


@dataclass(frozen=True)
class RunInput:
    """What a script's ``run()`` gets."""

    kind: str  # "text", "json", "schema", "raw" or "batch"
    gets: str  # the kind in words
    parameters: dict[str, str]  # those that a request fills, with their types; a type is empty if unknown
    is_read: bool = True  # whether run() uses its value
    returns: bool = True  # whether run() may return a value

    @property
    def sentence(self) -> str:
        """What it gets, in one line."""
        return f"{'run_batch' if self.kind == 'batch' else 'run'}() gets {self.gets}"

    @property
    def lines(self) -> list[str]:
        """The sentence, and a line for each parameter with a type."""
        return [self.sentence, *(f"{name}: {kind}" for name, kind in self.parameters.items() if kind)]

    @property
    def text(self) -> str:
        """Its lines, as one text."""
        return "\n".join(self.lines)


@lru_cache(maxsize=16)
def run_input(source: str, cell: str = "") -> RunInput:
    """Read a script's input from its text; ``cell`` is the part that the user wrote, by default all of it.

    A source that Python cannot read gets the contract's text.
    """
    try:
        tree = quiet_parse(source)
        own = quiet_parse(cell or source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return RunInput("text", "the request's text", {})
    run = run_of(own)
    found = _input(tree, own, run)
    if run is None:
        return found
    inputs = inputs_of(run)
    is_looked_at = not inputs or any(is_read(run, name) for name in inputs)
    return replace(found, is_read=is_looked_at, returns=gives_something(run))


def _input(tree: ast.Module, own: ast.Module, run: Function | ast.Lambda | None) -> RunInput:
    inputs = inputs_of(run) if run is not None else []
    names = names_bound(own)
    found = _by_decorators(tree, inputs)
    if found is not None:
        return found
    plain = dict.fromkeys(inputs, "")
    if "run_batch" in names:
        return RunInput("batch", "the texts of all requests that wait", {})
    if any(
        isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and ast.get_docstring(node) == DECODES
        for node in tree.body
    ):
        return RunInput("json", "the request's JSON, decoded", plain)
    if "init" in names:
        reason = "the cell has init()"
    else:
        reason = reason_for_text(run, scope_of([tree.body])) if run else "it is not written in the cell"
    because = f" ({reason})" if reason else ""
    return RunInput("text", f"the request's text{because}", plain)


def _by_decorators(tree: ast.Module, inputs: list[str]) -> RunInput | None:
    words = decorating_words(tree, (), {})
    parts = [part for part in around_run(tree) if names_in(part) & words]
    if not parts:
        return None
    imports = scope_of([tree.body]).imports
    if any(imports.get(name, name).rpartition(".")[2] == "rawhttp" for part in parts for name in names_in(part)):
        return RunInput("raw", "the whole request (@rawhttp)", dict.fromkeys(inputs, ""))
    kinds: dict[str, str] = {}
    for part in parts:
        for node in ast.walk(part):
            if isinstance(node, ast.Call) and _last(node.func, imports) == "input_schema":
                name, kind = _argument(node, 0, "param_name"), _argument(node, 1, "param_type")
                if isinstance(name, ast.Constant):
                    kinds[str(name.value)] = _kind(kind, imports)
    if not kinds:
        return RunInput("schema", "what its decorators say", dict.fromkeys(inputs, ""))
    listed = [name for name in inputs if name in kinds] or list(kinds)
    gets = f"{', '.join(listed)} from the request's JSON, converted and checked"
    return RunInput("schema", gets, {name: kinds.get(name, "") for name in [*listed, *(set(inputs) - set(listed))]})


class _Unwrapped(ast.NodeTransformer):
    """Replaces parameter types inside samples by their samples."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        return node.args[0] if _last(node.func).startswith("Standard") and len(node.args) == 1 else node


def _argument(call: ast.Call, place: int, name: str) -> ast.expr | None:
    if len(call.args) > place:
        return call.args[place]
    return next((one.value for one in call.keywords if one.arg == name), None)


def _last(node: ast.expr, imports: Mapping[str, str] = MappingProxyType({})) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return imports.get(node.id, node.id).rpartition(".")[2] if isinstance(node, ast.Name) else ""


def _kind(node: ast.expr | None, imports: Mapping[str, str]) -> str:
    """Describe a parameter type in words, as far as it is written out."""
    if not isinstance(node, ast.Call) or not node.args:
        return ""
    name, sample = _last(node.func, imports), node.args[0]
    if name.startswith("Pandas"):
        return _frame(sample)
    if name.startswith("Numpy"):
        return f"an array like {_short(sample)}"
    if name.startswith("Standard"):
        sample = _Unwrapped().visit(copy.deepcopy(sample))
        try:
            value = ast.literal_eval(sample)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return _TIMES.get(ast.unparse(sample).partition("(")[0], "")
        return _JSON_KINDS.get(
            type(value), f"{_article(value)}, for example {_short(sample)}" if value else f"a {type(value).__name__}"
        )
    return ""


_TIMES = {
    "datetime.datetime": "a date and time (ISO 8601)",
    "datetime.date": "a date (ISO 8601)",
    "datetime.time": "a time (ISO 8601)",
}


def _article(value: object) -> str:
    return {"list": "a list", "tuple": "a list", "dict": "an object"}.get(type(value).__name__, "a value")


def _short(node: ast.expr) -> str:
    text = ast.unparse(node)
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"


def _frame(sample: ast.expr) -> str:
    kinds: dict[str, ast.expr] = {}
    while isinstance(sample, ast.Call) and isinstance(sample.func, ast.Attribute) and sample.func.attr == "astype":
        if len(sample.args) == 1 and isinstance(sample.args[0], ast.Dict):
            kinds |= {ast.unparse(key): kind for key, kind in _pairs(sample.args[0])}
        sample = sample.func.value
    if not (isinstance(sample, ast.Call) and _last(sample.func) == "DataFrame" and sample.args):
        return "a frame"
    cells = sample.args[0]
    if not isinstance(cells, ast.Dict):
        return "a frame"
    if not cells.keys:
        return "a frame, with the columns that are sent"
    columns = [f"{_word(key)}: {_column(value, kinds.get(ast.unparse(key)))}" for key, value in _pairs(cells)]
    return f"a frame of {', '.join(columns)}"


def _pairs(node: ast.Dict) -> Iterator[tuple[ast.expr, ast.expr]]:
    yield from ((key, value) for key, value in zip(node.keys, node.values, strict=True) if key is not None)


def _word(key: ast.expr) -> str:
    return str(key.value) if isinstance(key, ast.Constant) else ast.unparse(key)


def _column(cells: ast.expr, dtype: ast.expr | None) -> str:
    values = [one.value for one in cells.elts if isinstance(one, ast.Constant)] if isinstance(cells, ast.List) else []
    known = [value for value in values if value is not None]
    if isinstance(dtype, ast.Constant):
        text = str(dtype.value)
        return ("text" if known or text != "object" else "as it is sent") if text in _RECORDS else text
    if isinstance(dtype, ast.Call) and _last(dtype.func) == "CategoricalDtype" and dtype.args:
        listed = dtype.args[0].elts if isinstance(dtype.args[0], ast.List) else []
        more = ", …" if len(listed) > 5 else ""
        return f"category of {', '.join(map(ast.unparse, listed[:5]))}{more}"
    if dtype is not None:
        return ast.unparse(dtype)
    kinds = {type(value) for value in known}
    if kinds == {str}:
        return "text"
    if kinds == {bool}:
        return "bool"
    if kinds == {int}:
        return "int64" if len(known) == len(values) else "float64"
    # The syntax tree has nan and inf as calls, negative numbers as operations.
    if isinstance(cells, ast.List) and not kinds - {int, float} and any(not _is_none(one) for one in cells.elts):
        whole = all(
            isinstance(part.value, int)
            for one in cells.elts
            for part in ast.walk(one)
            if isinstance(part, ast.Constant)
        )
        return "int64" if whole else "float64"
    return "as it is sent"


def _is_none(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and node.value is None
