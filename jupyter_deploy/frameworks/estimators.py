"""Models with scikit-learn's interface, of any library: called by their methods."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from typing import Any

from ..errors import ModelProblem
from .column_values import example_row, takes_texts
from .predicting import DATA, Signature, Tensor

# The first that a model has is its usual answer, as in Azure ML's services without a script.
METHODS = ("predict_proba", "predict", "transform")
_MOST_NESTED = 20
_MORE = ("decision_function", "predict_log_proba", "score_samples")


class Estimator:
    """Calls a fitted estimator; ``prepare`` is applied to the rows first, and ``example`` is a row for it.

    A model without such methods, or one that is not fitted, is a ModelProblem.
    """

    def __init__(
        self, model: Any, *, prepare: Callable[[Any], Any] = lambda rows: rows, example: tuple[Any, ...] = ()
    ) -> None:
        if isinstance(model, type):
            raise ModelProblem(
                f"{model.__name__} is a class, not a fitted model.",
                hint=f"Register an object: {model.__name__}().fit(…)",
            )
        methods = [name for name in (*METHODS, *_MORE) if callable(getattr(model, name, None))]
        # Much has a transform(), data frames for one.
        if not methods or methods[0] in _MORE or (methods[0] == "transform" and not hasattr(model, "fit")):
            kind = type(model).__name__
            raise ModelProblem(
                f"A {kind} has no predict(), so it cannot be served without a script.",
                hint="Write run(data) in a cell that starts with %%score_script NAME.",
            )
        _check_fitted(model)
        self._model, self._prepare = model, prepare
        columns = tuple(str(name) for name in getattr(model, "feature_names_in_", ()))
        width = len(columns) or getattr(model, "n_features_in_", None)
        taken = Tensor(DATA, "float64", (-1, int(width or 0)))
        if width is None:
            taken = Tensor(DATA, "str", (-1,)) if takes_texts(model) else Tensor(DATA)
        self.signature = Signature(
            (taken,),
            tuple(_output(getattr(model, "classes_", None), name) for name in methods),
            (methods[0],),
            columns,
            () if width is None else example or example_row(model, columns, int(width)),
            of_rows=True,
        )

    def predict(self, inputs: Mapping[str, Any], outputs: tuple[str, ...]) -> dict[str, Any]:
        """Call each of the methods."""
        with warnings.catch_warnings():
            # Of arrays for a model of columns: they were counted already.
            warnings.filterwarnings("ignore", "X does not have valid feature names", UserWarning)
            rows = self._prepare(in_table(inputs[DATA], self.signature))
            return {name: _rows_first(getattr(self._model, name)(rows)) for name in outputs}


def inside(model: Any) -> Any:
    """Find the estimator that gets the rows as they are, within searches and pipelines of one step."""
    for _ in range(_MOST_NESTED):
        steps = [step for _, step in getattr(model, "steps", ()) if step not in (None, "passthrough")]
        inner = steps[0] if len(steps) == 1 else getattr(model, "best_estimator_", None)
        if inner is None:
            break
        model = inner
    return model


def in_table(rows: Any, signature: Signature) -> Any:
    """Give a matrix the names of its columns, which some steps of pipelines look for.

    It stays a matrix if the model has no columns, or pandas is not installed.
    """
    columns = list(signature.columns)
    if not columns or find_spec("pandas") is None:
        return rows
    import pandas as pd

    # For a column of objects, pandas infers the type again.
    frame = pd.DataFrame(rows.tolist() if rows.dtype.kind == "O" else rows, columns=columns)
    for name, example in zip(columns, signature.example, strict=False):
        # A text that is missing is NaN among objects, as in a table that was read from a file.
        if isinstance(example, str) and frame.columns.is_unique and frame[name].dtype.kind in "fO":
            gone = frame[name].isna()
            if gone.any():
                frame[name] = frame[name].astype(object).mask(gone, float("nan")).astype(object)
    return frame


def _check_fitted(model: Any) -> None:
    if not any(kind.__module__.partition(".")[0] == "sklearn" for kind in type(model).__mro__):
        return
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    try:
        check_is_fitted(model)
    except NotFittedError:
        raise ModelProblem(f"The {type(model).__name__} is not fitted.", hint="Register it after fit().") from None
    except TypeError:
        # It has no fit(), so there is nothing to be fitted.
        return


def _output(classes: Any, name: str) -> Tensor:
    single = getattr(classes, "ndim", 0) == 1
    if name in {"predict_proba", "predict_log_proba"}:
        return Tensor(name, "float64", (-1, len(classes) if single and classes is not None else -1))
    if name == "predict":
        kind = getattr(getattr(classes, "dtype", None), "kind", "f") if single else "f"
        return Tensor(name, {"i": "int64", "u": "int64", "b": "bool", "f": "float64"}.get(kind, "str"), (-1,))
    return Tensor(name, "float64", (-1, -1) if name == "transform" else (-1,))


def _rows_first(found: Any) -> Any:
    """Turn the list of a multi-output classifier, one array per output, into one entry per row."""
    if hasattr(found, "toarray"):
        return found.toarray()
    if not isinstance(found, list) or not found or not hasattr(found[0], "shape"):
        return found
    import numpy as np

    if len({part.shape for part in found}) == 1:
        return np.stack(found, axis=1)
    return [[part[row].tolist() for part in found] for row in range(len(found[0]))]


class RowModel:
    """Calls a model by functions, for libraries without scikit-learn's interface.

    The first of ``methods`` is the default. ``width`` is the number of features, ``columns`` their names, if any.
    ``example`` is a row, by default zeros; ``classes`` are a classifier's. ``framed`` gives a model of columns a
    table instead of a matrix. ``prepare`` is applied to the rows first.
    """

    def __init__(
        self,
        methods: Mapping[str, Callable[[Any], Any]],
        width: int,
        columns: tuple[str, ...],
        *,
        example: tuple[Any, ...] = (),
        classes: Any = None,
        framed: bool = True,
        prepare: Callable[[Any], Any] = lambda rows: rows,
    ) -> None:
        self._methods, self._prepare = methods, prepare
        self._framed = framed
        self.signature = Signature(
            (Tensor(DATA, "float64", (-1, width)),),
            tuple(_output(classes, name) for name in methods),
            (next(iter(methods)),),
            columns,
            example or (0.0,) * width,
            of_rows=True,
        )

    def predict(self, inputs: Mapping[str, Any], outputs: tuple[str, ...]) -> dict[str, Any]:
        """Call each of the methods."""
        rows = inputs[DATA]
        rows = self._prepare(in_table(rows, self.signature) if self._framed else rows)
        return {name: self._methods[name](rows) for name in outputs}
