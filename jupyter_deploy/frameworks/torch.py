"""PyTorch programs: TorchScript and ``torch.export``. Pickled modules are code of the session that wrote them."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator, Mapping
from io import BytesIO
from itertools import combinations
from pathlib import Path
from typing import Any

from ..errors import ModelProblem
from .known import CreateFile, Saved
from .pickling import distribution_version, pinned
from .predicting import Predictor, Signature, Tensor

NAME = "PyTorch"
ENDINGS = (".pt", ".pt2", ".pth", ".torchscript")
# The sides of the pictures that networks are often made for, and how many shapes are tried at most.
_SIDES = (28, 32, 8)
_GUESSES = 4
# What PyTorch says of an input that does not fit.
_MOST_OPEN = 4
_TYPES = re.compile(r"scalar type|dtype|indices|Long|Int\b|integer")
_MISFIT = re.compile(
    r"(?:\w*Error: )?(.*(?:shapes? |size|[Dd]imension|channels|must match|dtype|scalar type|Expected).*)"
)


def matches(obj: object) -> bool:
    """Tell whether the object is a program: a script module or an exported program."""
    names = {f"{kind.__module__}.{kind.__qualname__}" for kind in type(obj).__mro__}
    return bool(names & {"torch.jit._script.RecursiveScriptModule", "torch.export.exported_program.ExportedProgram"})


def version() -> str:
    """Return PyTorch's version."""
    return distribution_version("torch")[1]


def save(obj: Any, create: CreateFile) -> Saved:
    """Write ``model.pt`` (TorchScript) or ``model.pt2`` (an exported program)."""
    import torch

    exported = hasattr(obj, "graph_signature")
    held, name = BytesIO(), "model.pt2" if exported else "model.pt"
    (torch.export.save if exported else torch.jit.save)(obj, held)
    with create(name) as file:
        file.write(held.getvalue())
    return Saved(name, pinned(("torch",)), ("torch",))


def load(entry: Path) -> Any:
    """Read a program, for the processor."""
    import torch

    names = _names(entry)
    if any(name.endswith("archive_format") for name in names):
        return torch.export.load(entry)
    if any(name.rpartition("/")[2] == "constants.pkl" for name in names):
        return torch.jit.load(entry, map_location="cpu").eval()
    raise ModelProblem(
        f"{entry.name} is a pickled module or its weights, which only the code that wrote it can load.",
        hint="Register torch.jit.script(model) or torch.export.export(model, (example,)), or write run(data) in a cell "
        "that starts with %%score_script NAME.",
    )


def _names(entry: Path) -> list[str]:
    try:
        with zipfile.ZipFile(entry) as archive:
            return archive.namelist()
    except (zipfile.BadZipFile, OSError):
        return []


def predictor(model: Any) -> Predictor:
    """Make a program answer."""
    if hasattr(model, "graph_signature"):
        return _Program(model.module(), _exported(model))
    names = [one.name for one in model.forward.schema.arguments[1:] if str(one.type) == "Tensor"]
    shapes = _likely(model)
    return _Program(model, tuple(Tensor(name, likely=shapes) for name in names))


def _likely(model: Any) -> tuple[tuple[int, ...], ...]:
    """Guess from a script module's first weights which shapes it takes, since it does not say."""
    found: dict[tuple[int, ...], None] = {}
    for weight in model.parameters():
        # A layer's weights are (out, in) or (out, in, *kernel): of rows, sequences or pictures.
        if weight.ndim == 2:
            found |= {(1, weight.shape[1]): None, (1, 1, weight.shape[1]): None}
        elif weight.ndim > 2:
            found |= {(1, weight.shape[1], *([size] * (weight.ndim - 2))): None for size in _SIDES}
        if len(found) >= _GUESSES:
            break
    return tuple(found)


def _exported(program: Any) -> tuple[Tensor, ...]:
    """Read the inputs of an exported program, whose sizes are numbers or symbols."""
    names = set(program.graph_signature.user_inputs)
    found = []
    for node in program.graph.nodes:
        if node.op == "placeholder" and node.name in names:
            value = node.meta["val"]
            shape = tuple(size if isinstance(size, int) else -1 for size in value.shape)
            found.append(Tensor(node.name, str(value.dtype).removeprefix("torch."), shape))
    return tuple(found)


class _Program:
    def __init__(self, module: Any, inputs: tuple[Tensor, ...]) -> None:
        self._module = module
        self._whole: frozenset[str] = frozenset()
        joins = all(one.shape is None or (one.shape and one.shape[0] == -1) for one in inputs)
        self.signature = Signature(inputs, (Tensor("output"),), ("output",), joins=joins)

    def predict(self, inputs: Mapping[str, Any], outputs: tuple[str, ...]) -> dict[str, Any]:
        import torch

        problem: Exception | None = None
        for whole in self._choices(inputs):
            values = [inputs[one.name] for one in self.signature.inputs]
            values = [
                value.astype("float32")
                if not one.dtype and value.dtype.kind in "iu" and one.name not in whole
                else value
                for one, value in zip(self.signature.inputs, values, strict=True)
            ]
            try:
                with torch.inference_mode():
                    found = self._module(*(torch.from_numpy(value.copy()) for value in values))
            except (RuntimeError, IndexError) as error:
                problem = problem or error
                if not _TYPES.search(str(error)):
                    break
            else:
                self._whole = whole
                return {"output": _arrays(found)}
        # TorchScript does not say beforehand what it takes.
        misfit = misfit_in(str(problem))
        if problem is not None and not misfit:
            raise problem
        raise ValueError(misfit) from problem

    def _choices(self, inputs: Mapping[str, Any]) -> Iterator[frozenset[str]]:
        """Yield the inputs that may be meant to stay whole numbers, where TorchScript does not say: floats first.

        What has worked before comes before all.
        """
        open_ = [one.name for one in self.signature.inputs if not one.dtype and inputs[one.name].dtype.kind in "iu"]
        yield self._whole
        for count in range(len(open_) + 1):
            yield from (frozenset(names) for names in combinations(open_[:_MOST_OPEN], count))


def misfit_in(text: str) -> str:
    """Return the line that says why an input does not fit, behind a program's own traceback; empty for other errors."""
    lines = text.strip().splitlines()
    found = _MISFIT.fullmatch(lines[-1].strip()) if lines else None
    return found[1] if found else ""


def _arrays(found: Any) -> Any:
    if hasattr(found, "detach"):
        return found.detach().numpy()
    if isinstance(found, dict):
        return {name: _arrays(value) for name, value in found.items()}
    return [_arrays(value) for value in found] if isinstance(found, (list, tuple)) else found
