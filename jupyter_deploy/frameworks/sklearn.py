"""scikit-learn estimators and pipelines (and their subclasses), saved with joblib."""

from __future__ import annotations

import io
import pickle
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import ModelProblem
from .estimators import Estimator
from .known import CreateFile, Saved, comes_from
from .pickling import distribution_version, dump, pinned
from .predicting import Predictor

NAME = "ScikitLearn"
_SAFE_FILE = "model.skops"
# What skops leaves to its user, and fitted models are full of: numbers and options in classes that run nothing when
# they are made. Whole modules end with a dot.
_TRUSTED = (
    *("numpy.dtype", "sklearn.utils._bunch.Bunch", "sklearn.metrics._scorer._PassthroughScorer"),
    *("sklearn.tree._tree.Tree", "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"),
    *("sklearn.neighbors._kd_tree.KDTree", "sklearn.neighbors._ball_tree.BallTree", "sklearn.metrics._dist_metrics."),
    *("sklearn.calibration._CalibratedClassifier", "sklearn.calibration._SigmoidCalibration"),
    *("sklearn.gaussian_process.kernels.", "sklearn.model_selection._split."),
    "sklearn.neural_network._stochastic_optimizers.",
)
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
    with entry.open("rb") as opened:
        head = opened.read(2)
    if head == b"PK":
        return _load_skops(entry)
    import joblib

    try:
        return joblib.load(entry)
    except (EOFError, pickle.UnpicklingError, LookupError, ValueError, TypeError) as error:
        # joblib reads with an unpickler that takes any bytes for instructions, and fails at one of them. Pickles
        # of the last twenty years do not begin as a text does, and of archives only those of zlib and bzip2.
        is_text = head[:1].isascii() and head[:1].isalnum() and not (head[:1] == b"x" or head == b"BZ")
        of_unpickler = isinstance(error, (EOFError, pickle.UnpicklingError))
        is_no_opcode = isinstance(error, KeyError) and isinstance(error.args[0], int)
        if not (of_unpickler or is_no_opcode or is_text):
            raise
        what = "was not written by joblib or pickle, or not to its end" if entry.stat().st_size else "is empty"
        raise ModelProblem(
            f"{entry.name} {what}.", hint="Save the model again with joblib.dump(model, path), and register that file."
        ) from error


def save_safely(obj: Any, create: CreateFile) -> Saved:
    """Write ``model.skops``, which runs no code when it is read.

    Raises
    ------
    ModelProblem
        If skops is not installed, or the model has parts that it would not read again.
    """
    if find_spec("skops") is None:
        raise ModelProblem("skops is not installed here.", hint="pip install skops")
    import skops.io

    written = skops.io.dumps(obj)
    unknown = [name for name in skops.io.get_untrusted_types(data=written) if not _is_trusted(name)]
    if unknown:
        raise ModelProblem(
            f"skops reads no {', '.join(unknown[:3])} without being told to trust it.",
            hint="Register the model without --format skops: then it is a pickle.",
        )
    with create(_SAFE_FILE) as file:
        file.write(written)
    tables = {"pandas"} if b"sklearn.compose" in _schema_in(written) else set()
    return Saved(_SAFE_FILE, pinned({"sklearn", "skops"} | tables), ("sklearn", "skops"))


def _schema_in(written: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        return archive.read("schema.json")


def _is_trusted(name: str) -> bool:
    return any(name == known or (known.endswith(".") and name.startswith(known)) for known in _TRUSTED)


def _load_skops(entry: Path) -> Any:
    import skops.io

    found = skops.io.get_untrusted_types(file=entry)
    unknown = [name for name in found if not _is_trusted(name)]
    if unknown:
        raise ModelProblem(
            f"{entry.name} has parts that skops reads only where they are trusted: {', '.join(unknown[:3])}.",
            hint="Load it in a cell that starts with %%score_script NAME: skops.io.load(path, trusted=[…]).",
        )
    return skops.io.load(entry, trusted=found)


def predictor(model: Any) -> Predictor:
    """Make a predictor of a fitted estimator, with probabilities if it has them."""
    return Estimator(model)
