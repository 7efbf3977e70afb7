"""The verbs, each written once: a sub-command of ``jupyter model`` and of ``%model``.

To add one: a file with a ``VERB``, its name in ``table.NAMES``, and its page in ``docs/_ext/generated.py``. A verb
calls the façade and returns a value; ``display`` has its face.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .overview import Overview as Overview
    from .overview import overview_of as overview_of
    from .parser import HelpShown as HelpShown
    from .parser import list_of_verbs as list_of_verbs
    from .parser import parser_of as parser_of
    from .running import in_words_of as in_words_of
    from .running import keeping as keeping
    from .running import plain as plain
    from .running import run as run
    from .services import facts_of_all as facts_of_all
    from .table import MEANT as MEANT
    from .table import NAMES as NAMES
    from .table import find as find
    from .values import arguments_of as arguments_of
    from .values import given_of as given_of
    from .values import name_of as name_of
    from .verb import Argument as Argument
    from .verb import Defaults as Defaults
    from .verb import Done as Done
    from .verb import Listing as Listing
    from .verb import LogText as LogText
    from .verb import Session as Session
    from .verb import Verb as Verb
    from .verb import argument as argument
    from .verb import evaluate as evaluate
    from .verb import pairs as pairs
    from .view import KINDS as KINDS
    from .view import View as View
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "overview": "Overview overview_of",
            "parser": "HelpShown list_of_verbs parser_of",
            "running": "in_words_of keeping plain run",
            "services": "facts_of_all",
            "table": "MEANT NAMES find",
            "values": "arguments_of given_of name_of",
            "verb": "Argument Defaults Done Listing LogText Session Verb argument evaluate pairs",
            "view": "KINDS View",
        },
    )
