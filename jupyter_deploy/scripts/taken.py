"""What a script takes from a notebook: the noun that the capture's steps hand on, and that the cell shows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

KINDS = ("import", "function", "class", "constant", "alias", "data")


@dataclass(frozen=True)
class Taken:
    """One name.

    Parameters
    ----------
    name : str
        The name.
    kind : str
        One of :data:`KINDS`.
    text : str
        The Python that brings it; for data, empty: it is saved as a model.
    origin : str
        The cell it comes from, for example ``"In [3]"``; empty for what has no place in the history.
    line : int
        Where the text begins there; 0 without an origin.
    summary : str
        What it is, in a few words.
    first : frozenset of str
        Names that must have their values before the text runs.
    value : object
        The live value, of data only; not kept.
    model : str
        ``name:version`` of what data was saved as.
    """

    name: str
    kind: str
    text: str
    origin: str = ""
    line: int = 0
    summary: str = ""
    first: frozenset[str] = frozenset()
    value: Any = field(default=None, compare=False, repr=False)
    model: str = ""

    @property
    def type_name(self) -> str:
        """The name of the type of data."""
        return self.summary.partition(",")[0]

    @property
    def lines(self) -> list[str]:
        """The text's lines."""
        return self.text.split("\n")

    def sentence(self) -> str:
        """Tell it in one line.

        Returns
        -------
        str
            For example ``"clean: function, from In [3]"``.
        """
        place = f", from {self.origin}" if self.origin else ""
        return f"{self.name}: {self.summary or self.kind}{place}"

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON.

        Returns
        -------
        dict
            All fields but the value.
        """
        values = asdict(self, dict_factory=lambda pairs: {key: value for key, value in pairs if key != "value"})
        return {**values, "first": sorted(self.first)}

    @classmethod
    def of_dict(cls, values: Mapping[str, Any]) -> Taken:
        """Read what :meth:`as_dict` gave.

        Parameters
        ----------
        values : mapping
            Unknown keys are left out.

        Returns
        -------
        Taken
            Without the value.
        """
        known = {one.name: values[one.name] for one in fields(cls) if one.name in values}
        return cls(**{**known, "first": frozenset(known.get("first", ()))})
