"""Which models can be served without a script, and how their files become predictors."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from ..errors import ModelProblem
from .estimators import inside
from .known import framework_of
from .pickling import distribution_version
from .predicting import Predictor

# By Azure ML's word: the file in this folder, and the module without which the model cannot be loaded.
_SERVED = {
    "ScikitLearn": ("sklearn", "sklearn"),
    "Onnx": ("onnx", "onnxruntime"),
    "XGBoost": ("xgboost", "xgboost"),
    "LightGBM": ("lightgbm", "lightgbm"),
    "CatBoost": ("catboost", "catboost"),
    "TensorFlow": ("tensorflow", "tensorflow"),
    "TfKeras": ("keras", "keras"),
    "PyTorch": ("torch", "torch"),
}
_INSTALLED_AS = {"sklearn": "scikit-learn", "keras": "keras tensorflow"}
# Libraries of estimators that know more of their columns than scikit-learn's models around them.
_WITH_CATEGORIES = {"lightgbm", "xgboost", "catboost"}
_KERAS = {"TensorFlow", "TfKeras"}
_KERAS_FILES = {".keras", ".h5", ".hdf5"}
SERVED = tuple(_SERVED)


@runtime_checkable
class Served(Protocol):
    """A framework whose models can be served without a script; a module with these names is one."""

    ENDINGS: tuple[str, ...]

    def load(self, entry: Path) -> Any:
        """Read a model back."""

    def predictor(self, model: Any) -> Predictor:
        """Make a predictor of a loaded model."""


def missing_library(framework: str) -> str:
    """Return the requirement that a framework in :data:`SERVED` needs here; empty if it is installed."""
    module = _SERVED[framework][1]
    return "" if distribution_version(module)[0] else _INSTALLED_AS.get(module, module)


def predictor_of(folder: Path, framework: str) -> Predictor:
    """Load the model in a folder, of a framework in :data:`SERVED`.

    The folder has the one file or folder that was registered. If several files may be the model, the error names
    them.
    """
    module: Served = _module(_SERVED[framework][0])
    entry = _model_in(folder, module.ENDINGS, framework)
    if framework in _KERAS:
        # Either word is used for both.
        module = _module("keras" if entry.suffix.lower() in _KERAS_FILES else "tensorflow")
    model = module.load(entry)
    inner = inside(model) if framework == "ScikitLearn" else model
    wanted = type(inner).__module__.partition(".")[0]
    if inner is not model and wanted in _WITH_CATEGORIES:
        # Its library alone knows what it takes.
        found: Predictor = _module(wanted).estimator(model, inner)
        return found
    return module.predictor(model)


def predictor_for(obj: object) -> Predictor | None:
    """Make a predictor of an object in memory; None if its framework has none."""
    framework = framework_of(obj)
    return framework.predictor(obj) if isinstance(framework, Served) else None


def _module(name: str) -> Any:
    return import_module(f"{__package__}.{name}")


def _model_in(folder: Path, endings: tuple[str, ...], framework: str) -> Path:
    """Find the model: what was registered, or the one file in it with a suffix of the framework."""
    entries = [path for path in folder.iterdir() if not path.name.startswith(".")]
    if len(entries) == 1 and (entries[0].is_file() or any((entries[0] / name).exists() for name in endings)):
        return entries[0]
    files = sorted(
        path for path in folder.rglob("*") if path.is_file() and {path.suffix.lower(), path.name} & set(endings)
    )
    if len(files) == 1:
        return files[0]
    shown = ", ".join(str(path.relative_to(folder)) for path in files[:5])
    known = ", ".join(endings)
    raise ModelProblem(
        f"The model has several files that may be the {framework} model: {shown}."
        if files
        else f"The model has no file that ends in one of {known}.",
        hint="Register the one file alone, or write run(data) in a cell that starts with %%score_script NAME.",
    )
