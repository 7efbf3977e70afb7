"""LightGBM: boosters in its own text, which runs no code when it is read; its estimators, whose labels that lacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
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
# Its library's words for the places of categorical columns: of one that was read, and of one that was trained here.
_CATEGORICAL = ("categorical_feature", "categorical_column")


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
    # Categories are columns of a table.
    tables = pinned(("pandas",)) if obj.pandas_categorical else ()
    with create(_FILE) as file:
        file.write(obj.model_to_string().encode())
    return Saved(_FILE, (*pinned(("lightgbm",)), *tables), ("lightgbm",))


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
        return estimator(model, model)
    names = tuple(model.feature_name())
    # What was trained without names has been given these.
    columns = () if names == tuple(f"Column_{place}" for place in range(len(names))) else names
    prepare, example = _of_booster(model)
    made = RowModel({"predict": model.predict}, model.num_feature(), columns, example=example, prepare=prepare)
    made.signature = replace(made.signature, underlines=True)
    return made


def estimator(model: Any, inner: Any) -> Predictor:
    """Make an estimator answer; ``inner`` is LightGBM's, which gets its rows, or is itself the model."""
    booster: Any = getattr(inner, "_Booster", None)
    prepare, example = _of_booster(booster) if booster else (lambda rows: rows, ())
    made = Estimator(model, prepare=prepare, example=example)
    # A model around it keeps the names as they were.
    made.signature = replace(made.signature, underlines=model is inner)
    return made


def _of_booster(booster: Any) -> tuple[Callable[[Any], Any], tuple[Any, ...]]:
    known = _categories(booster)
    example = tuple(known[place][0] if known.get(place) else 0.0 for place in range(booster.num_feature()))
    return partial(_with_categories, known), example if known else ()


def _categories(booster: Any) -> dict[int, list[Any]]:
    """List what each categorical column of the table that it was trained with could be, by the column's place."""
    values = booster.pandas_categorical or []
    places: list[int] = next((booster.params[word] for word in _CATEGORICAL if booster.params.get(word)), [])
    return dict(zip(places, values, strict=True)) if len(places) == len(values) else {}


def _with_categories(known: Mapping[int, list[Any]], rows: Any) -> Any:
    """Turn the columns of categories into such; in any other, a text is refused."""
    if not hasattr(rows, "columns"):
        return rows
    import pandas as pd

    made = {}
    for place, name in enumerate(rows.columns):
        column = rows[name]
        if place in known:
            made[name] = pd.Categorical(column, categories=known[place])
        elif column.dtype.kind not in "biuf":
            try:
                made[name] = column.astype(float)
            except (TypeError, ValueError) as error:
                raise ValueError(f"column {name!r}: {error}") from None
    return rows.assign(**made) if made else rows
