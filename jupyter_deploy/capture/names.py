"""Which names a source needs from outside, and which of them as soon as it is defined."""

from __future__ import annotations

import ast
import builtins
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from ..scripts import lines_of, quiet_parse
from .notebook import Definition, Notebook

# IPython adds these to the built-in names.
NOTEBOOK_ONLY = ("get_ipython", "display")


@dataclass(frozen=True, order=True)
class Use:
    """The first use of a name; lines count from 1, columns from 0."""

    line: int
    column: int
    name: str


def uses(source: str, notebook: Notebook, *, unknown: bool = False) -> list[Use]:
    """List the notebook's names that a source uses and does not define, in source order, each once.

    With ``unknown``, undefined names count too, except in type hints.
    """
    from pyflakes import checker, messages

    tree = quiet_parse(source)
    lines = lines_of(source)
    found: dict[str, Use] = {}
    for message in sorted(checker.Checker(tree).messages, key=lambda message: (message.lineno, message.col)):
        undefined = isinstance(message, messages.UndefinedName)
        starred = isinstance(message, messages.ImportStarUsage)
        if not (undefined or starred) or "# noqa" in lines[message.lineno - 1]:
            continue
        name = str(message.message_args[0])
        if starred and _comes_with_a_star(tree, name):
            continue
        if notebook.knows(name) or (unknown and undefined and not _is_made_or_hinted(name, tree, notebook)):
            # Python's columns count UTF-8 bytes, not characters.
            column = len(lines[message.lineno - 1].encode()[: message.col].decode("utf-8", "replace"))
            found.setdefault(name, Use(message.lineno, column, name))
    for use in (*_shadowed(tree, notebook), *_declared_global(tree, notebook)):
        found.setdefault(use.name, use)
    return sorted(found.values())


def attributes(source: str) -> set[str]:
    """List the dotted names in a source: ``"a.b.c"`` and ``"a.b"``, for example."""
    return {ast.unparse(node) for node in ast.walk(quiet_parse(source)) if _is_dotted(node)}


def _is_dotted(node: ast.AST) -> bool:
    below = node.value if isinstance(node, ast.Attribute) else None
    while isinstance(below, ast.Attribute):
        below = below.value
    return isinstance(below, ast.Name)


def _is_made_or_hinted(name: str, tree: ast.Module, notebook: Notebook) -> bool:
    if name in {hinted for node in ast.walk(tree) if isinstance(node, ast.stmt) for hinted in annotations_of(node)}:
        return True
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    if any(re.search(rf"\b{name}\b", text) for text in texts):
        return True
    # A function that was not called yet may set it.
    return any(re.search(rf"\bglobal\b.*\b{name}\b", cell.source) for cell in notebook.cells)


def _comes_with_a_star(tree: ast.Module, name: str) -> bool:
    stars = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.names[0].name == "*"]
    return any(hasattr(sys.modules.get(module or ""), name) for module in stars)


def _bound_anywhere(tree: ast.AST) -> set[str]:
    bound = {item.id for item in ast.walk(tree) if isinstance(item, ast.Name) and not isinstance(item.ctx, ast.Load)}
    bound |= {item.name for item in ast.walk(tree) if isinstance(item, Definition)}
    bound |= {item.arg for item in ast.walk(tree) if isinstance(item, ast.arg)}
    imported = (
        alias for item in ast.walk(tree) if isinstance(item, (ast.Import, ast.ImportFrom)) for alias in item.names
    )
    return bound | {alias.asname or alias.name.partition(".")[0] for alias in imported}


def _shadowed(tree: ast.Module, notebook: Notebook) -> Iterator[Use]:
    """Find names that pyflakes takes for built-in, but which only a notebook has or which it has replaced."""
    bound = _bound_anywhere(tree)
    for item in ast.walk(tree):
        if isinstance(item, ast.Name) and item.id not in bound:
            replaced = hasattr(builtins, item.id) and notebook.knows(item.id)
            if replaced or item.id in NOTEBOOK_ONLY:
                yield Use(item.lineno, item.col_offset, item.id)


def _declared_global(tree: ast.Module, notebook: Notebook) -> Iterator[Use]:
    """Find globals that a function changes and nothing in the source sets first: they keep their present value."""
    top = _bound_anywhere(ast.Module([node for node in tree.body if not isinstance(node, Definition)], []))
    top |= {node.name for node in tree.body if isinstance(node, Definition)}
    functions = [node for node in tree.body if isinstance(node, Definition)]
    # Names that init() sets are the script's own; so are names that other functions set, which it may call.
    top |= {
        name for function in functions if function.name == "init" for item in _globals(function) for name in item.names
    }
    if any(function.name == "init" for function in functions):
        top |= {
            target.id
            for function in functions
            for node in ast.walk(function)
            if isinstance(node, (ast.Assign, ast.AnnAssign))
            for target in ast.walk(node)
            if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store)
        }
    for function in functions:
        for item in _globals(function):
            names = (name for name in item.names if name not in top and notebook.knows(name))
            yield from (Use(item.lineno, item.col_offset, name) for name in names)


def _globals(function: ast.AST) -> Iterator[ast.Global]:
    return (item for item in ast.walk(function) if isinstance(item, ast.Global))


def is_alias_statement(node: ast.AST | None) -> bool:
    """Whether a statement is ``type Name = …`` (Python 3.12), whose value is evaluated on first use."""
    return type(node).__name__ == "TypeAlias"


def needed_at_definition(node: ast.stmt) -> set[str]:
    """List the names whose values a definition needs when it is made, not when it is called.

    These are a function's decorators and defaults, a class's bases and body, and all of any other statement. Some may
    be local or built-in.
    """
    return {item.id for part in _evaluated(node) for item in ast.walk(part) if isinstance(item, ast.Name)}


def annotations_of(node: ast.stmt) -> set[str]:
    """List the names in a function's type hints: they must exist, but their values hardly matter."""
    hints: list[ast.expr | None] = []
    for item in ast.walk(node):
        if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef)):
            hints.append(item.returns)
        elif isinstance(item, (ast.arg, ast.AnnAssign)):
            hints.append(item.annotation)
        elif is_alias_statement(item):
            hints.append(item.value)  # type: ignore[attr-defined]
        hints += [getattr(one, "bound", None) for one in getattr(item, "type_params", ())]
    return {item.id for hint in hints if hint for item in ast.walk(hint) if isinstance(item, ast.Name)}


def _evaluated(node: ast.stmt) -> Iterator[ast.AST]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        yield from node.decorator_list
        yield from _defaults(node.args)
    elif isinstance(node, ast.ClassDef):
        yield from node.decorator_list
        yield from node.bases
        yield from (keyword.value for keyword in node.keywords)
        for inner in node.body:
            yield from _evaluated(inner)
    elif isinstance(node, (ast.Assign, ast.AnnAssign)) and isinstance(node.value, ast.Lambda):
        yield from _defaults(node.value.args)
    elif isinstance(node, ast.AnnAssign):
        yield from ([node.value] if node.value else [])
    elif not is_alias_statement(node):
        yield node


def _defaults(arguments: ast.arguments) -> Iterator[ast.expr]:
    yield from arguments.defaults
    yield from (default for default in arguments.kw_defaults if default is not None)
