"""A magic's line in which one argument is a Python expression, with the verb's options before and behind it.

``-n`` may be an option or a minus sign. The longest tail of the line that reads as options, behind an expression, is
options. So ``x -n 5`` has an option, and ``x -n`` is a subtraction.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..verbs import Argument, Verb

_FIELD = re.compile(r"\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)")
_FLAG = re.compile(r"(--?[A-Za-z][\w-]*)(=?)")
_SHORT = re.compile(r"-([A-Za-z]\d+)(?=\s|$)")
# A word as a shell reads it.
_WORD = re.compile(r"""(?:[^\s'"\\]|\\.|'[^']*'|"(?:[^"\\]|\\.)*")+""", re.DOTALL)
_CANDIDATE = re.compile(r"\s+(?=--?[A-Za-z])")
_BODIES = frozenset({"--data", "--file"})
_SWITCHES = ("-h", "--help")


def split(rest: str, verb: Verb, variables: Mapping[str, object]) -> tuple[str, str]:
    """Split what follows the verb's first word into options and expression; either may be empty.

    ``{name}`` and ``$name`` alone are the variable.
    """
    options = Options(verb, variables)
    rest = rest.strip()
    at, flags = options.at_start(rest)
    if flags & _BODIES:
        return rest, ""
    before, rest = rest[:at].strip(), rest[at:].strip()
    after = ""
    for found in _CANDIDATE.finditer(rest):
        front, back = rest[: found.start()], rest[found.end() :]
        if options.are_all(back) and (_FIELD.fullmatch(front) or _is_expression(front)):
            rest, after = front, back
            break
    whole = _FIELD.fullmatch(rest)
    return f"{before} {after}".strip(), (whole[1] or whole[2]) if whole else rest


class Options:
    """The options of a verb, as they are recognised in a line.

    ``--name`` may also be two minus signs before one of the notebook's variables.
    """

    def __init__(self, verb: Verb, variables: Mapping[str, object]) -> None:
        self._known: dict[str, Argument | None] = dict.fromkeys(_SWITCHES)
        self._variables = variables
        for argument in verb.all_arguments():
            for flag in argument.flags:
                if flag.startswith("-"):
                    self._known[flag] = argument

    def at_start(self, text: str) -> tuple[int, set[str]]:
        """Read options from the start of a text: where they end, and which there are."""
        at, flags = 0, set()
        while (end := self._one(text, at)) is not None:
            flags.add(re.split(r"[=\s]", text[at:end], maxsplit=1)[0])
            at = end
            while at < len(text) and text[at].isspace():
                at += 1
        return at, flags

    def are_all(self, text: str) -> bool:
        """Whether the tail of a line consists of options.

        An unknown option, or one without its value, counts too unless a variable has its name: the verb's parser
        explains it better than Python.
        """
        at, _ = self.at_start(text)
        if at >= len(text):
            return True
        found = _FLAG.match(text, at)
        return found is not None and self._is_mistyped(found[1])

    def _is_mistyped(self, flag: str) -> bool:
        name = re.split(r"\W", flag.lstrip("-"), maxsplit=1)[0]
        return flag.startswith("--") and name not in self._variables

    def _one(self, text: str, at: int) -> int | None:
        """Return where the option at a place ends; None if there is none."""
        glued = _SHORT.match(text, at)
        if glued and self._takes_number(f"-{glued[1][0]}") and glued[1] not in self._variables:
            return glued.end()
        found = _FLAG.match(text, at)
        if found is None or found[1] not in self._known:
            return None
        argument = self._known[found[1]]
        if argument is None or argument.options.get("action") == "store_true":
            ends = found.end() == len(text) or text[found.end()].isspace()
            return found.end() if ends and not found[2] else None
        start = found.end()
        if not found[2]:
            while start < len(text) and text[start].isspace():
                start += 1
            if start == found.end() and start < len(text):
                return None
        word = _WORD.match(text, start)
        if word is None or (word[0].startswith("-") and not found[2]):
            return None
        return word.end() if found[1].startswith("--") or self._is_value(argument, word[0]) else None

    def _takes_number(self, flag: str) -> bool:
        argument = self._known.get(flag)
        return argument is not None and argument.options.get("type") in {int, float}

    @staticmethod
    def _is_value(argument: Argument, word: str) -> bool:
        if _FIELD.fullmatch(word):
            return True
        try:
            argument.options.get("type", str)(shlex.split(word)[0])
        except (ValueError, IndexError):
            return False
        return True


def _is_expression(text: str) -> bool:
    try:
        ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
