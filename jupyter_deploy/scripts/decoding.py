"""Whether a script decodes the request's text by hand."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence

from .checking import top_level
from .flow import Function, Scope, Use, scope_of, uses_of

HEADERS = "request_headers"
RAW = "raw_data"
_PARSERS = frozenset(
    {
        *("ujson.decode", "msgspec.json.decode", "rapidjson.Decoder()", "json.JSONDecoder().decode", "io.StringIO"),
        *("yaml.safe_load", "yaml.load", "yaml.full_load", "yaml.unsafe_load", "yaml.safe_load_all", "yaml.load_all"),
        *("ast.literal_eval", "pandas.read_json", "json.JSONDecoder().raw_decode", "xmltodict.parse"),
        *("xml.etree.ElementTree.fromstring", "lxml.etree.fromstring", "defusedxml.ElementTree.fromstring"),
    }
)
# These modules take bytes, which run() never gets.
_OF_BYTES = frozenset({"pickle", "_pickle", "dill", "cloudpickle", "marshal", "bson", "msgpack"})
_OF_TEXT = frozenset(
    name
    for name in dir(str)
    if not name.startswith("_") and not any(hasattr(other, name) for other in (list, dict, int, float))
)


def run_of(tree: ast.Module) -> Function | ast.Lambda | None:
    """Find the last definition of ``run`` at the top level; None if it comes from elsewhere."""
    found: Function | ast.Lambda | None = None
    for node in top_level(tree.body):
        if isinstance(node, Function) and node.name == "run":
            found = node
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            is_run = any(isinstance(target, ast.Name) and target.id == "run" for target in node.targets)
            found = node.value if is_run else found
    return found


def names_bound(tree: ast.Module) -> set[str]:
    """List the functions, imports and variables that a script has at its top level."""
    scope = scope_of([tree.body])
    return {*scope.functions, *scope.imports, *scope.aliases}


def inputs_of(run: Function | ast.Lambda) -> list[str]:
    """List the parameters that a request fills, without ``request_headers``."""
    arguments = run.args
    every = (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)
    return [one.arg for one in every if one.arg != HEADERS]


def required_of(run: Function | ast.Lambda) -> list[str]:
    """List the parameters of :func:`inputs_of` that have no default."""
    arguments = run.args
    placed = [*arguments.posonlyargs, *arguments.args]
    without = placed[: len(placed) - len(arguments.defaults)]
    keywords = zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True)
    every = [*without, *(key for key, default in keywords if default is None)]
    return [one.arg for one in every if one.arg != HEADERS]


def is_read(run: Function | ast.Lambda, parameter: str) -> bool:
    """Whether a function's body uses a parameter, or may reach it in other ways."""
    names = {node.id for node in ast.walk(run) if isinstance(node, ast.Name)}
    return bool(names & {parameter, "locals", "vars", "eval", "exec"})


def gives_something(run: Function | ast.Lambda) -> bool:
    """Whether a function may return a value: some line returns or yields one, or it always raises."""
    if isinstance(run, ast.Lambda) or run.decorator_list:
        return True
    waiting: list[ast.AST] = list(run.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)) or (isinstance(node, ast.Return) and node.value is not None):
            return True
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef)):
            waiting += ast.iter_child_nodes(node)
    return isinstance(run.body[-1], ast.Raise)


def reason_for_text(run: Function | ast.Lambda, scope: Scope) -> str:
    """Say why a script gets the request's text rather than the decoded value; empty if nothing proves it.

    Only asked for a cell without an ``init()``.
    """
    inputs = inputs_of(run)
    if not inputs:
        return ""
    first = inputs[0]
    if len(inputs) == 1:
        if _is_hinted_as_text(run, first):
            return f"{first} is hinted as str"
        if first == RAW:
            return f"it is called {RAW}"
    use = _decoded_by(uses_of(run, first, scope), _is_tested(run))
    if use is None:
        return ""
    return f"it is decoded by hand: {_shown(use.node)}"


def _is_hinted_as_text(run: Function | ast.Lambda, parameter: str) -> bool:
    every = (*run.args.posonlyargs, *run.args.args, *run.args.kwonlyargs)
    hint = next((one.annotation for one in every if one.arg == parameter), None)
    said = hint.value if isinstance(hint, ast.Constant) else ast.unparse(hint) if hint else ""
    return said in ("str", "builtins.str", "typing.Text")


def _decoded_by(uses: Sequence[Use], tested: bool) -> Use | None:
    for use in uses:
        if use.kind == "given" and use.ref is not None and _parses(use, use.ref.dotted):
            return use
        if use.kind == "attribute" and use.name in _OF_TEXT and not tested:
            return use
    return None


def _parses(use: Use, dotted: str) -> bool:
    module, _, name = dotted.rpartition(".")
    if use.ref is None or not use.ref.imported or use.name not in {"0", "s", "text", "string", "obj", "buf", "stream"}:
        # pd.read_json parses JSON, too.
        return dotted == "pandas.read_json"
    if name in {"loads", "validate_json", "model_validate_json", "parse_raw"}:
        return module.partition(".")[0] not in _OF_BYTES
    return dotted in _PARSERS


def _is_tested(run: Function | ast.Lambda) -> bool:
    """Whether the script tests itself if its value is a text."""
    called = {node.func.id for node in ast.walk(run) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)}
    return bool(called & {"isinstance", "type", "hasattr"}) or any(
        isinstance(node, ast.Match) for node in ast.walk(run)
    )


def _shown(node: ast.AST) -> str:
    text = re.sub(r"\s+", " ", ast.unparse(node))
    return text if len(text) <= 60 else f"{text[:57]}..."
