"""XGBoost: boosters and its estimators, in its own format, which runs no code when it is read."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping
from functools import partial
from itertools import pairwise
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
_MOST_NAMED = 12
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
    # It forgets which number stands for a missing one, too; by default none does.
    return bool(fitted) and "c" not in (obj.get_booster().feature_types or ()) and obj.missing != obj.missing


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
        return estimator(model, model)
    known, columns = _categories(model), tuple(model.feature_names or ())
    width = model.num_features()
    return RowModel(
        {"predict": model.inplace_predict},
        width,
        columns,
        framed=False,
        example=_example(known, width),
        prepare=partial(_coded, known) if known else lambda rows: rows,
    )


def estimator(model: Any, inner: Any) -> Predictor:
    """Make an estimator answer; ``inner`` is XGBoost's, which gets its rows, or is itself the model."""
    is_fitted = inner.__sklearn_is_fitted__() if hasattr(inner, "__sklearn_is_fitted__") else True
    known = _categories(inner.get_booster()) if is_fitted and hasattr(inner, "get_booster") else {}
    if not known:
        return Estimator(model)
    return Estimator(model, prepare=partial(_coded, known), example=_example(known, inner.n_features_in_))


def _example(known: Mapping[int, list[Any]], width: int) -> tuple[Any, ...]:
    complete = {place: next(one for one in values if one is not None) for place, values in known.items()}
    return tuple(complete.get(place, 0.0) for place in range(width))


def _categories(booster: Any) -> dict[int, list[Any]]:
    """List what each categorical column could be where the model was trained, by the column's place.

    Empty where it was trained with codes, or by a version of XGBoost (before 3.1) that forgets the categories.
    """
    if "c" not in (booster.feature_types or ()):
        return {}
    written = json.loads(bytes(booster.save_raw("json")))["learner"]["gradient_booster"]
    # Trees that are dropped (dart) are one level below.
    trees = written.get("model") or written.get("gbtree", {}).get("model", {})
    listed = trees.get("cats", {}).get("enc", [])
    found = {place: _decoded(one) for place, one in enumerate(listed) if one.get("values")}
    return {place: values for place, values in found.items() if any(one is not None for one in values)}


def _decoded(one: Mapping[str, Any]) -> list[Any]:
    """Read the categories of a column: numbers, or all texts one behind the other and where each of them ends.

    XGBoost counts the texts' characters but keeps as many bytes; what is lost at the end is None here.
    """
    if "offsets" not in one:
        return list(one["values"])
    raw, ends = bytes(value & 255 for value in one["values"]), one["offsets"]
    joined = raw.decode(errors="ignore")
    counted = [joined[start:end] if end <= len(joined) else None for start, end in pairwise(ends)]
    try:
        exact = [raw[start:end].decode() for start, end in pairwise(ends)]
    except UnicodeDecodeError:
        return counted
    # A version that counts bytes may have written it: only what both ways read alike is sure.
    return [one if one == other else None for one, other in zip(counted, exact, strict=True)]


def _coded(known: Mapping[int, list[Any]], rows: Any) -> Any:
    """Write the place of each category among those of its column, as the trees have it; a missing one stays so."""
    import numpy as np

    names = list(rows.columns) if hasattr(rows, "columns") else ()
    found = np.array(rows, dtype=object)
    for place, categories in known.items():
        codes = {category: code for code, category in enumerate(categories) if category is not None}
        for row in found:
            value = row[place]
            if value is None or value != value:
                row[place] = np.nan
            elif value not in codes:
                some = ", ".join(map(repr, list(codes)[:_MOST_NAMED]))
                some += " (XGBoost lost others)" if None in categories else ""
                column = repr(names[place]) if names else str(place)
                raise ValueError(f"column {column} has no category {value!r}; it has {some}")
            else:
                row[place] = codes[value]
    return found.astype(float)
