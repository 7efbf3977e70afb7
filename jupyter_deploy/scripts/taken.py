"""What a script takes from a notebook; the steps of a capture pass it on, and the cell shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

KINDS = ("import", "function", "class", "constant", "alias", "data")


@dataclass(frozen=True)
class Taken:
    """One name that a script takes."""

    name: str
    kind: str  # one of KINDS
    text: str  # the Python that brings it; empty for data, which is saved as a model
    origin: str = ""  # the cell, for example "In [3]"; empty if the history has no such place
    line: int = 0  # where the text begins there; 0 without an origin
    summary: str = ""  # a description in a few words
    first: frozenset[str] = frozenset()  # names that must be bound before the text runs
    value: Any = field(default=None, compare=False, repr=False)  # the live value of data; not stored
    model: str = ""  # ``name:version`` that data was saved as

    @property
    def type_name(self) -> str:
        """The name of the type of data."""
        return self.summary.partition(",")[0]

    @property
    def lines(self) -> list[str]:
        """The text's lines."""
        return self.text.split("\n")

    def sentence(self) -> str:
        """Describe it in one line, for example ``"clean: function, from In [3]"``."""
        place = f", from {self.origin}" if self.origin else ""
        return f"{self.name}: {self.summary or self.kind}{place}"

    def as_dict(self) -> dict[str, Any]:
        """Return all fields but the value, for JSON."""
        values = asdict(self, dict_factory=lambda pairs: {key: value for key, value in pairs if key != "value"})
        return {**values, "first": sorted(self.first)}

    @classmethod
    def of_dict(cls, values: Mapping[str, Any]) -> Taken:
        """Read what :meth:`as_dict` returned; unknown keys are ignored."""
        known = {one.name: values[one.name] for one in fields(cls) if one.name in values}
        return cls(**{**known, "first": frozenset(known.get("first", ()))})
