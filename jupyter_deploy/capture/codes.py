"""The code that a statement of a cell or file compiles to, and whether the live object has that code.

Standard library only: the tests run this module in every Python on the machine, without installing anything there.
"""

from __future__ import annotations
import __future__

import ast
import dis
import inspect
import types
import warnings
from collections import deque
from collections.abc import Iterator
from functools import lru_cache

from ..scripts import lines_of, quiet_parse, top_level

Scoped = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda
_FUTURES = sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names})


def codes_of(source: str, node: Scoped, like: types.CodeType) -> list[types.CodeType]:
    """Compile a cell or file as Python does, and find the code of one of its definitions.

    The code of a function depends on whether its compilation unit imports what it calls, so the whole unit is
    compiled. In a notebook, a unit is one statement of a cell; for a file or ``exec()``, it is the whole text. So
    there may be two results. ``node`` comes from a tree of ``source`` and is not inside a function. Imports from
    ``__future__`` that ``like``, the live code, was compiled under hold here too.
    """
    flags = like.co_flags & _FUTURES
    place = (node.lineno, node.col_offset)
    both = (_compiled(source, flags, alone).get(place) for alone in (True, False))
    return [code for code in both if code is not None]


def makes_code(source: str, node: Scoped, live: types.CodeType) -> bool:
    """Whether a definition compiles to the live object's code; line numbers do not count."""
    return any(same_code(code, live) for code in codes_of(source, node, live))


def inner_codes(node: Scoped, owner: Scoped, code: types.CodeType) -> list[types.CodeType]:
    """Find the code of an inner function in the code of the outer one, ``owner``.

    There are several results if one line holds lambdas that cannot be told apart.
    """
    below = first_line(node) - first_line(owner)
    name = getattr(node, "name", "<lambda>")
    found = [one for one in _nested(code) if one.co_name == name and one.co_firstlineno - code.co_firstlineno == below]
    if len(found) > 1:
        found = [one for one in found if _within(one, node)]
    return found


def _within(code: types.CodeType, node: Scoped) -> bool:
    """Whether the code's columns are the node's."""
    places = code.co_positions
    if node.end_col_offset is None:
        return True
    starts = [start for line, _, start, _ in places() if line == code.co_firstlineno and start is not None]
    ends = [end for _, last, _, end in places() if last == code.co_firstlineno and end is not None]
    one_line = node.lineno == node.end_lineno
    return node.col_offset <= min([start for start in starts if start], default=node.col_offset) and (
        not one_line or max(ends, default=0) <= node.end_col_offset
    )


def first_line(node: Scoped) -> int:
    """Return the line of the first decorator, or of the definition: ``co_firstlineno``."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(one.lineno for one in decorators)])


@lru_cache(maxsize=512)
def _compiled(source: str, flags: int, alone: bool) -> dict[tuple[int, int], types.CodeType]:
    """Compile a source, and return the code of each definition outside functions by its line and column.

    Each definition is moved to lines of its own first: code objects know their first line on every Python, and two
    lambdas may share one. Line numbers do not change what code does as long as a function's own lines stay together.
    """
    try:
        tree = quiet_parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    places = {id(node): (node.lineno, node.col_offset) for node in ast.walk(tree) if isinstance(node, Scoped)}
    scoped = list(_scoped(tree.body))
    apart = len(lines_of(source)) + 1
    for number, node in enumerate(scoped, 1):
        _move(node, number * apart)
    by_line: dict[int, list[types.CodeType]] = {}
    for part in [ast.Module([node], []) for node in tree.body] if alone else [tree]:
        for code in _code_in(part, flags):
            by_line.setdefault(code.co_firstlineno, []).append(code)
    found = {}
    for node in scoped:
        name = getattr(node, "name", "<lambda>")
        here = (code for code in by_line.get(first_line(node), ()) if code.co_name == name)
        first = next(here, None)
        if first is not None:
            found[places[id(node)]] = first
    return found


def _move(node: ast.AST, lines: int) -> None:
    # ast.increment_lineno() does not work here: on 3.11 it skips the children of nodes without a line.
    for item in ast.walk(node):
        if isinstance(item, ast.TypeIgnore):
            continue
        if (line := getattr(item, "lineno", None)) is not None:
            item.lineno = line + lines  # type: ignore[attr-defined]
        if (line := getattr(item, "end_lineno", None)) is not None:
            item.end_lineno = line + lines  # type: ignore[attr-defined]


def _code_in(tree: ast.Module, flags: int) -> Iterator[types.CodeType]:
    """Yield the code objects of a unit, outer ones first."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            unit = compile(tree, "<cell>", "exec", flags | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return
    yield from _nested(unit)


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    waiting = deque([code])
    while waiting:
        inner = [one for one in waiting.popleft().co_consts if isinstance(one, types.CodeType)]
        yield from inner
        waiting += inner


def _scoped(body: list[ast.stmt]) -> Iterator[Scoped]:
    """Walk the definitions and lambdas that are not inside a function."""
    for node in top_level(body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node
        if isinstance(node, ast.ClassDef):
            yield from _scoped(node.body)
        yield from _lambdas(node)


def _lambdas(node: ast.AST) -> Iterator[ast.Lambda]:
    """Walk the lambdas of a statement, but not those of statements or lambdas inside it."""
    for name, value in ast.iter_fields(node):
        inside = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and name == "body"
        for item in value if isinstance(value, list) else [value]:
            if inside or isinstance(item, (ast.stmt, ast.excepthandler, ast.match_case)):
                continue
            if isinstance(item, ast.Lambda):
                yield item
                # Defaults are evaluated outside the function.
                yield from _lambdas(item.args)
            elif isinstance(item, ast.AST):
                yield from _lambdas(item)


def unit_code(source: str) -> types.CodeType | None:
    """Compile a whole file; None if it is not valid Python."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            code: types.CodeType = compile(source, "<file>", "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None
    return code


def same_code(one: types.CodeType, other: types.CodeType) -> bool:
    """Whether two code objects do the same; files and lines do not count."""
    if one is other:
        return True
    if "__firstlineno__" in one.co_names and not one.co_flags & inspect.CO_OPTIMIZED:
        # The code of a class's body contains its line number.
        mine, its = _instructions(one), _instructions(other)
        return one.co_name == other.co_name and _same_constant(tuple(mine), tuple(its))
    return _shape(one) == _shape(other) and _same_constant(one.co_consts, other.co_consts)


def _instructions(code: types.CodeType) -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for one in dis.get_instructions(code):
        if one.argval == "__firstlineno__" and found:
            found.pop()
        value = one.argval if isinstance(one.argval, types.CodeType) or one.opname == "LOAD_CONST" else one.argrepr
        found.append((one.opname, value))
    return found


def _shape(code: types.CodeType) -> tuple[object, ...]:
    # Unlike the raw bytes, co_code lacks what the interpreter, a debugger or coverage writes over it.
    counts = (code.co_argcount, code.co_posonlyargcount, code.co_kwonlyargcount, code.co_flags & ~_FUTURES)
    names = (code.co_name, code.co_names, code.co_varnames, code.co_freevars, code.co_cellvars)
    return (*counts, *names, code.co_code, getattr(code, "co_exceptiontable", b""))


def _same_constant(one: object, other: object) -> bool:
    if isinstance(one, types.CodeType) and isinstance(other, types.CodeType):
        return same_code(one, other)
    if type(one) is not type(other):
        return False
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same_constant, one, other))
    if isinstance(one, frozenset) and isinstance(other, frozenset):
        # The order of a set differs between processes; sorted texts do not.
        return sorted(map(_spelled, one)) == sorted(map(_spelled, other))
    if isinstance(one, slice) and isinstance(other, slice):
        return all(map(_same_constant, (one.start, one.stop, one.step), (other.start, other.stop, other.step)))
    # Equality is not enough: 0.0 == -0.0, 1 == True.
    return _spelled(one) == _spelled(other)


def _spelled(value: object) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(_spelled, value))})"
    if isinstance(value, frozenset):
        return f"{{{', '.join(sorted(map(_spelled, value)))}}}"
    return repr(value)
