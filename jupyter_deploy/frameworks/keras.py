"""Keras models, in the format of Keras 3 (``.keras``) and the older HDF5."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .known import CreateFile, Saved
from .pickling import distribution_version, pinned
from .predicting import Predictor, Signature, Tensor

NAME = "TfKeras"
ENDINGS = (".keras", ".h5", ".hdf5", "saved_model.pb")
_FILE = "model.keras"


def matches(obj: object) -> bool:
    """Tell whether the object is a Keras model."""
    names = {f"{str(kind.__module__).partition('.')[0]}.{kind.__name__}" for kind in type(obj).__mro__}
    return "keras.Model" in names


def version() -> str:
    """Return the version of Keras."""
    return distribution_version("keras")[1]


def save(obj: Any, create: CreateFile) -> Saved:
    """Write ``model.keras``."""
    import keras

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, _FILE)
        obj.save(path)
        with create(_FILE) as file:
            file.write(path.read_bytes())
    backend = keras.backend.backend()
    return Saved(_FILE, pinned(("keras", backend)), ("keras", backend))


def load(entry: Path) -> Any:
    """Read a model; functions that are pickled in it are not run."""
    import keras

    return keras.models.load_model(entry, compile=False)


def predictor(model: Any) -> Predictor:
    """Make a model answer."""
    return _Keras(model)


class _Keras:
    def __init__(self, model: Any) -> None:
        self._model = model
        inputs, outputs = tuple(map(_tensor, model.inputs)), tuple(map(_tensor, model.outputs))
        joins = all(one.shape and one.shape[0] == -1 for one in (*inputs, *outputs))
        self.signature = Signature(inputs, outputs, tuple(one.name for one in outputs), joins=joins)

    def predict(self, inputs: Mapping[str, Any], outputs: tuple[str, ...]) -> dict[str, Any]:
        values = [inputs[one.name] for one in self.signature.inputs]
        found = self._model.predict_on_batch(values if len(values) > 1 else values[0])
        if isinstance(found, dict):
            found = list(found.values())
        listed = found if isinstance(found, (list, tuple)) else [found]
        named = dict(zip(self.signature.usual, listed, strict=True))
        return {name: named[name] for name in outputs}


def _tensor(one: Any) -> Tensor:
    shape = tuple(-1 if size is None else int(size) for size in one.shape)
    kind = str(one.dtype)
    return Tensor(one.name, "str" if kind == "string" else kind, shape)
