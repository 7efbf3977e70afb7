"""``Model.Framework``."""

from __future__ import annotations

from .vocabulary import Vocabulary


class Framework(metaclass=Vocabulary):
    """The frameworks that the SDK has names for."""

    CUSTOM = "Custom"
    TENSORFLOW = "TensorFlow"
    SCIKITLEARN = "ScikitLearn"
    ONNX = "Onnx"
    TFKERAS = "TfKeras"
    PYTORCH = "PyTorch"
    MULTI = "Multi"
