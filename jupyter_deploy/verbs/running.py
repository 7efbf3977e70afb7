"""Run a verb from its words: the part that all edges share."""

from __future__ import annotations

import argparse
from contextlib import AbstractContextManager
from typing import Any

from ..environments import KERNEL, keeping_interpreters
from ..errors import DiskFull
from ..workspace import PRUNE, Workspace
from .parser import parser_of
from .verb import Listing, Session, Verb


def run(verb: Verb, words: list[str], session: Session, program: str) -> Any:
    """Run a verb and return its value, or plain data with ``--json``.

    ``program`` is the verb's name in help and errors.
    """
    given: argparse.Namespace = parser_of(verb, program).parse_intermixed_args(words)
    try:
        with keeping(given, session):
            value = verb.run(Workspace(), given, session)
    except DiskFull as error:
        error.hint = in_words_of(program, error.hint)
        raise
    return plain(value) if getattr(given, "json", False) else value


def keeping(given: argparse.Namespace, session: Session) -> AbstractContextManager[None]:
    """Keep the interpreters that services were deployed with where no notebook acts.

    ``--environment kernel`` asks for the acting process's own.
    """
    return keeping_interpreters(session.variables is None and getattr(given, "environment", None) != KERNEL)


def in_words_of(program: str, hint: str) -> str:
    """Write a hint's command for the edge: in a notebook, as a line of it.

    ``program`` is ``jupyter model deploy``, ``%model deploy`` or ``%deploy``, for example.
    """
    return hint if program.startswith("jupyter") else hint.replace(PRUNE, "%model prune")


def plain(value: Any) -> Any:
    """Turn a verb's value, or a listing of values with ``as_dict``, into JSON data."""
    if isinstance(value, Listing):
        return [plain(item) for item in value]
    return value.as_dict() if hasattr(value, "as_dict") else value
