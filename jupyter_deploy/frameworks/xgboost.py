"""XGBoost: boosters and its estimators, in its own format, which runs no code when it is read."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from .estimators import Estimator, RowModel
from .known import CreateFile, Saved
from .pickling import distribution_version, dump, pinned
from .predicting import Predictor
from .sklearn import load as load_pickle

NAME = "XGBoost"
ENDINGS = (".ubj", ".json", ".xgb", ".bst", ".model", ".bin", ".joblib", ".pkl", ".pickle")
_FILE = "model.ubj"
_KINDS = {"classifier": "XGBClassifier", "regressor": "XGBRegressor"}
_OWN = frozenset({"Booster", *_KINDS.values()})


def matches(obj: object) -> bool:
    """Tell whether the object is a booster or an estimator of XGBoost."""
    return any(str(kind.__module__).partition(".")[0] == "xgboost" for kind in type(obj).__mro__)


def version() -> str:
    """Return XGBoost's version."""
    return distribution_version("xgboost")[1]


def save(obj: Any, create: CreateFile) -> Saved:
    """Write ``model.ubj``; what that format would lose goes into a pickle."""
    if not _is_whole_in_own_format(obj):
        return dump(obj, create)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, _FILE)
        obj.save_model(path)
        with create(_FILE) as file:
            file.write(path.read_bytes())
    modules = ("xgboost",) if type(obj).__name__ == "Booster" else ("sklearn", "xgboost")
    return Saved(_FILE, pinned(modules), modules)


def _is_whole_in_own_format(obj: Any) -> bool:
    # Subclasses have attributes of their own, and an estimator forgets that it takes categories.
    kind = type(obj)
    if kind.__name__ not in _OWN or kind.__module__.partition(".")[0] != "xgboost":
        return False
    if kind.__name__ == "Booster":
        return True
    fitted = obj.__sklearn_is_fitted__() if hasattr(obj, "__sklearn_is_fitted__") else hasattr(obj, "_Booster")
    return bool(fitted) and "c" not in (obj.get_booster().feature_types or ())


def load(entry: Path) -> Any:
    """Read a booster, or the estimator that wrote it."""
    with entry.open("rb") as opened:
        head = opened.read(2)
    if head[:1] == b"\x80" or head == b"PK" or head[:2] == b"\x1f\x8b" or head[:1] == b"\x78":
        return load_pickle(entry)
    import xgboost

    booster = xgboost.Booster(model_file=entry)
    kind = json.loads(booster.attr("scikit_learn") or "{}").get("_estimator_type", "")
    if kind not in _KINDS:
        return booster
    estimator = getattr(xgboost, _KINDS[kind])()
    estimator.load_model(entry)
    return estimator


def predictor(model: Any) -> Predictor:
    """Make a booster or an estimator answer."""
    if type(model).__name__ != "Booster":
        return Estimator(model)
    columns = tuple(model.feature_names or ())
    return RowModel({"predict": model.inplace_predict}, model.num_features(), columns, framed=False)
