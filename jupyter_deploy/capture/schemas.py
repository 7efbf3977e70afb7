"""Turn a sample or a type hint into inference-schema's decorators, as Python."""

from __future__ import annotations

import ast
import datetime as dt
import importlib
import importlib.util
import json
import sys
import types
import typing
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import ScriptProblem
from ..scripts import Function
from ..serving import to_json
from ..serving.conversion import converter
from ..serving.shims import parameter_types
from .columns import Column, cell_of, column_of, frame_of
from .frames import columns_for, known_names
from .notebook import Notebook

_TYPES = "inference_schema.parameter_types"
_ROWS = 5
_LONGEST = 4000
_TOO_LONG = 100_000
_TIMES = {
    dt.datetime: "datetime.datetime(2000, 1, 1, 0, 0)",
    dt.date: "datetime.date(2000, 1, 1)",
    dt.time: "datetime.time(0, 0)",
}
_LIBRARIES = frozenset({"pandas", "numpy", "typing", "datetime"})
_DECORATOR = "from inference_schema.schema_decorators import input_schema"
_STANDARD = f"from {_TYPES}.standard_py_parameter_type import StandardPythonParameterType"


@dataclass(frozen=True)
class ParameterType:
    """What one parameter of ``run`` takes: an expression for one of inference-schema's types, and its imports."""

    expression: str
    imports: tuple[str, ...]


def of_sample(parameter: str, sample: object) -> ParameterType:
    """Describe a parameter by a sample: an array, a data frame, or any JSON value.

    Of many rows, the first are written out.

    Raises
    ------
    ScriptProblem
        For what has no JSON form, or where inference-schema is not installed.
    """
    try:
        found = _of_rows(sample, _ROWS)
        if len(found.expression) > _LONGEST:
            found = _of_rows(sample, 1)
        _make(found)
    except Exception as error:  # of the sample's own code, and of inference-schema's
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise ScriptProblem(
            f"The sample for {parameter!r} has no JSON form: {reason.rstrip('.')}.",
            hint="Give an array, a data frame or what JSON holds; for files and images write a @rawhttp run().",
        ) from error
    if len(found.expression) > _TOO_LONG:
        raise ScriptProblem(
            f"The sample for {parameter!r} would be {len(found.expression) // 1000} KB of the script.",
            hint="Give one short row: it only shows what run() takes.",
        )
    return found


def _of_rows(sample: Any, count: int) -> ParameterType:
    kind = type(sample)
    family = str(kind.__module__).partition(".")[0]
    if family == "pandas" and kind.__name__ == "DataFrame":
        return _frame(sample, count)
    if family == "numpy" and kind.__name__ == "ndarray":
        return _array(sample, count)
    if family == "pandas" and kind.__name__ == "Series":
        sample = list(sample)
    plain = json.loads(to_json(sample))
    if plain is None:
        raise TypeError("it cannot be None, nor NaN")
    plain = plain[:count] if isinstance(plain, list) else plain
    return ParameterType(f"StandardPythonParameterType({plain!r})", (_STANDARD,))


def _make(kind: ParameterType) -> None:
    """Build the type once, as the script will, with its own example: errors show now."""
    names: dict[str, Any] = {"StandardPythonParameterType": parameter_types.StandardPythonParameterType}
    names["PandasParameterType"] = parameter_types.PandasParameterType
    names["NumpyParameterType"] = parameter_types.NumpyParameterType
    exec("\n".join(line for line in kind.imports if _TYPES not in line), names)  # noqa: S102 - written above
    made = eval(kind.expression, names)  # noqa: S307 - written above
    converter(made, "sample")(made.input_to_swagger()["example"])


def of_hint(
    hint: object, values: Mapping[str, object], notebook: Notebook, models: Sequence[object] = ()
) -> ParameterType | None:
    """Describe a parameter by its type hint; None for hints that say nothing about JSON, such as ``Any``.

    ``X | None`` counts as ``X``. ``values`` are the live values that the script uses: a fitted estimator knows its
    columns. A frame of the notebook with the same columns knows their types. ``models`` are those that the parameter
    goes straight into.
    """
    hint = _alone(hint)
    origin = typing.get_origin(hint) or hint
    if not isinstance(origin, type):
        return None
    family = origin.__module__.partition(".")[0]
    if family == "pandas" and origin.__name__ == "DataFrame":
        return _frame_for(values, notebook, models)
    if family == "numpy" and origin.__name__ == "ndarray":
        width = next(filter(None, (_attribute(value, "n_features_in_") for value in values.values())), None)
        free = "" if width else ", enforce_column_type=False, enforce_shape=False"
        return _numpy(f"np.zeros((1, {width or 1}))", free)
    text = _standard(hint)
    if text is None:
        return None
    return ParameterType(text, ("import datetime", _STANDARD) if "datetime." in text else (_STANDARD,))


def _alone(hint: object) -> object:
    """Unwrap ``Annotated[X, …]`` and ``X | None`` to ``X``."""
    if typing.get_origin(hint) is typing.Annotated:
        return _alone(typing.get_args(hint)[0])
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        kinds = [kind for kind in typing.get_args(hint) if kind is not type(None)]
        return _alone(kinds[0]) if len(kinds) == 1 else None
    return hint


def frame_type(columns: Sequence[Column]) -> ParameterType:
    """Describe a frame parameter as a table of records; ``columns`` is None if they are unknown."""
    free = "" if columns else ", enforce_shape=False, enforce_column_type=False"
    text = frame_of(columns)
    more = [f"import {module}" for module in ("datetime", "decimal") if f"{module}." in text]
    imports = ("import pandas as pd", f"from {_TYPES}.pandas_parameter_type import PandasParameterType", *more)
    return ParameterType(f"PandasParameterType({text}{free})", imports)


def _frame_for(values: Mapping[str, object], notebook: Notebook, models: Sequence[object]) -> ParameterType:
    for model in (*models, *values.values()):
        names = known_names(model)
        if names:
            return frame_type(columns_for(names, models or [model], notebook))
    return frame_type(())


def _numpy(array: str, more: str = "") -> ParameterType:
    imports = ("import numpy as np", f"from {_TYPES}.numpy_parameter_type import NumpyParameterType")
    return ParameterType(f"NumpyParameterType({array}{more})", imports)


def _array(sample: Any, count: int) -> ParameterType:
    if not sample.ndim:
        raise TypeError("it is a single number: give an array with a dimension")
    if sample.dtype.kind not in "biufMmSUO":
        raise TypeError(f"it holds {sample.dtype} values")
    rows = sample[:count]
    kind = str(sample.dtype)
    text = f"np.array({_numbers(rows.tolist())}, dtype={kind!r})"
    if len(text) > _LONGEST or sample.dtype.kind == "O" or not rows.size:
        shape = (1, *sample.shape[1:])
        text = f"np.zeros({shape}, dtype={kind!r})"
    return _numpy(text)


def _numbers(values: Any) -> str:
    # repr() is no literal for nan and inf.
    return f"[{', '.join(map(_numbers, values))}]" if isinstance(values, list) else cell_of(values)


def _frame(sample: Any, count: int) -> ParameterType:
    if not sample.columns.is_unique:
        raise TypeError(f"several of its columns are called {sample.columns[sample.columns.duplicated()][0]!r}")
    if not len(sample.columns):
        raise TypeError("it has no columns")
    return frame_type([column_of(sample[name], count) for name in sample.columns])


def _attribute(value: object, name: str) -> Any:
    return getattr(value, name, None) if type(value).__module__ != "builtins" else None


def _standard(hint: object) -> str | None:
    """Write a parameter type for plain values; None if the hint says nothing."""
    origin, inner = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin in (list, tuple):
        # Items of several types say nothing.
        kinds = {kind for kind in inner if kind is not Ellipsis}
        item = _standard(_alone(kinds.pop())) if len(kinds) == 1 else None
        return f"StandardPythonParameterType([{item or ''}])"
    if isinstance(origin, type) and origin in (int, float, bool, str, bytes):
        return f"StandardPythonParameterType({origin()!r})"
    if isinstance(origin, type) and origin in _TIMES:
        return f"StandardPythonParameterType({_TIMES[origin]})"
    return "StandardPythonParameterType({})" if origin is dict else None


def hints_of(
    run: Function | ast.Lambda, variables: Mapping[str, object], imports: Mapping[str, str]
) -> dict[str, object]:
    """Evaluate the type hints of a function's parameters.

    ``imports`` maps the script's names to the dotted names that they import. Hints that cannot be evaluated here are
    left out.
    """
    arguments = (*run.args.posonlyargs, *run.args.args, *run.args.kwonlyargs)
    hinted = {node.id for one in arguments if one.annotation for node in _names_in(one.annotation)}
    known = dict(variables) | {name: _imported(imports[name]) for name in hinted & set(imports)}
    return {one.arg: _evaluated(one.annotation, known) for one in arguments}


def _names_in(annotation: ast.expr) -> list[ast.Name]:
    return [node for node in ast.walk(_unquoted(annotation) or annotation) if isinstance(node, ast.Name)]


def _imported(dotted: str) -> object:
    """Find what an import of the script brings; only libraries that hints use are loaded for it."""
    module, _, name = dotted.rpartition(".")
    try:
        if dotted in sys.modules or dotted in _LIBRARIES:
            return importlib.import_module(dotted)
        if module.partition(".")[0] in _LIBRARIES:
            return getattr(importlib.import_module(module), name, None)
    except ImportError:
        return None
    return getattr(sys.modules.get(module), name, None)


def _unquoted(annotation: ast.expr) -> ast.expr | None:
    if not isinstance(annotation, ast.Constant) or not isinstance(annotation.value, str):
        return annotation
    try:
        return ast.parse(annotation.value, mode="eval").body
    except SyntaxError:
        return None


def _evaluated(annotation: ast.expr | None, variables: Mapping[str, object]) -> object:
    annotation = _unquoted(annotation) if annotation is not None else None
    if annotation is None:
        return None
    allowed = (
        ast.Name,
        ast.Attribute,
        ast.Subscript,
        ast.Tuple,
        ast.Constant,
        ast.BinOp,
        ast.BitOr,
        ast.Load,
        ast.List,
    )
    if not all(isinstance(item, allowed) for item in ast.walk(annotation)):
        return None
    try:
        return eval(compile(ast.Expression(annotation), "<hint>", "eval"), dict(variables))  # noqa: S307 - names only
    except Exception:  # noqa: BLE001 - a hint may be any code; if it fails, it says nothing
        return None
