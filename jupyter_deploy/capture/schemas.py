"""From a sample or a type hint to inference-schema's decorators, as Python."""

from __future__ import annotations

import ast
import importlib.util
import json
import typing
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import ScriptProblem
from ..serving.answers import to_json
from .values import literal

_TYPES = "inference_schema.parameter_types"
_ROWS = 5
_LONGEST = 4000
_TOO_LONG = 100_000
_DECORATOR = "from inference_schema.schema_decorators import input_schema"
_STANDARD = f"from {_TYPES}.standard_py_parameter_type import StandardPythonParameterType"


@dataclass(frozen=True)
class ParameterType:
    """What one parameter of ``run`` takes.

    Parameters
    ----------
    expression : str
        Makes one of inference-schema's parameter types.
    imports : tuple of str
        What the expression needs.
    """

    expression: str
    imports: tuple[str, ...]


def of_sample(parameter: str, sample: object) -> ParameterType:
    """Describe a parameter by a value that it takes.

    Parameters
    ----------
    parameter : str
        Its name.
    sample : object
        An array, a data frame, or what JSON can hold; of many rows, the first are taken.

    Returns
    -------
    ParameterType
        With the sample written out.

    Raises
    ------
    ScriptProblem
        For what has no JSON form, or where inference-schema is not installed.
    """
    _check_installed()
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
        return _frame(sample.head(count))
    if family == "numpy" and kind.__name__ == "ndarray":
        return _array(sample, count)
    if family == "pandas" and kind.__name__ == "Series":
        sample = list(sample)
    plain = json.loads(to_json(sample))
    plain = plain[:count] if isinstance(plain, list) else plain
    return ParameterType(f"StandardPythonParameterType({plain!r})", (_STANDARD,))


def _make(kind: ParameterType) -> None:
    """Make it once, as the script will: whatever inference-schema does not take is told now."""
    names: dict[str, Any] = {}
    exec("\n".join(kind.imports), names)  # noqa: S102 - written above
    eval(kind.expression, names).input_to_swagger()  # noqa: S307 - written above


def of_hint(hint: object, values: Mapping[str, object], notebook: Mapping[str, object]) -> ParameterType | None:
    """Describe a parameter by its type hint.

    Parameters
    ----------
    hint : object
        A class, or for example ``list[float]``.
    values : mapping
        The live values that the script uses: a fitted estimator knows how many columns it takes, and their names.
    notebook : mapping
        All of the notebook's: a frame with these columns knows their types.

    Returns
    -------
    ParameterType or None
        None for hints that say nothing about JSON, such as ``str`` (the request's text) or ``Any``.

    Raises
    ------
    ScriptProblem
        Where inference-schema is not installed.
    """
    origin = typing.get_origin(hint) or hint
    if not isinstance(origin, type):
        return None
    family = origin.__module__.partition(".")[0]
    if family == "pandas" and origin.__name__ == "DataFrame":
        _check_installed()
        return _frame_of_estimator(values, notebook)
    if family == "numpy" and origin.__name__ == "ndarray":
        _check_installed()
        width = _known(values, "n_features_in_")
        free = "" if width else ", enforce_column_type=False, enforce_shape=False"
        return _numpy(f"np.zeros((1, {width or 1}))", free)
    if origin in (list, dict, int, float, bool, tuple):
        _check_installed()
        return ParameterType(f"StandardPythonParameterType({_empty(hint)!r})", (_STANDARD,))
    return None


def _check_installed() -> None:
    if importlib.util.find_spec("inference_schema") is None:
        raise ScriptProblem(
            "A schema needs the package inference-schema, which is not installed.",
            hint="%pip install 'jupyter-model-deploy[schema]'",
        )


def _numpy(array: str, more: str = "") -> ParameterType:
    imports = ("import numpy as np", f"from {_TYPES}.numpy_parameter_type import NumpyParameterType")
    return ParameterType(f"NumpyParameterType({array}{more})", imports)


def _array(sample: Any, count: int) -> ParameterType:
    rows = sample[:count] if sample.ndim else sample
    kind = str(sample.dtype)
    text = f"np.array({_numbers(rows.tolist())}, dtype={kind!r})"
    if len(text) > _LONGEST or sample.dtype.kind == "O" or not rows.size:
        shape = (1, *sample.shape[1:])
        text = f"np.zeros({shape}, dtype={kind!r})"
    return _numpy(text)


def _numbers(values: Any) -> str:
    # Not repr: nan and inf have no literal of their own.
    return f"[{', '.join(map(_numbers, values))}]" if isinstance(values, list) else _cell(values)


def _frame(sample: Any) -> ParameterType:
    if not sample.columns.is_unique:
        raise TypeError(f"several of its columns are called {sample.columns[sample.columns.duplicated()][0]!r}")
    columns, kinds = {}, {}
    for name in sample.columns:
        kind = str(sample[name].dtype)
        columns[name] = (sample[name].astype(str) if kind.startswith("date") else sample[name]).tolist()
        if kind not in {"int64", "float64", "bool", "object", "str"}:
            kinds[str(name)] = kind
    return _pandas(columns, kinds, "")


def _pandas(columns: Mapping[Any, list[Any]], kinds: Mapping[str, str], more: str) -> ParameterType:
    cells = ", ".join(f"{name!r}: [{', '.join(_cell(value) for value in column)}]" for name, column in columns.items())
    text = f"pd.DataFrame({{{cells}}})" + (f".astype({dict(kinds)!r})" if kinds else "")
    imports = ("import pandas as pd", f"from {_TYPES}.pandas_parameter_type import PandasParameterType")
    return ParameterType(f"PandasParameterType({text}{more})", imports)


def _cell(value: object) -> str:
    if str(value) in {"<NA>", "NaT"}:
        return "None"
    found = literal(value.tolist() if hasattr(value, "tolist") else value)
    return found if found is not None else repr(str(value))


def _frame_of_estimator(values: Mapping[str, object], notebook: Mapping[str, object]) -> ParameterType:
    names = _known(values, "feature_names_in_")
    if names is None:
        return _pandas({}, {}, ", enforce_shape=False, enforce_column_type=False")
    wanted = [str(name) for name in names]
    like = next((value for value in notebook.values() if set(wanted) <= set(_columns(value))), None)
    if like is None:
        return _pandas({name: [0.0] for name in wanted}, {}, ", enforce_column_type=False")
    # Of the notebook's own frame only the types: its rows are nobody else's business.
    dtypes = {str(name): str(dtype) for name, dtype in like.dtypes.items()}  # type: ignore[attr-defined]
    found = _pandas({name: [_blank(dtypes[name])] for name in wanted}, _unusual(dtypes), "")
    try:
        _make(found)
    except Exception:  # noqa: BLE001 - a kind of column without a blank, or that inference-schema does not know
        return _pandas({name: [0.0] for name in wanted}, {}, ", enforce_column_type=False")
    return found


def _columns(value: object) -> list[str]:
    columns = getattr(value, "columns", None)
    is_frame = type(value).__module__.partition(".")[0] == "pandas" and type(value).__name__ == "DataFrame"
    return [str(name) for name in columns] if is_frame and columns is not None else []


def _blank(dtype: str) -> object:
    if dtype.startswith(("int", "uint", "Int", "UInt")):
        return 0
    if dtype.startswith("bool"):
        return False
    if dtype.startswith("datetime"):
        return "2000-01-01"
    return 0.0 if dtype.startswith(("float", "Float")) else ""


def _unusual(dtypes: Mapping[str, str]) -> dict[str, str]:
    return {name: dtype for name, dtype in dtypes.items() if dtype not in {"int64", "float64", "bool", "object", "str"}}


def _known(values: Mapping[str, object], attribute: str) -> Any:
    for value in values.values():
        known = getattr(value, attribute, None) if type(value).__module__ != "builtins" else None
        if known is not None:
            return known
    return None


def _empty(hint: object) -> Any:
    origin, inner = typing.get_origin(hint) or hint, typing.get_args(hint)
    if origin in (list, tuple):
        # Nothing is said of items that may be of several kinds.
        kinds = {kind for kind in inner if kind is not Ellipsis}
        item = _empty(kinds.pop()) if len(kinds) == 1 else None
        return [] if item is None else [item]
    if origin in (int, float, bool, str):
        return origin()
    return {} if origin is dict else None


def hints_of(
    run: ast.FunctionDef | ast.AsyncFunctionDef, variables: Mapping[str, object]
) -> Iterator[tuple[str, object]]:
    """Evaluate the type hints of a function's parameters.

    Parameters
    ----------
    run : ast.FunctionDef or ast.AsyncFunctionDef
        The function.
    variables : mapping
        Where their names live.

    Yields
    ------
    tuple of (str, object)
        Parameter and hint; None for one without a hint, or that cannot be evaluated here.
    """
    for parameter in (*run.args.args, *run.args.kwonlyargs):
        yield parameter.arg, _evaluated(parameter.annotation, variables)


def _evaluated(annotation: ast.expr | None, variables: Mapping[str, object]) -> object:
    if annotation is None:
        return None
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        try:
            annotation = ast.parse(annotation.value, mode="eval").body
        except SyntaxError:
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
    except Exception:  # noqa: BLE001 - a hint may be anything; then it says nothing
        return None
