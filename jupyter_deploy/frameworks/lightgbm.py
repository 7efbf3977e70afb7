"""LightGBM: boosters in its own text, which runs no code when it is read; its estimators, whose labels that lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .estimators import Estimator, RowModel
from .known import CreateFile, Saved, comes_from
from .pickling import distribution_version, dump, pinned
from .predicting import Predictor
from .sklearn import load as load_pickle

NAME = "LightGBM"
ENDINGS = (".txt", ".lgb", ".model", ".joblib", ".pkl", ".pickle")
_FILE = "model.txt"


def matches(obj: object) -> bool:
    """Tell whether the object is a booster or an estimator of LightGBM."""
    return comes_from(obj, "lightgbm")


def version() -> str:
    """Return LightGBM's version."""
    return distribution_version("lightgbm")[1]


def save(obj: Any, create: CreateFile) -> Saved:
    """Write a booster's ``model.txt``, an estimator's ``model.joblib``."""
    if type(obj).__name__ != "Booster":
        return dump(obj, create)
    with create(_FILE) as file:
        file.write(obj.model_to_string().encode())
    return Saved(_FILE, pinned(("lightgbm",)), ("lightgbm",))


def load(entry: Path) -> Any:
    """Read a booster, or the pickle of an estimator."""
    with entry.open("rb") as opened:
        if opened.read(4) != b"tree":
            return load_pickle(entry)
    import lightgbm

    return lightgbm.Booster(model_file=entry)


def predictor(model: Any) -> Predictor:
    """Make a booster or an estimator answer."""
    if type(model).__name__ != "Booster":
        return Estimator(model, prepare=_with_categories)
    names = tuple(model.feature_name())
    # What was trained without names has been given these.
    columns = () if names == tuple(f"Column_{place}" for place in range(len(names))) else names
    return RowModel({"predict": model.predict}, model.num_feature(), columns, prepare=_with_categories)


def _with_categories(rows: Any) -> Any:
    """Turn columns of texts into categories, as the model was trained with: it knows their order itself."""
    if not hasattr(rows, "columns"):
        return rows
    texts = [name for name, kind in rows.dtypes.items() if kind.kind not in "biuf"]
    return rows.astype(dict.fromkeys(texts, "category")) if texts else rows
