"""scikit-learn estimators and pipelines (and their subclasses), saved with joblib."""

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
    """Whether the object derives from a scikit-learn class; third-party subclasses count."""
    return comes_from(obj, "sklearn")


def version() -> str:
    """Return scikit-learn's version."""
    return distribution_version("sklearn")[1]


def save(obj: object, create: CreateFile) -> Saved:
    """Write a fitted estimator to ``model.joblib``; ``create`` opens a file for writing."""
    return dump(obj, create)


def load(entry: Path) -> Any:
    """Read the estimator back."""
    import joblib

    return joblib.load(entry)


def predictor(model: Any) -> Predictor:
    """Make a predictor of a fitted estimator, with probabilities if it has them."""
    return Estimator(model)
