"""What a notebook gives a verb: its variables, a place for progress, and confirmation."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from ..errors import UsageProblem
from ..verbs import Defaults, Session
from ..workspace import Living
from .progress import NotebookProgress


def session(
    variables: Mapping[str, object],
    cell: str | None,
    progress: NotebookProgress,
    defaults: Defaults,
    *,
    living: Living,
    quiet: bool = False,
    live: bool = False,
) -> Session:
    """Build the session of one run of a verb.

    ``living`` are the script cells that were run here. ``quiet`` shows nothing: the line ends with a semicolon.
    ``live`` allows live views.
    """
    return Session(
        progress.say, _emit, _confirm, variables, cell, defaults, _not_noted if quiet else _note, live, living
    )


def _emit(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _note(text: str) -> None:
    from IPython.display import display

    from ..display import note

    display({"text/plain": text, "text/html": note(text)}, raw=True)  # type: ignore[no-untyped-call]


def _not_noted(text: str) -> None:
    pass


def _confirm(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
    except (EOFError, RuntimeError) as error:
        # StdinNotImplementedError is a RuntimeError: nbconvert and nbval cannot ask a user.
        raise UsageProblem("Confirmation is not possible here.", hint="Add --yes.") from error
