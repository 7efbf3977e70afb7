"""Failures that are known by the words of their exceptions."""

from __future__ import annotations

import re
from typing import NamedTuple

from .situation import Situation


class Breakage(NamedTuple):
    r"""A failure, recognised by its exception, and the advice."""

    kind: str  # full pattern for the exception's class with its module
    message: str  # a pattern that is searched in its text
    hint: str  # \1 is the pattern's first group; braces are filled where the hint is shown
    line: str = ""  # a pattern that is searched in the script's line; empty if any line will do


# The first match counts. Each pattern matches one failure only.
BREAKAGES = (
    Breakage(
        "builtins.ValueError",
        r"File format not supported: filepath=.*Keras 3",
        "Keras 3 reads no SavedModel: save the model as .keras and register that, or use keras.layers.TFSMLayer.",
    ),
    Breakage(
        r"_?pickle.UnpicklingError",
        r"Weights only load failed",
        "torch.load takes only weights by default: torch.load(path, weights_only=False), if you trust the file.",
    ),
    Breakage(
        "builtins.RuntimeError",
        r"weights_only=True\W+with TorchScript archives",
        "torch.load does not read TorchScript: torch.jit.load(path).",
    ),
    Breakage(
        "builtins.AttributeError",
        r"'(?:collections\.)?(?:OrderedDict|dict)' object has no attribute '(?:eval|forward|to)'",
        "The file has a model's weights only: make the model, then model.load_state_dict(torch.load(path)).",
    ),
    Breakage(
        "builtins.RuntimeError",
        r"must have the same dtype|expected (?:scalar type|m1 and m2)|Input type \(.*\) and (?:weight|bias) type",
        "PyTorch's weights and values differ in type: torch.tensor(data).float() makes what weights mostly are.",
    ),
    Breakage(
        "builtins.RuntimeError",
        r"deserialize object on a CUDA device but torch\.cuda\.is_available\(\) is False",
        'The model was saved on a GPU, and here is none: torch.load(path, map_location="cpu").',
    ),
    Breakage(
        "builtins.ValueError",
        r"node array from the pickle has an incompatible dtype",
        "The model was saved with another version of scikit-learn: {again}.",
    ),
    Breakage(
        "builtins.ValueError",
        r"is not a known BitGenerator",
        "The model was saved with another version of NumPy: {again}.",
    ),
    Breakage(
        r"sklearn\.exceptions\.NotFittedError",
        "",
        "Fit it before it is used; a model that is registered must be fitted before that: register it again, deploy.",
    ),
    Breakage(
        ".*ModelNotFoundException",
        r"Model (\S+) not found",
        r"The service has no model \1: {give \1}; or ask for one that it has.",
    ),
    Breakage(
        "builtins.AttributeError",
        r"'(?:DataFrame|Series)' object has no attribute 'append'",
        "pandas has dropped append(): write pd.concat([one, other]).",
    ),
    Breakage(
        "builtins.AttributeError",
        r"'(?:DataFrame|Series)' object has no attribute 'ix'",
        "pandas has dropped .ix: write .loc for labels, .iloc for places.",
    ),
    Breakage(
        r"builtins\.MemoryError|numpy\..*MemoryError",
        "",
        "The script asks for more memory than there is: send smaller requests, or run fewer workers.",
    ),
)


def by_words(at: Situation) -> str:
    """Look a failure up in the table; empty if it is not there."""
    kind = f"{type(at.error).__module__}.{type(at.error).__name__}"
    for one in BREAKAGES:
        found = re.search(one.message, at.message) if re.fullmatch(one.kind, kind) else None
        if found and re.search(one.line, at.line):
            return found.expand(one.hint)
    return ""
