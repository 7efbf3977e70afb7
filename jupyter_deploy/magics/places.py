"""What a word of a magic's line is: a verb's name, an option, its value, or an argument."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..verbs import Argument, Verb

_LINE = re.compile(r"(?:^|=\s*)\s*(%{1,2}(?:model|register|deploy|invoke|score_script)\b.*)$")
# A word as a shell reads it; quotes that are not closed yet reach to the end.
_WORD = re.compile(r"""(?:[^\s'"\\]|\\.?|'[^']*(?:'|$)|"(?:[^"\\]|\\.)*(?:"|$))+""")


@dataclass(frozen=True)
class Place:
    """A word, and what it is."""

    program: str  # the magic, and the verb behind %model, as they are typed
    word: str  # up to the cursor, or whole
    verb: Verb | None = None  # None if it is not known: the word may be the beginning of its name
    is_verb: bool = False  # whether the word is the magic's name, or the verb's behind %model
    is_option: bool = False  # whether the word begins with a minus sign and is no value
    argument: Argument | None = None  # the option, or what the word is a value of
    given: str = ""  # "--target=" of the word "--target=docker"
    before: tuple[str, ...] = ()  # the words between the verb and this one

    @property
    def value(self) -> str:
        """The word without the option in it."""
        return self.word[len(self.given) :]


def line_at(code: str, at: int) -> str:
    """Return the line of a cell up to a place; lines that end in a backslash before it are part of it."""
    begin = code.rfind("\n", 0, at) + 1
    while begin and code[: begin - 1].endswith("\\"):
        begin = code.rfind("\n", 0, begin - 1) + 1
    return code[begin:at].replace("\\\n", " ")


def place_of(line: str) -> Place | None:
    """Say what the last word of a line is, an empty one behind a space; None if the line is no magic of ours."""
    found = _LINE.search(line)
    if found is None:
        return None
    words = _WORD.findall(found[1])
    if found[1][-1].isspace() and not words[-1].endswith(found[1][-1]):
        words.append("")
    magic, *rest = words
    name, program = magic.lstrip("%"), magic
    if name == "model" and rest:
        name, *rest = rest
        program = f"{magic} {name}"
    verb = _verb(name)
    if not rest:
        return Place(program, words[-1], verb, is_verb=True)
    if verb is None:
        return Place(program, rest[-1])
    return _place(program, verb, tuple(rest[:-1]), rest[-1])


def _verb(name: str) -> Verb | None:
    from ..verbs import NAMES, find

    if name == "score_script":
        from .scripting import SCORE_SCRIPT

        return SCORE_SCRIPT
    return find(name) if name in NAMES else None


def _place(program: str, verb: Verb, before: tuple[str, ...], word: str) -> Place:
    by_flag = {flag: one for one in verb.all_arguments() for flag in one.flags if flag.startswith("-")}
    name, equals, _ = word.partition("=")
    if word.startswith("-"):
        option = by_flag.get(name)
        if equals and option is not None and _takes_value(option):
            return Place(program, word, verb, argument=option, given=f"{name}=", before=before)
        return Place(program, word, verb, is_option=True, argument=option, before=before)
    last = by_flag.get(before[-1]) if before else None
    if last is not None and _takes_value(last):
        return Place(program, word, verb, argument=last, before=before)
    positionals = [one for one in verb.all_arguments() if not one.flags[0].startswith("-")]
    index = sum(1 for _ in _positionals(before, by_flag))
    wanted = positionals[min(index, len(positionals) - 1)] if positionals else None
    return Place(program, word, verb, argument=wanted, before=before)


def _takes_value(option: Argument) -> bool:
    return option.options.get("action") not in {"store_true", "store_const"}


def _positionals(words: tuple[str, ...], by_flag: dict[str, Argument]) -> Iterator[str]:
    skip = False
    for word in words:
        if skip:
            skip = False
        elif word.startswith("-"):
            skip = word in by_flag and _takes_value(by_flag[word])
        else:
            yield word
