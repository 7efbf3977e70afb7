"""What a loaded model takes and returns, in arrays: the one form in which all frameworks are asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

DATA = "data"


@dataclass(frozen=True)
class Tensor:
    """One named input or output.

    Parameters
    ----------
    name : str
        The model's own name for it.
    dtype : str
        numpy's name, ``"float32"``; ``"str"`` for texts; empty where the model does not say.
    shape : tuple of int, or None
        -1 where any length is taken; None where the model does not say.
    """

    name: str
    dtype: str = ""
    shape: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Signature:
    """What a model takes and returns.

    Parameters
    ----------
    inputs : tuple of Tensor
        A model of rows has one, :data:`DATA`.
    outputs : tuple of Tensor
        All that can be asked for.
    usual : tuple of str
        The outputs that are returned where none are named.
    columns : tuple of str
        The names of the features, of a model of rows that knows them.
    example : tuple of object
        One row that the model takes, of a model of rows; empty where not known.
    of_rows : bool
        Whether it takes a table, a matrix or a list, with a row for each prediction; else named tensors.
    joins : bool
        Whether the rows of several requests can be predicted in one call.
    """

    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    usual: tuple[str, ...]
    columns: tuple[str, ...] = ()
    example: tuple[Any, ...] = ()
    of_rows: bool = False
    joins: bool = True

    @property
    def width(self) -> int:
        """How many features a row has; -1 where not known."""
        shape = self.inputs[0].shape
        return shape[1] if self.of_rows and shape is not None and len(shape) == 2 else -1


class Predictor(Protocol):
    """A loaded model."""

    @property
    def signature(self) -> Signature:
        """What it takes and returns."""

    def predict(self, inputs: Mapping[str, Any], outputs: tuple[str, ...]) -> dict[str, Any]:
        """Return the outputs of those names, with a row for each row of the inputs."""
