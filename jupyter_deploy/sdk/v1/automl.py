"""``azureml.train.automl.run.AutoMLRun``, as far as registering what a run has made."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from .exceptions import ModelPathNotFoundException, UserErrorException
from .experiment import Experiment
from .model import Model
from .run import Run
from .run_files import outputs_of

_USUAL = ("outputs/model.pkl", "outputs/model.onnx", "outputs/mlflow-model/model.pkl")
_MODEL_ENDINGS = {".pkl", ".joblib", ".onnx", ".pt", ".pth", ".h5", ".keras", ".json", ".txt", ".cbm", ".skops"}


class AutoMLRun(Run, error=UserErrorException):
    """A run whose model names itself."""

    def __init__(self, experiment: Experiment, run_id: str, **kwargs: Any) -> None:
        super().__init__(experiment, run_id, **kwargs)
        self.model_id: str | None = None

    # The SDK's own signatures differ as well.
    def register_model(  # type: ignore[override]
        self,
        model_name: str | None = None,
        description: str | None = None,
        tags: Mapping[str, Any] | None = None,
        iteration: int | None = None,
        metric: str | None = None,
    ) -> Model:
        """Register the run's model, under the name of its file where none is given; sets ``model_id``."""
        path = self._model_path()
        stem = PurePosixPath(path).stem
        name = model_name or (f"{self.experiment.name}-{stem}" if stem == "model" else stem)
        model = super().register_model(name, path, tags=dict(tags or {}), description=description)
        self.model_id = model.name
        return model

    def _model_path(self) -> str:
        files = outputs_of(self._runs, self._id)
        found = [name for name in _USUAL if name in files]
        found = found or [name for name in files if PurePosixPath(name).suffix in _MODEL_ENDINGS]
        if len(found) == 1 or (found and found[0] in _USUAL):
            return found[0]
        listed = ", ".join(found or files) or "no file"
        raise ModelPathNotFoundException(
            f"The run's outputs hold {listed}: not one model.", hint="Save the model as outputs/model.pkl."
        )
