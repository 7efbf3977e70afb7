"""From a verb's words to its result: what every edge does alike."""

from __future__ import annotations

import argparse
from typing import Any

from ..errors import DiskFull
from ..workspace import PRUNE, Workspace
from .parser import parser_of
from .verb import Listing, Session, Verb


def run(verb: Verb, words: list[str], session: Session, program: str) -> Any:
    """Run a verb.

    Parameters
    ----------
    verb : Verb
        The verb.
    words : list of str
        What stands behind it.
    session : Session
        The edge's world.
    program : str
        What help and errors call it.

    Returns
    -------
    object
        The verb's value; plain data where ``--json`` was given.
    """
    given: argparse.Namespace = parser_of(verb, program).parse_intermixed_args(words)
    try:
        value = verb.run(Workspace(), given, session)
    except DiskFull as error:
        error.hint = in_words_of(program, error.hint)
        raise
    return plain(value) if getattr(given, "json", False) else value


def in_words_of(program: str, hint: str) -> str:
    """Write the command that a hint names as the edge takes it.

    Parameters
    ----------
    program : str
        What help and errors call the verb: ``jupyter model deploy``, ``%model deploy``, ``%deploy``.
    hint : str
        With a command line.

    Returns
    -------
    str
        In a notebook, with a line of it.
    """
    return hint if program.startswith("jupyter") else hint.replace(PRUNE, "%model prune")


def plain(value: Any) -> Any:
    """Turn a verb's value into what JSON can hold.

    Parameters
    ----------
    value : object
        A value with ``as_dict``, a listing of such, or plain data.

    Returns
    -------
    object
        Dicts, lists, text, numbers.
    """
    if isinstance(value, Listing):
        return [plain(item) for item in value]
    return value.as_dict() if hasattr(value, "as_dict") else value
