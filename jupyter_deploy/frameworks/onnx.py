"""ONNX graphs, run by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .known import CreateFile, Saved
from .pickling import distribution_version
from .predicting import Predictor, Signature, Tensor

NAME = "Onnx"
ENDINGS = (".onnx",)
_FILE = "model.onnx"
_TYPES = {"float": "float32", "double": "float64", "string": "str", "bool": "bool", "float16": "float16"}


def matches(obj: object) -> bool:
    """Tell whether the object is an ONNX model in memory."""
    return type(obj).__name__ == "ModelProto" and type(obj).__module__.partition(".")[0] == "onnx"


def version() -> str:
    """Return the version of ONNX, which wrote the model."""
    return distribution_version("onnx")[1]


def save(obj: Any, create: CreateFile) -> Saved:
    """Write ``model.onnx``."""
    with create(_FILE) as file:
        file.write(obj.SerializeToString())
    name, number = distribution_version("onnxruntime")
    return Saved(_FILE, (f"{name}=={number}" if name else "onnxruntime",), ("onnxruntime",))


def load(entry: Path) -> Any:
    """Start a session, on the processor."""
    import onnxruntime

    return onnxruntime.InferenceSession(str(entry), providers=["CPUExecutionProvider"])


def predictor(model: Any) -> Predictor:
    """Make a session answer."""
    return _Session(model)


class _Session:
    def __init__(self, session: Any) -> None:
        self._session = session
        inputs = tuple(map(_tensor, session.get_inputs()))
        outputs = tuple(map(_tensor, session.get_outputs()))
        # Only where each has a first dimension of any length, rows of several requests are those of one.
        joins = all(one.shape and one.shape[0] == -1 for one in (*inputs, *outputs) if one.dtype)
        self.signature = Signature(inputs, outputs, tuple(one.name for one in outputs), joins=joins)

    def predict(self, inputs: Mapping[str, Any], outputs: tuple[str, ...]) -> dict[str, Any]:
        return dict(zip(outputs, self._session.run(list(outputs), dict(inputs)), strict=True))


def _tensor(node: Any) -> Tensor:
    kind = node.type.removeprefix("tensor(").removesuffix(")")
    if not node.type.startswith("tensor("):
        # A list of maps, as classifiers of skl2onnx return probabilities: one for each row.
        return Tensor(node.name)
    shape = tuple(size if isinstance(size, int) and size >= 0 else -1 for size in node.shape)
    return Tensor(node.name, _TYPES.get(kind, kind), shape)
