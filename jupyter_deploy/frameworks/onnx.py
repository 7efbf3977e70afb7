"""ONNX graphs, run by ONNX Runtime."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .known import CreateFile, Saved
from .pickling import distribution_version
from .predicting import Predictor, Signature, Tensor

NAME = "Onnx"
ENDINGS = (".onnx",)
_FILE = "model.onnx"
# ONNX Runtime's classes of errors for tensors that do not fit the graph.
_MISFITS = {"Fail", "InvalidArgument", "RuntimeException"}
_PLACE = re.compile(r"^\S+:\d+ ")
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
    """Make a session answer, or a model in memory."""
    if matches(model):
        import onnxruntime

        model = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return _Session(model)


class _Session:
    def __init__(self, session: Any) -> None:
        self._session = session
        inputs = tuple(map(_tensor, session.get_inputs()))
        outputs = tuple(map(_tensor, session.get_outputs()))
        # Only where each has a first dimension of any length, rows of several requests are those of one.
        joins = all(one.shape and one.shape[0] == -1 for one in (*inputs, *outputs) if one.dtype)
        # Of a length that may be any, the graph alone knows which it takes.
        is_open = any(not one.shape or -1 in one.shape[1:] for one in inputs)
        works = not is_open or self._answers(inputs)
        usual = tuple(one.name for one in outputs)
        self.signature = Signature(inputs, outputs, usual, joins=joins, has_example=works)

    def predict(self, inputs: Mapping[str, Any], outputs: tuple[str, ...]) -> dict[str, Any]:
        try:
            return dict(zip(outputs, self._session.run(list(outputs), dict(inputs)), strict=True))
        except Exception as error:
            if type(error).__name__ not in _MISFITS:
                raise
            # Behind where in its own build that is.
            said = str(error).rpartition("Status Message: ")[2].strip()
            got = ", ".join(f"{name} of {list(value.shape)}" for name, value in inputs.items())
            raise ValueError(f"{_PLACE.sub('', said)}; it got {got}") from error

    def _answers(self, inputs: tuple[Tensor, ...]) -> bool:
        """Try whether zeros of the smallest size are a request."""
        import numpy as np
        import onnxruntime

        if any(not one.dtype for one in inputs):
            return False
        values = {
            one.name: np.full([abs(size) for size in one.shape or (1, 1)], "" if one.dtype == "str" else 0, one.dtype)
            for one in inputs
        }
        quiet = onnxruntime.RunOptions()
        quiet.log_severity_level = 4
        try:
            self._session.run(None, values, quiet)
        except Exception:  # noqa: BLE001 - whatever it says, it is no example
            return False
        return True


def _tensor(node: Any) -> Tensor:
    kind = node.type.removeprefix("tensor(").removesuffix(")")
    if not node.type.startswith("tensor("):
        # A list of maps, as classifiers of skl2onnx return probabilities: one for each row.
        return Tensor(node.name)
    shape = tuple(size if isinstance(size, int) and size >= 0 else -1 for size in node.shape)
    # ONNX Runtime tells no shape for a scalar, and none for a tensor of any rank.
    return Tensor(node.name, _TYPES.get(kind, kind), shape or None)
