"""The verbs, each written once: a sub-command of ``jupyter model`` and of ``%model``.

To add one: a file beside this one with a ``VERB``, and its name in ``NAMES``.
"""

from __future__ import annotations

from importlib import import_module
from keyword import iskeyword

from ..errors import UsageProblem, nearest
from .verb import Argument, Done, Listing, LogText, Session, Verb

# In the order in which help lists them.
NAMES = (
    "register", "models", "show", "tag", "download", "unregister",
    "try", "deploy", "invoke", "reload", "services", "state", "logs", "view", "stats", "stop", "delete", "serve",
    "package", "environments", "overview", "prune",
)  # fmt: skip


def find(name: str) -> Verb:
    """Return a verb.

    Parameters
    ----------
    name : str
        What the user typed.

    Returns
    -------
    Verb
        Loaded now; the others are not.

    Raises
    ------
    UsageProblem
        With the nearest verb as its hint.
    """
    if name not in NAMES:
        close = nearest(name, NAMES)
        raise UsageProblem(
            f"There is no verb {name!r}.", hint=f"Did you mean {close!r}?" if close else f"Verbs: {', '.join(NAMES)}."
        )
    verb: Verb = import_module(f".{name}{'_' if iskeyword(name) else ''}", __name__).VERB
    return verb


__all__ = ["NAMES", "Argument", "Done", "Listing", "LogText", "Session", "Verb", "find"]
