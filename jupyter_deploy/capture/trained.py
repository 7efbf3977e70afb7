"""What a fitted model's own steps know of its columns, if the frame of the fitting is gone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

_NUMERIC_MODULES = frozenset(
    {
        *("linear_model", "svm", "neighbors", "tree", "neural_network", "naive_bayes", "gaussian_process", "cluster"),
        *("decomposition", "discriminant_analysis", "mixture", "manifold", "cross_decomposition", "kernel_ridge"),
    }
)
_NUMERIC = frozenset(
    {
        *("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "PowerTransformer", "QuantileTransformer"),
        *("PolynomialFeatures", "SplineTransformer", "KBinsDiscretizer", "Normalizer", "Binarizer", "KNNImputer"),
        *("RandomForestClassifier", "RandomForestRegressor", "ExtraTreesClassifier", "ExtraTreesRegressor"),
        *("GradientBoostingClassifier", "GradientBoostingRegressor", "IsolationForest", "VarianceThreshold"),
    }
)
# Steps whose output has the columns of their input, in the same order.
_IN_PLACE = frozenset(
    {
        *("StandardScaler", "MinMaxScaler", "MaxAbsScaler", "RobustScaler", "PowerTransformer", "QuantileTransformer"),
        *("SimpleImputer", "KNNImputer"),
    }
)
_DEEPEST = 8


class Known(NamedTuple):
    """A column's type (empty: the one that pandas infers from the example), and an example."""

    dtype: Any
    example: object = None


def known_columns(model: Any, names: Sequence[str], depth: int = 0) -> Mapping[str, Known]:
    """Find the column types that a fitted model's steps prove; other columns are left out."""
    if depth > _DEEPEST:
        return {}
    for has, look in _WAYS:
        try:
            if has(model):
                return look(model, names, depth + 1)
        except Exception:  # noqa: BLE001 - of the model's own code; then nothing is known
            return {}
    return {}


def _pipeline(model: Any, names: Sequence[str], depth: int) -> Mapping[str, Known]:
    found: dict[str, Known] = {}
    for _, step in model.steps:
        found = {**known_columns(step, names, depth), **found}
        if type(step).__name__ not in _IN_PLACE and step not in ("passthrough", None):
            break
    return found


def _by_column(model: Any, names: Sequence[str], depth: int) -> Mapping[str, Known]:
    found: dict[str, Known] = {}
    for _, step, chosen in model.transformers_:
        if not isinstance(step, str):
            found |= known_columns(step, _chosen(chosen, names), depth)
    return found


def _chosen(chosen: Any, names: Sequence[str]) -> list[str]:
    if isinstance(chosen, str):
        return [chosen]
    if isinstance(chosen, slice):
        bounds = [names.index(end) if isinstance(end, str) else end for end in (chosen.start, chosen.stop)]
        stop = bounds[1] + 1 if isinstance(chosen.stop, str) and bounds[1] is not None else bounds[1]
        return list(names[bounds[0] : stop : chosen.step])
    listed = list(chosen)
    if listed and all(isinstance(one, bool) or type(one).__name__ in {"bool_", "bool"} for one in listed):
        return [name for name, is_in in zip(names, listed, strict=True) if is_in]
    return [one if isinstance(one, str) else names[int(one)] for one in listed]


def _union(model: Any, names: Sequence[str], depth: int) -> Mapping[str, Known]:
    found: dict[str, Known] = {}
    for _, step in model.transformer_list:
        found = {**known_columns(step, names, depth), **found}
    return found


def _categories(model: Any, names: Sequence[str], depth: int) -> Mapping[str, Known]:
    found: dict[str, Known] = {}
    for name, values in zip(names, model.categories_, strict=True):
        present = [value for value in values.tolist() if value is not None and value == value]
        if present and all(type(value) is str for value in present):
            found[name] = Known("", present[0])
        elif present and all(type(value) is bool for value in present):
            found[name] = Known("bool", present[0])
        elif present and all(
            isinstance(value, (int, float)) and value is not True and value is not False for value in present
        ):
            found[name] = Known("int64" if all(type(value) is int for value in present) else "float64", present[0])
    return found


def _imputer(model: Any, names: Sequence[str], depth: int) -> Mapping[str, Known]:
    is_numeric = model.strategy in {"mean", "median"} or getattr(model.statistics_.dtype, "kind", "O") in "iuf"
    return dict.fromkeys(names, Known("float64")) if is_numeric else {}


def _numeric(model: Any, names: Sequence[str], depth: int) -> Mapping[str, Known]:
    return dict.fromkeys(names, Known("float64"))


def _xgboost(model: Any, names: Sequence[str], depth: int) -> Mapping[str, Known]:
    booster = model.get_booster()
    pairs = zip(booster.feature_names or (), booster.feature_types or (), strict=True)
    kinds = {"int": "int64", "float": "float64", "q": "float64", "i": "bool"}
    return {name: Known(kinds[kind]) for name, kind in pairs if kind in kinds}


def _lightgbm(model: Any, names: Sequence[str], depth: int) -> Mapping[str, Known]:
    # LightGBM does not say which columns its categories belong to.
    booster = getattr(model, "booster_", model)
    return {} if booster.pandas_categorical else dict.fromkeys(names, Known("float64"))


def _is_numeric(model: Any) -> bool:
    package, *rest = type(model).__module__.split(".")
    return package == "sklearn" and (type(model).__name__ in _NUMERIC or bool(rest and rest[0] in _NUMERIC_MODULES))


def _family(model: Any) -> str:
    return type(model).__module__.partition(".")[0]


_WAYS: tuple[tuple[Callable[[Any], bool], Callable[[Any, Sequence[str], int], Mapping[str, Known]]], ...] = (
    (lambda model: hasattr(model, "best_estimator_"), lambda model, *more: known_columns(model.best_estimator_, *more)),
    (lambda model: hasattr(model, "regressor_"), lambda model, *more: known_columns(model.regressor_, *more)),
    (lambda model: hasattr(model, "transformers_"), _by_column),
    (lambda model: hasattr(model, "transformer_list"), _union),
    (lambda model: hasattr(model, "steps"), _pipeline),
    (lambda model: type(model).__name__ == "SimpleImputer", _imputer),
    (lambda model: hasattr(model, "categories_"), _categories),
    (lambda model: _family(model) == "xgboost" and hasattr(model, "get_booster"), _xgboost),
    (lambda model: _family(model) == "lightgbm", _lightgbm),
    (_is_numeric, _numeric),
)
