"""CatBoost, in its own format, which runs no code when it is read."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import Any

from .estimators import RowModel
from .known import CreateFile, Saved, comes_from
from .pickling import distribution_version, dump, pinned
from .predicting import Predictor
from .sklearn import load as load_pickle

NAME = "CatBoost"
ENDINGS = (".cbm", ".joblib", ".pkl", ".pickle")
_FILE = "model.cbm"


def matches(obj: object) -> bool:
    """Tell whether the object is a model of CatBoost."""
    return comes_from(obj, "catboost")


def version() -> str:
    """Return CatBoost's version."""
    return distribution_version("catboost")[1]


def save(obj: Any, create: CreateFile) -> Saved:
    """Write ``model.cbm``."""
    is_own = type(obj).__module__.partition(".")[0] == "catboost"
    if not is_own or not obj.is_fitted():
        return dump(obj, create)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, _FILE)
        obj.save_model(str(path))
        with create(_FILE) as file:
            file.write(path.read_bytes())
    return Saved(_FILE, pinned(("catboost",)), ("catboost",))


def load(entry: Path) -> Any:
    """Read a model."""
    with entry.open("rb") as opened:
        if opened.read(4) != b"CBM1":
            return load_pickle(entry)
    import catboost

    model = catboost.CatBoost()
    model.load_model(str(entry))
    return model


def predictor(model: Any) -> Predictor:
    """Make a model answer: with probabilities, where it has classes."""
    names = tuple(model.feature_names_ or ())
    # What was trained without names has been given these.
    columns = () if names == tuple(map(str, range(len(names)))) else names
    asked = _generic(model)
    methods = {"predict": partial(asked, model, prediction_type=_usual_kind(model))}
    if len(model.classes_):
        methods = {
            "predict_proba": partial(asked, model, prediction_type="Probability"),
            "predict": partial(_labels, asked, model),
        }
    categories = tuple(model.get_cat_feature_indices())
    texts = tuple(model.get_text_feature_indices()) if hasattr(model, "get_text_feature_indices") else ()
    example = tuple("" if place in categories else "text" if place in texts else 0.0 for place in range(len(names)))
    return RowModel(
        methods,
        len(names),
        columns,
        example=example,
        classes=model.classes_ if len(model.classes_) else None,
        prepare=partial(_with_categories, categories),
    )


def estimator(model: Any, inner: Any) -> Predictor:
    """Make an estimator answer; ``inner`` is CatBoost's, which gets its rows, and answers for it."""
    return predictor(inner)


def _generic(model: Any) -> Any:
    """Return the way of asking that all classes of CatBoost share: their own differ in what they take."""
    kind: Any = next(kind for kind in type(model).__mro__ if kind.__name__ == "CatBoost")

    def ask(model: Any, rows: Any, prediction_type: str) -> Any:
        try:
            return kind.predict(model, rows, prediction_type=prediction_type)
        except Exception as error:
            # Of the library's own, which is no ValueError: it names the value and its place.
            if type(error).__name__ != "CatBoostError":
                raise
            raise ValueError(str(error)) from error

    return ask


def _usual_kind(model: Any) -> str:
    """Return what a regressor of CatBoost's predicts, by its loss; the file does not tell which class wrote it."""
    loss = str(model.get_params().get("loss_function") or "")
    if loss.startswith(("Poisson", "Tweedie")):
        # Its trees add up to a logarithm.
        return "Exponent"
    return "RMSEWithUncertainty" if loss == "RMSEWithUncertainty" else "RawFormulaVal"


def _labels(ask: Any, model: Any, rows: Any) -> Any:
    found = ask(model, rows, prediction_type="Class")
    # Of several classes, CatBoost returns a column.
    return found.reshape(-1) if getattr(found, "ndim", 1) == 2 and found.shape[1] == 1 else found


def _with_categories(places: tuple[int, ...], rows: Any) -> Any:
    """Give whole numbers back to columns of categories: among floats they became floats, which CatBoost refuses."""
    if not places:
        return rows
    values = rows.to_numpy() if hasattr(rows, "to_numpy") else rows
    found = values.astype(object)
    for place in places:
        for row in found:
            if isinstance(row[place], float) and row[place].is_integer():
                row[place] = int(row[place])
    return found
