"""Which frame ``run()`` takes: whether its value goes straight into a fitted model, and that model's columns."""

from __future__ import annotations

import ast
import importlib.util
import re
import types
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..scripts import CALLED, EACH, Ref, Use
from .columns import Column, as_sent, column_like, column_shaped_like
from .notebook import Notebook
from .trained import known_columns

_METHODS = frozenset(
    {
        *("predict", "predict_proba", "predict_log_proba", "predict_joint_log_proba", "decision_function"),
        *("transform", "score_samples", "apply", "decision_path", "kneighbors", "staged_predict"),
        *("staged_predict_proba", "predict_quantiles"),
    }
)
_FIRST = frozenset({"0", "X", "x", "data"})
_FITTING = frozenset({"fit", "fit_transform", "fit_predict", "partial_fit"})
# LightGBM's names for the columns of an array.
_NUMBERED = re.compile(r"Column_\d+")


def receivers(uses: Sequence[Use], data: Mapping[str, object]) -> list[object] | None:
    """Find the fitted models that a value goes straight into, all fitted on frames of the same columns.

    None if the value goes anywhere else as well. ``uses`` lists everything that is done with the value; ``data`` has
    the live values that the script takes.
    """
    found: list[object] = []
    for use in uses:
        if use.kind != "given" or use.ref is None or use.ref.imported or use.held or use.name not in _FIRST:
            return None
        models = _models(use.ref, data)
        if not models:
            return None
        found += models
    names = [columns_of(model) for model in found]
    same = bool(names) and all(one is not None and one == names[0] for one in names)
    return found if same and importlib.util.find_spec("pandas") else None


def _models(ref: Ref, data: Mapping[str, object]) -> list[object]:
    """Find the models whose method a reference leads to; none if it may lead elsewhere."""
    if ref.root not in data:
        return []
    try:
        reached = _reached([data[ref.root]], ref.steps)
    except Exception:  # noqa: BLE001 - of the values' own code
        return []
    methods = [one for one in reached if getattr(one, "__name__", "") in _METHODS]
    models = [getattr(one, "__self__", None) for one in methods]
    return models if len(models) == len(reached) and all(callable(getattr(one, "fit", None)) for one in models) else []


def _reached(values: Iterable[Any], steps: Sequence[object]) -> list[Any]:
    found = list(values)
    for step in steps:
        following: list[Any] = []
        for value in found:
            if isinstance(step, str):
                following.append(getattr(value, step))
            elif isinstance(step, tuple):
                following.append(value[step[0]])
            elif step is EACH and isinstance(value, (list, tuple, type({}.values()))):
                following += value
            elif step is CALLED and isinstance(value, types.BuiltinMethodType) and value.__name__ == "values":
                following.append(value())
            else:
                raise TypeError(f"nothing is known of {value!r}")
        found = following
    return found


def columns_of(model: object) -> list[str] | None:
    """Return the columns that an estimator was fitted on; None if it was fitted on arrays."""
    try:
        names = [str(name) for name in getattr(model, "feature_names_in_", ())]
    except Exception:  # noqa: BLE001 - a property of the model's own
        return None
    return None if not names or all(_NUMBERED.fullmatch(name) for name in names) else names


def known_names(model: object) -> list[str] | None:
    """Return the columns that an estimator or a booster (LightGBM, XGBoost, CatBoost) knows; None if none."""
    if type(model).__module__ == "builtins":
        return None
    found = columns_of(model)
    for attribute in ("feature_names_", "feature_names", "feature_name") if found is None else ():
        try:
            names = getattr(model, attribute, None)
            names = names() if callable(names) and not isinstance(model, type) else names
            listed = [name for name in names if isinstance(name, str)] if isinstance(names, (list, tuple)) else []
        except Exception:  # noqa: BLE001, S112 - of the model's own code
            continue
        if listed and not all(_NUMBERED.fullmatch(name) for name in listed):
            return listed
    return found


def columns_for(names: Sequence[str], models: Sequence[object], notebook: Notebook) -> list[Column]:
    """Find the types of columns that models were fitted on.

    The notebook's frames with these columns are asked first, the one of the fitting before others, then the models'
    own steps. A column of unknown type is taken as it is sent.
    """
    known: dict[str, Any] = {}
    for model in models:
        known = {**known_columns(model, names), **known}
    examples = {name: one.example for name, one in known.items()}
    frames = _frames(names, models, notebook)
    if not frames:
        return [
            column_like(name, known[name].dtype, known[name].example) if name in known else as_sent(name)
            for name in names
        ]
    return [_agreed(name, [frame[name] for frame in frames], examples.get(name)) for name in names]


def _agreed(name: str, series: Sequence[Any], example: object) -> Column:
    if all(one.dtype == series[0].dtype for one in series):
        return column_shaped_like(series[0], example)
    if all(getattr(one.dtype, "kind", "O") in "iuf" for one in series):
        # Every type fits into float64.
        return column_like(name, "float64", example)
    return as_sent(name)


def _frames(names: Sequence[str], models: Sequence[object], notebook: Notebook) -> list[Any]:
    """Find the notebook's frames that have all columns: the one of the fitting, else the closest."""
    holding = {name: value for name, value in notebook.variables.items() if set(names) <= set(_columns(value))}
    own = {name for name, value in notebook.variables.items() if any(value is model for model in models)}
    fitted = [holding[name] for name in _fitted_on(own, notebook) if name in holding]
    if fitted:
        return fitted[:1]
    same = [value for value in holding.values() if _columns(value) == list(names)]
    return same or list(holding.values())


def _columns(value: object) -> list[object]:
    is_frame = type(value).__module__.partition(".")[0] == "pandas" and type(value).__name__ == "DataFrame"
    # Only a frame is asked: the class of any other variable may answer with any error.
    columns = getattr(value, "columns", None) if is_frame else None
    return list(columns) if columns is not None and columns.is_unique else []


def _fitted_on(models: set[str], notebook: Notebook) -> list[str]:
    """List the variables that models were fitted on in the notebook's cells, the last fitting first."""
    found: list[str] = []
    for cell in notebook.cells:
        for statement in cell.statements:
            bound = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
            if not bound & models:
                continue
            found += [
                name
                for node in ast.walk(statement)
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in _FITTING
                for name in _root([*node.args[:1], *(one.value for one in node.keywords if one.arg == "X")])
            ]
    return found[::-1]


def _root(arguments: Sequence[ast.expr]) -> list[str]:
    found = []
    for node in arguments[:1]:
        inner: ast.expr = node
        while isinstance(inner, (ast.Attribute, ast.Subscript, ast.Call)):
            inner = inner.func if isinstance(inner, ast.Call) else inner.value
        found += [inner.id] if isinstance(inner, ast.Name) else []
    return found
