"""scikit-learn estimators and pipelines (and what derives from them), saved with joblib."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .estimators import Estimator
from .known import CreateFile, Saved, comes_from
from .pickling import distribution_version, dump
from .predicting import Predictor

NAME = "ScikitLearn"
ENDINGS = (".joblib", ".pkl", ".pickle", ".sav", ".skops")


def matches(obj: object) -> bool:
    """Tell whether the object derives from a scikit-learn class.

    Parameters
    ----------
    obj : object
        Any object.

    Returns
    -------
    bool
        True for estimators, pipelines and third-party subclasses.
    """
    return comes_from(obj, "sklearn")


def version() -> str:
    """Return scikit-learn's version.

    Returns
    -------
    str
        For example ``"1.9.1"``.
    """
    return distribution_version("sklearn")[1]


def save(obj: object, create: CreateFile) -> Saved:
    """Write ``model.joblib``.

    Parameters
    ----------
    obj : object
        A fitted estimator.
    create : callable
        Opens a file of the given name for writing.

    Returns
    -------
    Saved
        With the libraries that the pickle refers to.
    """
    return dump(obj, create)


def load(entry: Path) -> Any:
    """Read the estimator back.

    Parameters
    ----------
    entry : pathlib.Path
        The file that :func:`save` wrote.

    Returns
    -------
    object
        The estimator.
    """
    import joblib

    return joblib.load(entry)


def predictor(model: Any) -> Predictor:
    """Make an estimator answer.

    Parameters
    ----------
    model : object
        Fitted.

    Returns
    -------
    Predictor
        Usually with probabilities, where it has them.
    """
    return Estimator(model)
