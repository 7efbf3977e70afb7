"""What people write instead of a class's own words: a wrong argument or attribute is answered with the right one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ..errors import nearest


class WrongWord(TypeError):
    """An argument that a call does not take."""

    def _render_traceback_(self) -> list[str]:
        """Show what is wrong without this package's frames (IPython's hook)."""
        return [f"\x1b[91mTypeError\x1b[0m: {self}"]


@dataclass(frozen=True)
class Dictionary:
    """The words that are often written for others.

    Parameters
    ----------
    arguments : mapping
        What people write for an argument → what it is called.
    places : mapping
        An argument → the call that takes it, where another one is given it.
    attributes : mapping
        What people write for an attribute → what it is called.
    elsewhere : mapping
        An attribute that is not there → what does its work.
    """

    arguments: Mapping[str, str]
    places: Mapping[str, str]
    attributes: Mapping[str, str]
    elsewhere: Mapping[str, str]

    def no_attribute(self, owner: type, wanted: str, names: Sequence[str] = ()) -> str:
        """Say that a class lacks an attribute, and which one is meant; ``names`` are those of its objects alone."""
        text = f"{owner.__name__} has no attribute {wanted!r}."
        if wanted.startswith("_"):
            # Asked for by tools, at every turn.
            return text
        known = [name for name in sorted({*names_of(owner), *names}) if not name.startswith("_")]
        if wanted in self.elsewhere:
            return f"{text} Use {self.elsewhere[wanted]}."
        meant = self.attributes.get(wanted)
        meant = meant if meant in known else nearest(wanted, known)
        return f"{text} Did you mean {meant!r}?" if meant else f"{text} It has: {', '.join(known)}."

    def no_argument(self, called: str, word: str, takes: Sequence[str]) -> str:
        """Say that a call has no such argument, and which one is meant."""
        text = f"{called}() has no argument {word!r}."
        meant = self.arguments.get(word, word)
        if meant not in takes and meant in self.places:
            return f"{text} {meant}= belongs to {self.places[meant]}."
        meant = meant if meant in takes else nearest(word, [name for name in takes if not name.startswith("_")]) or ""
        return f"{text} Use {meant}=." if meant else f"{text} It takes: {', '.join(takes) or 'none'}."


def names_of(owner: type) -> list[str]:
    """List what a class and its parents define."""
    return sorted({name for parent in owner.__mro__[:-1] for name in vars(parent)})
