"""TensorFlow's SavedModel: a folder with a program, asked by its signature for serving."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import ModelProblem
from .predicting import Predictor, Signature, Tensor

ENDINGS = ("saved_model.pb", ".keras", ".h5", ".hdf5")
_SIGNATURE = "serving_default"


def load(entry: Path) -> Any:
    """Read the folder, which the file in it may stand for."""
    import tensorflow as tf

    return tf.saved_model.load(str(entry if entry.is_dir() else entry.parent))


def predictor(model: Any) -> Predictor:
    """Make a program answer by its signature for serving."""
    if _SIGNATURE not in model.signatures:
        known = ", ".join(model.signatures) or "none"
        raise ModelProblem(
            f"The SavedModel has no signature {_SIGNATURE!r}; it has {known}.",
            hint="Save it with tf.saved_model.save(model, folder, signatures=…), or a Keras model with model.export().",
        )
    return _SavedModel(model)


class _SavedModel:
    def __init__(self, model: Any) -> None:
        # The functions that a signature calls live only as long as the model.
        self._model, self._ask = model, model.signatures[_SIGNATURE]
        inputs = tuple(_tensor(name, spec) for name, spec in self._ask.structured_input_signature[1].items())
        outputs = tuple(_tensor(name, spec) for name, spec in sorted(self._ask.structured_outputs.items()))
        joins = all(one.shape and one.shape[0] == -1 for one in (*inputs, *outputs))
        self.signature = Signature(inputs, outputs, tuple(one.name for one in outputs), joins=joins)

    def predict(self, inputs: Mapping[str, Any], outputs: tuple[str, ...]) -> dict[str, Any]:
        import tensorflow as tf

        found = self._ask(**{name: tf.constant(value) for name, value in inputs.items()})
        return {name: _array(found[name]) for name in outputs}


def _tensor(name: str, spec: Any) -> Tensor:
    shape = None if spec.shape.rank is None else tuple(-1 if size is None else int(size) for size in spec.shape)
    kind = spec.dtype.name
    return Tensor(name, "str" if kind == "string" else kind, shape)


def _array(value: Any) -> Any:
    found = value.numpy()
    if getattr(found, "dtype", None) is not None and found.dtype.kind == "O":
        import numpy as np

        texts = [item.decode("utf-8", "replace") for item in found.reshape(-1)]
        return np.array(texts, dtype=object).reshape(found.shape)
    return found
