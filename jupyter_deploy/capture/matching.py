"""Whether a statement in the notebook made the function or class that lives there now."""

from __future__ import annotations
import __future__

import ast
import contextlib
import copy
import inspect
import types
import warnings
from collections.abc import Iterator
from functools import lru_cache
from typing import Any

from ..script_check import top_level
from .values import literal, same_literal

_FUTURE = __future__.annotations.compiler_flag
_PLAIN_DECORATORS = frozenset({"staticmethod", "classmethod", "property"})
_REACHED = 50
_LITERALS = (int, float, complex, str, bytes, bool, type(None), type(Ellipsis), list, tuple, dict, set)
Function = ast.FunctionDef | ast.AsyncFunctionDef


def makes(node: ast.stmt, name: str, value: object) -> bool:
    """Tell whether a statement makes a value, as far as can be told without running it again.

    Parameters
    ----------
    node : ast.stmt
        A statement that binds the name.
    name : str
        A global name.
    value : object
        What lives under it.

    Returns
    -------
    bool
        False for other statements than definitions and ``name = lambda …``; and for a definition whose code, defaults
        or attributes are not those that live.
    """
    if isinstance(node, Function):
        return _is_function_of(node, value) if not node.decorator_list else _is_decorated_of(node, value)
    if isinstance(node, ast.ClassDef):
        if isinstance(value, type):
            return value.__name__ == node.name and _is_class_of(node, value)
        return bool(node.decorator_list)
    shortened = lambda_of(node)
    return shortened is not None and _is_function_of(shortened, value)


def lambda_of(node: ast.stmt | None) -> ast.Lambda | None:
    """Return the lambda of ``name = lambda …``.

    Parameters
    ----------
    node : ast.stmt or None
        Any statement.

    Returns
    -------
    ast.Lambda or None
        None for any other statement.
    """
    targets = node.targets if isinstance(node, ast.Assign) else [node.target] if isinstance(node, ast.AnnAssign) else []
    value = getattr(node, "value", None)
    plain = bool(targets) and all(isinstance(target, ast.Name) for target in targets)
    return value if plain and isinstance(value, ast.Lambda) else None


def other_default(node: ast.stmt, value: object, variables: Any) -> str:
    """Find a default that is a name's value, where the name has another value now.

    Parameters
    ----------
    node : ast.stmt
        A definition or ``name = lambda …``.
    value : object
        What it made.
    variables : mapping
        The notebook's.

    Returns
    -------
    str
        The name; empty where there is none.
    """
    function = node if isinstance(node, Function) else lambda_of(node)
    if function is None or not isinstance(value, types.FunctionType):
        return ""
    for expression, live in _defaults(function.args, value):
        if isinstance(expression, ast.Name) and expression.id in variables:
            now = variables[expression.id]
            text = literal(live)
            if now is not live and (text is None or text != literal(now)):
                return expression.id
    return ""


def _is_function_of(node: Function | ast.Lambda, value: object) -> bool:
    if not isinstance(value, types.FunctionType) or value.__closure__ or value.__dict__:
        return False
    return _has_code(node, value) and _has_defaults(node.args, value)


def _is_decorated_of(node: Function, value: object) -> bool:
    """Take what a decorator makes as it is; but what it keeps of the function must be of this definition."""
    if _is_another(node.name, value):
        return False
    kept = [function for function in _functions_in(value) if function.__code__.co_name == node.name]
    return not kept or any(_has_code(node, function) and _has_defaults(node.args, function) for function in kept)


def _is_another(name: str, value: object) -> bool:
    """Whether the value says that it is another thing: bound to the name by something else than its definition."""
    own = getattr(value, "__name__", name)
    return (
        isinstance(value, (type, types.FunctionType))
        and own != name
        and not hasattr(value, "__wrapped__")
        and not getattr(value, "__closure__", None)
    )


def _functions_in(value: object) -> list[types.FunctionType]:
    """Find the functions that a decorator's product holds, near its surface."""
    found: list[types.FunctionType] = []
    waiting: list[Any] = [value]
    seen: set[int] = set()
    while waiting and len(seen) < _REACHED:
        one = waiting.pop(0)
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, types.FunctionType):
            found.append(one)
            for cell in one.__closure__ or ():
                with contextlib.suppress(ValueError):  # not filled yet
                    waiting.append(cell.cell_contents)
        for attribute in ("__wrapped__", "__func__", "func"):
            waiting += [inner] if (inner := inspect.getattr_static(one, attribute, None)) is not None else []
        if not isinstance(one, (type, types.ModuleType)):
            waiting += list(getattr(one, "__dict__", {}).values())
    return found


def _is_class_of(node: ast.ClassDef, value: type) -> bool:
    bound = [name for item in top_level(node.body) for name in _bound_in_body(item)]
    for item in node.body:
        names = [name for name in _bound_in_body(item) if bound.count(name) == 1]
        if isinstance(item, Function) and names:
            if not _is_method_of(item, node, value):
                return False
        elif isinstance(item, (ast.Assign, ast.AnnAssign)) and item.value is not None:
            for name in names:
                special = name.startswith("_") and name.endswith("_")
                if not special and name in value.__dict__ and not _may_be(item.value, value.__dict__[name]):
                    return False
    return bool(node.decorator_list) or not _has_more_methods(value, bound)


def _is_method_of(item: Function, node: ast.ClassDef, value: type) -> bool:
    decorators = {one.id if isinstance(one, ast.Name) else "" for one in item.decorator_list}
    if item.name not in value.__dict__ and not item.name.startswith("__"):
        return bool(node.decorator_list or node.keywords)
    live = _function_of(value.__dict__.get(item.name))
    if live is None or not decorators <= _PLAIN_DECORATORS:
        return True
    # A base may wrap methods, as scikit-learn's does, and says so; a decorator of the class need not.
    wrapped = live.__code__.co_name != item.name and bool(node.decorator_list)
    return wrapped or (_has_code(item, live, node.name) and _has_defaults(item.args, live))


def _has_more_methods(value: type, bound: list[str]) -> bool:
    """Whether the class has methods that were written in a body, but not in this one."""
    own = ((name, _function_of(item)) for name, item in value.__dict__.items() if name not in bound)
    return any(
        function.__qualname__ == f"{value.__qualname__}.{name}" and function.__globals__.get("__name__") == "__main__"
        for name, function in own
        if function is not None
    )


def _bound_in_body(item: ast.stmt) -> list[str]:
    if isinstance(item, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [item.name]
    if isinstance(item, (ast.If, ast.Try, ast.With, ast.While, ast.Match)):
        # What is in them comes by itself.
        return []
    return [one.id for one in ast.walk(item) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)]


def _function_of(value: Any) -> types.FunctionType | None:
    if isinstance(value, (staticmethod, classmethod)):
        value = value.__func__
    elif isinstance(value, property):
        value = value.fget
    with contextlib.suppress(ValueError):  # wrapped round in a circle
        value = inspect.unwrap(value) if isinstance(value, types.FunctionType) else value
    return value if isinstance(value, types.FunctionType) else None


def _may_be(expression: ast.expr, value: object) -> bool:
    """Compare where the expression is a literal; whatever else is computed may give the value."""
    # A class may make something else of what is in its body: a field, an enumeration's member.
    return type(value) not in _LITERALS or not _is_literal(expression) or same_literal(expression, value)


def _is_literal(expression: ast.expr) -> bool:
    try:
        ast.literal_eval(expression)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def _defaults(arguments: ast.arguments, function: types.FunctionType) -> Iterator[tuple[ast.expr, object]]:
    yield from zip(arguments.defaults, function.__defaults__ or (), strict=False)
    for argument, expression in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if expression is not None and argument.arg in (function.__kwdefaults__ or {}):
            yield expression, (function.__kwdefaults__ or {})[argument.arg]


def _has_defaults(arguments: ast.arguments, function: types.FunctionType) -> bool:
    expected = len(arguments.defaults), sum(one is not None for one in arguments.kw_defaults)
    if expected != (len(function.__defaults__ or ()), len(function.__kwdefaults__ or {})):
        return False
    return all(
        not _is_literal(expression) or same_literal(expression, live)
        for expression, live in _defaults(arguments, function)
    )


def _has_code(node: Function | ast.Lambda, function: types.FunctionType, owner: str = "") -> bool:
    delays = bool(function.__code__.co_flags & _FUTURE)
    code = _code_of(node, owner, delays)
    return code is not None and _same(function.__code__, code)


@lru_cache(maxsize=4096)
def _code_of(node: Function | ast.Lambda, owner: str, delays_annotations: bool) -> types.CodeType | None:
    """Compile a definition; a method in a class of its class's name, which its private names and ``super()`` need."""
    alone: Any = copy.copy(node)
    alone.decorator_list = []
    body: list[ast.stmt] = [ast.copy_location(ast.Expr(alone), node) if isinstance(node, ast.Lambda) else alone]
    if owner:
        holder = ast.parse(f"class {owner}: pass").body[0]
        holder.body = body  # type: ignore[attr-defined]
        body = [holder]
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT | (_FUTURE if delays_annotations else 0)
    with warnings.catch_warnings(), contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
        warnings.simplefilter("ignore")
        code: types.CodeType = compile(ast.Module(body, []), "<cell>", "exec", flags, dont_inherit=True)
        for _ in range(2 if owner else 1):
            code = next(constant for constant in code.co_consts if isinstance(constant, types.CodeType))
        return code
    return None


def _same(one: types.CodeType, other: types.CodeType) -> bool:
    """Compare what two pieces of code do, wherever they stand."""
    if (one.co_name, one.co_code, one.co_names, one.co_varnames) != (
        other.co_name,
        other.co_code,
        other.co_names,
        other.co_varnames,
    ):
        return False
    if len(one.co_consts) != len(other.co_consts):
        return False
    return all(
        _same(mine, its)
        if isinstance(mine, types.CodeType) and isinstance(its, types.CodeType)
        else type(mine) is type(its) and repr(mine) == repr(its)
        for mine, its in zip(one.co_consts, other.co_consts, strict=True)
    )
