"""Compute what always gives the same: operators, and pure functions."""

from __future__ import annotations

import ast
import builtins
import collections
import datetime
import decimal
import fractions
import functools
import math
import operator
import os.path
import pathlib
import re
import sys
import types
from collections.abc import Iterator
from typing import Any

from .symbols import Live, Scope, Symbol, Unknown

_ATOMS = (int, float, complex, str, bytes, bool, type(None), type(Ellipsis))
_MOST = 1000
_NODES = (
    *(ast.BinOp, ast.UnaryOp, ast.Compare, ast.BoolOp, ast.IfExp, ast.Subscript, ast.Slice, ast.JoinedStr),
    *(ast.FormattedValue, ast.Tuple, ast.List, ast.Set, ast.Dict, ast.Constant, ast.Name, ast.Attribute, ast.Call),
    *(ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.comprehension, ast.Starred, ast.keyword),
    *(ast.operator, ast.unaryop, ast.cmpop, ast.boolop, ast.expr_context),
)
_BUILTIN = frozenset(
    {
        *("abs", "all", "any", "ascii", "bin", "bool", "bytes", "chr", "complex", "dict", "divmod"),
        *("enumerate", "float", "format", "frozenset", "hex", "int", "len", "list", "max", "min", "oct"),
        *("ord", "pow", "range", "repr", "reversed", "round", "set", "slice", "sorted", "str", "sum", "tuple"),
        "zip",
    }
)
_ARRAYS = frozenset(
    {
        *("array", "asarray", "zeros", "ones", "full", "eye", "identity", "arange", "linspace", "logspace"),
        *("concatenate", "stack", "vstack", "hstack", "float32", "float64", "int8", "int16", "int32", "int64"),
        *("uint8", "uint16", "uint32", "uint64", "bool_", "dtype", "log", "exp", "sqrt", "mean", "sum"),
    }
)
_METHODS = frozenset(
    {
        *("join", "split", "rsplit", "lower", "upper", "title", "strip", "lstrip", "rstrip", "format"),
        *("replace", "startswith", "endswith", "encode", "decode", "items", "keys", "values", "get", "copy"),
        *("union", "intersection", "difference", "count", "index", "partition", "rpartition", "removeprefix"),
        *("removesuffix", "isoformat", "total_seconds", "as_posix", "with_suffix", "joinpath"),
    }
)
_SIZES = frozenset({"shape", "size", "ndim", "columns", "dtype", "dtypes", "index"})
_TYPES = (
    *(collections.OrderedDict, collections.defaultdict, collections.Counter, collections.deque),
    *(datetime.date, datetime.datetime, datetime.timedelta, datetime.time, datetime.timezone),
    *(decimal.Decimal, fractions.Fraction, pathlib.Path, pathlib.PurePath, pathlib.PosixPath, types.MappingProxyType),
)


def plain(value: Any, room: int = _MOST) -> bool:
    """Whether a value is a constant, or a container of at most ``room`` constants, by exact types.

    A subclass may hold more than its items.
    """
    if type(value) in _ATOMS:
        return True
    if type(value) not in (list, tuple, set, frozenset, dict):
        return False
    items = [*value.items()] if isinstance(value, dict) else [*value]
    return len(items) <= room and all(plain(one, room // 2) for one in items)


@functools.lru_cache(maxsize=1)
def _functions() -> frozenset[int]:
    known = [getattr(builtins, name) for name in _BUILTIN]
    known += [one for module in (math, operator) for one in vars(module).values() if callable(one)]
    known += [re.compile, re.escape, os.path.join, os.path.basename, os.path.dirname, os.path.splitext, *_TYPES]
    return frozenset(map(id, known))


def is_pure(value: object) -> bool:
    """Whether a function is one of the pure functions listed here."""
    if id(value) in _functions():
        return True
    numpy = sys.modules.get("numpy")
    name = getattr(value, "__name__", "")
    return numpy is not None and name in _ARRAYS and getattr(numpy, name, None) is value


def computed(node: ast.expr, scope: Scope) -> Symbol:
    """Compute an expression where that is safe.

    Constants, sizes of data, operators and pure functions are; anything else is Unknown.
    """
    text = ast.unparse(node)
    names: dict[str, object] = {}
    bound = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    if not all(isinstance(one, _NODES) for one in ast.walk(node)):
        return Unknown(text)
    for name in _free(node, bound):
        symbol = scope.find(name)
        value: Any = symbol.value if isinstance(symbol, Live) and not symbol.attributes else symbol
        if isinstance(value, Symbol):
            return Unknown(text)
        names[name] = value
    called = {id(one.func) for one in ast.walk(node) if isinstance(one, ast.Call)}
    if not all(_is_safe(one, names, called) for one in ast.walk(node) if isinstance(one, (ast.Name, ast.Attribute))):
        return Unknown(text)
    try:
        value = eval(compile(ast.Expression(node), "<expression>", "eval"), {**names, "__builtins__": {}})  # noqa: S307
    except Exception:  # noqa: BLE001 - any error means that it cannot be computed here
        return Unknown(text)
    return Live(value)


def _free(node: ast.AST, bound: set[str]) -> Iterator[str]:
    return (one.id for one in ast.walk(node) if isinstance(one, ast.Name) and one.id not in bound)


def _is_safe(node: ast.Name | ast.Attribute, names: dict[str, object], called: set[int]) -> bool:
    if isinstance(node, ast.Name):
        if node.id not in names:
            return True
        value = names[node.id]
        fixed = plain(value) or is_pure(value) or isinstance(value, (types.ModuleType, *_TYPES))
        return fixed or type(value).__module__.partition(".")[0] in {"numpy", "pandas"}
    owner = _resolved(node.value, names)
    if isinstance(owner, types.ModuleType):
        value = getattr(owner, node.attr, names)
        return plain(value) or is_pure(value) or isinstance(value, types.ModuleType)
    if node.attr.startswith("_"):
        return False
    return node.attr in (_METHODS if id(node) in called else _SIZES)


def _resolved(node: ast.expr, names: dict[str, object]) -> object:
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _resolved(node.value, names)
        return getattr(owner, node.attr, None) if isinstance(owner, types.ModuleType) else None
    return None


def added(node: ast.AugAssign, scope: Scope) -> Symbol:
    """Compute ``name += …``."""
    if not isinstance(node.target, ast.Name):
        return Unknown(ast.unparse(node))
    left = ast.copy_location(ast.Name(node.target.id, ast.Load()), node.target)
    return computed(ast.copy_location(ast.BinOp(left, node.op, node.value), node.target), scope)
