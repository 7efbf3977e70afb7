"""Words into arguments: one grammar for the command line and the magics."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, NoReturn

from ..errors import UsageProblem, nearest
from .table import NAMES, find

if TYPE_CHECKING:
    from .verb import Verb


class HelpShown(Exception):
    """``--help`` was asked for and has been printed."""


class Parser(argparse.ArgumentParser):
    """argparse, whose errors are :class:`UsageProblem` and which never ends the process."""

    def error(self, message: str) -> NoReturn:
        """Refuse the words, with the nearest option or the usage as a hint (argparse's hook)."""
        raise UsageProblem(f"{self.prog}: {message}", hint=self._advice(message))

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """End after help (argparse's hook)."""
        raise HelpShown

    def _advice(self, message: str) -> str:
        known = [flag for action in self._actions for flag in action.option_strings if flag.startswith("--")]
        for word in re.split(r"[\s:,/]+", message):
            if word.startswith("--") and word.partition("=")[0] not in known:
                found = nearest(word.lstrip("-").partition("=")[0], [flag[2:] for flag in known])
                close = f"--{found}" if found else None
                if close:
                    return f"Did you mean {close}?"
        return " ".join(self.format_usage().split()).replace("usage: ", "Usage: ")


def parser_of(verb: Verb, program: str) -> Parser:
    """Build the parser of the words behind a verb.

    ``program`` is its name in help, for example ``"jupyter model deploy"``.
    """
    parser = Parser(prog=program, description=f"{verb.help[0].upper()}{verb.help[1:]}.", allow_abbrev=False)
    for argument in verb.all_arguments():
        parser.add_argument(*argument.flags, **argument.options)
    # Written out: while parsing intermixed words, argparse takes a program's "%" for a format.
    parser.usage = parser.format_usage().removeprefix("usage: ").strip().replace("%", "%%")
    return parser


def list_of_verbs(program: str) -> str:
    """Write the help of all verbs, one line each; ``program`` is ``"jupyter model"`` or ``"%model"``."""
    width = max(map(len, NAMES)) + 2
    lines = [f"usage: {program} VERB ...", "", "Register models, serve them from a script, call and reload them.", ""]
    lines += [f"  {name:<{width}}{find(name).help}" for name in NAMES]
    return "\n".join([*lines, "", f"{program} VERB --help tells more about one."])
