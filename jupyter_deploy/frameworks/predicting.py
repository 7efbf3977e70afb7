"""What a loaded model takes and returns, in arrays: one form for all frameworks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

DATA = "data"


@dataclass(frozen=True)
class Tensor:
    """One named input or output."""

    name: str
    dtype: str = ""  # NumPy's name, "float32"; "str" for texts; empty if unknown
    shape: tuple[int, ...] | None = None  # -1 for any length; None if unknown
    # where it is unknown: shapes that the model may take, the likeliest first
    likely: tuple[tuple[int, ...], ...] = ()


@dataclass(frozen=True)
class Signature:
    """What a model takes and returns."""

    inputs: tuple[Tensor, ...]  # a model of rows has one, DATA
    outputs: tuple[Tensor, ...]  # all that can be requested
    usual: tuple[str, ...]  # the outputs that are returned if none are named
    columns: tuple[str, ...] = ()  # the features' names, of a model of rows that knows them
    example: tuple[Any, ...] = ()  # one row, of a model of rows; empty if unknown
    # whether it takes a table, a matrix or a list, with a row for each prediction; otherwise named tensors
    of_rows: bool = False
    underlines: bool = False  # whether its library wrote "_" for each space in the columns' names
    joins: bool = True  # whether the rows of several requests can be predicted in one call
    has_example: bool = True  # whether tensors of zeros, with 1 for any length, are a request that it answers

    @property
    def of_texts(self) -> bool:
        """Whether each row is a text."""
        return self.of_rows and self.inputs[0].dtype == "str"

    @property
    def width(self) -> int:
        """The number of features of a row; -1 if unknown."""
        shape = self.inputs[0].shape
        return shape[1] if self.of_rows and shape is not None and len(shape) == 2 else -1


class Predictor(Protocol):
    """A loaded model."""

    @property
    def signature(self) -> Signature:
        """Its inputs and outputs."""

    def predict(self, inputs: Mapping[str, Any], outputs: tuple[str, ...]) -> dict[str, Any]:
        """Return the outputs of those names, with a row for each row of the inputs."""
