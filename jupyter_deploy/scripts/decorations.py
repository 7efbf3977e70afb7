"""Whether Azure ML's decorators say what ``run()`` gets."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping

from .flow import Function

# inference-schema's, and @rawhttp.
_PACKAGES = ("inference_schema", "azureml", "azureml_inference_server_http")
_RAW = "jupyter_deploy.serving.worker.rawhttp"
_DESCRIBING = frozenset({"input_schema", "output_schema", "rawhttp"})


def is_decorated(tree: ast.Module, sliced: Iterable[ast.stmt], variables: Mapping[str, object]) -> bool:
    """Whether a script's ``run`` has decorators of Azure ML, under any name.

    ``run = input_schema(…)(run)`` counts. ``sliced`` is what the script takes from the notebook's cells.
    """
    words = decorating_words(tree, sliced, variables)
    return any(names_in(part) & words for part in around_run(tree))


def decorating_words(tree: ast.Module, sliced: Iterable[ast.stmt], variables: Mapping[str, object]) -> set[str]:
    """List the names of the decorators: the imported ones, and those derived from them."""
    words = {name for name, value in variables.items() if _is_decorator(value)}
    body = [*sliced, *tree.body]
    for node in (inner for one in body for inner in ast.walk(one)):
        if isinstance(node, ast.ImportFrom):
            words |= {alias.asname or alias.name for alias in node.names if alias.name in _DESCRIBING}
    described = [node for node in body if isinstance(node, (ast.Assign, ast.FunctionDef, ast.AsyncFunctionDef))]
    while more := {name for node in described if _speaks(node, words) for name in _bound(node)} - words - {"run"}:
        words |= more
    return words | _DESCRIBING


def _is_decorator(value: object) -> bool:
    try:
        name, module = getattr(value, "__name__", ""), str(getattr(value, "__module__", ""))
    except Exception:  # noqa: BLE001 - any variable of the notebook is asked, and its class may answer with any error
        return False
    return module.partition(".")[0] in _PACKAGES[:1] or (name in _DESCRIBING and module.startswith((*_PACKAGES, _RAW)))


def _speaks(node: ast.AST, words: set[str]) -> bool:
    return bool(names_in(node) & (words | _DESCRIBING))


def names_in(node: ast.AST) -> set[str]:
    """List the names and attributes in a syntax tree."""
    found = {item.id for item in ast.walk(node) if isinstance(item, ast.Name)}
    return found | {item.attr for item in ast.walk(node) if isinstance(item, ast.Attribute)}


def _bound(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Assign):
        return [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [str(getattr(node, "name", ""))]


def around_run(tree: ast.Module) -> Iterable[ast.AST]:
    """Yield the decorators of a script's ``run`` and the calls that bind it."""
    for node in ast.walk(tree):
        if isinstance(node, Function) and node.name == "run":
            yield from node.decorator_list
        elif isinstance(node, ast.Assign) and "run" in _bound(node) and isinstance(node.value, ast.Call):
            yield node.value
