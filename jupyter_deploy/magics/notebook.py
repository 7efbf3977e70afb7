"""What a verb gets from a notebook: its variables, a place for progress, someone to ask."""

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
    """Build a verb's session.

    Parameters
    ----------
    variables : mapping
        The notebook's variables.
    cell : str or None
        The lines below a cell magic.
    progress : NotebookProgress
        Where progress goes.
    defaults : Defaults
        What the user has configured.
    living : Living
        The script cells that were run here.
    quiet : bool, optional
        Whether nothing but the value itself is shown, and that not either: the line ends with a semicolon.

    live : bool, optional
        Whether what is shown may go on changing.

    Returns
    -------
    Session
        For one run of one verb.
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
        # StdinNotImplementedError is a RuntimeError: nbconvert, nbval and the like have nobody to ask.
        raise UsageProblem("Confirmation is not possible here.", hint="Add --yes.") from error
