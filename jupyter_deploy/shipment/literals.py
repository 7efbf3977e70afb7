"""The paths that a source names literally: what a script opens by name ships, whatever else is left out."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import NamedTuple

_LONGEST = 300
_MODEL_DIR = "AZUREML_MODEL_DIR"
_JOINS = frozenset({"join", "joinpath", "with_name", "Path", "PurePath", "PosixPath"})
# Their first argument is a path, of a file or of a folder.
_OPENERS = frozenset({"open", "listdir", "scandir", "walk", "iglob", "glob", "exists", "isfile", "isdir", "abspath"})


class Literal(NamedTuple):
    """A text that may be a path.

    Parameters
    ----------
    path : str
        With ``/`` between its parts.
    given : bool
        Whether it is given to a function, so that it may be a file that is usually left out.
    joined : bool
        Whether it stands where paths are made, so that it may be a folder.
    """

    path: str
    given: bool = False
    joined: bool = False


def literal_paths(tree: ast.Module) -> Iterator[Literal]:
    """List the texts of a source that may be paths, those that are put together of literal parts too.

    Parameters
    ----------
    tree : ast.Module
        The source.

    Yields
    ------
    Literal
        Each as it is written; most are no paths. Paths in the model's folder are left out.
    """
    waiting: list[ast.AST] = [tree]
    models = _names_of_model_folders(tree)
    while waiting:
        node = waiting.pop()
        if _makes_a_path(node) and any(_is_model_folder(part, models) for part in ast.walk(node)):
            continue
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield from _literal(node.value)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            yield from _joined(_divided(node))
        elif isinstance(node, ast.Call):
            yield from _called(node)
        waiting += ast.iter_child_nodes(node)


def _makes_a_path(node: ast.AST) -> bool:
    if isinstance(node, ast.Call):
        return _name(node) in {*_JOINS, "get_model_path"}
    return isinstance(node, ast.BinOp) and isinstance(node.op, (ast.Div, ast.Add))


def _is_model_folder(node: ast.AST, names: set[str]) -> bool:
    if isinstance(node, ast.Call):
        return _name(node) == "get_model_path"
    return (isinstance(node, ast.Constant) and node.value == _MODEL_DIR) or (
        isinstance(node, ast.Name) and node.id in names
    )


def _names_of_model_folders(tree: ast.Module) -> set[str]:
    """Follow assignments: what is made of the model's folder is a path in it."""
    found: set[str] = set()
    assignments = [node for node in ast.walk(tree) if isinstance(node, ast.Assign)]
    while True:
        new = {
            target.id
            for node in assignments
            if any(_is_model_folder(part, found) for part in ast.walk(node.value))
            for target in node.targets
            if isinstance(target, ast.Name)
        }
        if new <= found:
            return found
        found |= new


def _name(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else str(getattr(node.func, "id", ""))


def _called(node: ast.Call) -> Iterator[Literal]:
    name = _name(node)
    if name in _JOINS:
        yield from _joined(list(node.args))
    # Whatever function it is given to: read_csv("x"), load_dotenv(".env"), open(file="x").
    for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
        yield from _literal(_text(argument) or "", given=True, joined=name in _OPENERS)


def _divided(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return [*_divided(node.left), node.right]
    return [*node.args] if isinstance(node, ast.Call) and _name(node) in _JOINS else [node]


def _joined(parts: list[ast.expr]) -> Iterator[Literal]:
    """Join the literal parts that stand together: the others are where the script is, or its folder."""
    together: list[str] = []
    for part in [*parts, ast.Constant(None)]:
        text = _text(part)
        if text is not None:
            together.append(text)
        elif together:
            yield from _literal("/".join(together), given=True, joined=True)
            together = []


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _literal(text: str, *, given: bool = False, joined: bool = False) -> Iterator[Literal]:
    if 0 < len(text) < _LONGEST and "\n" not in text and "\0" not in text:
        yield Literal(text.replace("\\", "/"), given, joined)
