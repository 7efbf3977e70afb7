"""The paths that a source opens by a literal name: those files ship, whatever else is left out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

_LONGEST = 300
_MODEL_DIR = "AZUREML_MODEL_DIR"
_JOINS = frozenset({"join", "joinpath", "with_name", "Path", "PurePath", "PosixPath"})
# These functions only test whether something exists.
_CHECKS = frozenset({"exists", "lexists", "isfile", "isdir", "islink", "is_file", "is_dir", "is_symlink"})
_FOLDERS = frozenset({"listdir", "scandir", "walk", "glob", "iglob", "rglob", "iterdir", "abspath"})
_OPENERS = re.compile(r"open|.*(?:read|load|from_).*")


class Literal(NamedTuple):
    """A text that may be a path, with ``/`` between its parts.

    ``joined`` says that it stands where paths are made, so it may be a folder.
    """

    path: str
    joined: bool = False


def literal_paths(nodes: Sequence[ast.AST]) -> Iterator[Literal]:
    """Yield the texts of a source that are used as paths may be, joined from literal parts too.

    Most are not paths. A text that is only compared, or searched for, opens nothing. Paths in the model's folder are
    left out.
    """
    skipped = _of_models_and_checks(nodes)
    used, opened = _used(nodes)
    for node in nodes:
        if id(node) in skipped:
            continue
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            yield from _joined(_divided(node))
        elif isinstance(node, ast.Call):
            yield from _called(node)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None:
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            if {target.id for target in targets if isinstance(target, ast.Name)} & used:
                yield from _literal(_text(node.value) or "")
        elif isinstance(node, (ast.For, ast.comprehension)):
            yield from _each(node, opened)


def _each(node: ast.For | ast.comprehension, opened: set[str]) -> Iterator[Literal]:
    if isinstance(node.iter, (ast.Tuple, ast.List)) and getattr(node.target, "id", "") in opened:
        for item in node.iter.elts:
            yield from _literal(_text(item) or "")


def _looks(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and _name(node) in _CHECKS


def _used(nodes: Sequence[ast.AST]) -> tuple[set[str], set[str]]:
    """Return the names that are passed to functions or are parts of paths, and those that are opened."""
    used: set[str] = set()
    opened: set[str] = set()
    for node in nodes:
        if isinstance(node, ast.Call) and not _looks(node):
            parts = [*node.args, *(keyword.value for keyword in node.keywords)]
            names = {part.id for part in parts if isinstance(part, ast.Name)}
            used |= names
            opened |= names if names and _OPENERS.fullmatch(_name(node)) else set()
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            names = {part.id for part in (node.left, node.right) if isinstance(part, ast.Name)}
            used, opened = used | names, opened | names
    return used, opened


def _of_models_and_checks(nodes: Sequence[ast.AST]) -> set[int]:
    """Find the nodes that concern the model's folder, or only test whether a file exists."""
    found: set[int] = set()
    models = _names_of_model_folders(nodes)
    there = bool(models) or any(_is_model_folder(node, models) for node in nodes)
    for node in nodes:
        if _looks(node) or (there and _makes_a_path(node) and _holds_model_folder(node, models)):
            found |= {id(part) for part in ast.walk(node)}
    return found


def _holds_model_folder(node: ast.AST, names: set[str]) -> bool:
    return any(_is_model_folder(part, names) for part in ast.walk(node))


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


def _names_of_model_folders(nodes: Sequence[ast.AST]) -> set[str]:
    """Follow assignments: a path made from the model's folder is in it."""
    found: set[str] = set()
    if not any(_is_model_folder(node, found) for node in nodes):
        return found
    assignments = [node for node in nodes if isinstance(node, ast.Assign)]
    while True:
        new = {
            target.id
            for node in assignments
            if _holds_model_folder(node.value, found)
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
    # Any function may get the path: read_csv("x"), load_dotenv(".env"), open(file="x").
    for argument in [*node.args, *(keyword.value for keyword in node.keywords)]:
        yield from _literal(_text(argument) or "", joined=name in _FOLDERS)


def _divided(node: ast.expr) -> list[ast.expr]:
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return [*_divided(node.left), node.right]
    return [*node.args] if isinstance(node, ast.Call) and _name(node) in _JOINS else [node]


def _joined(parts: list[ast.expr]) -> Iterator[Literal]:
    """Join adjacent literal parts; the others are the script's path or folder."""
    together: list[str] = []
    for part in [*parts, ast.Constant(None)]:
        text = _text(part)
        if text is not None:
            together.append(text)
        elif together:
            yield from _literal("/".join(together), joined=True)
            together = []


def _text(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _literal(text: str, *, joined: bool = False) -> Iterator[Literal]:
    if 0 < len(text) < _LONGEST and "\n" not in text and "\0" not in text:
        yield Literal(text.replace("\\", "/"), joined)
