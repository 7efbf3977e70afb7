"""What a verb gets from a notebook: its variables, a line of progress, someone to ask."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import UsageProblem
from ..verbs.verb import Session

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


class NotebookProgress:
    """One line that is replaced as work goes on, and ends as a summary.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        Only shells with a kernel can replace what they showed; others get nothing on the way.
    after : float, optional
        Seconds before which nothing is shown, for what is nearly always done by then.
    """

    def __init__(self, shell: InteractiveShell, after: float = 0.0) -> None:
        self._after = after
        self.can_update = hasattr(shell, "kernel")
        self._handle: Any = None
        self._started = time.perf_counter()

    def say(self, text: str) -> None:
        """Show what is being done.

        Parameters
        ----------
        text : str
            A few words.
        """
        if self.can_update and time.perf_counter() - self._started >= self._after:
            self._show(f"{text} …")

    def close(self) -> None:
        """Replace the line by the time that it took."""
        if self._handle is not None:
            self._show(f"took {time.perf_counter() - self._started:.1f} s")

    def _show(self, text: str) -> None:
        from IPython.display import display

        data = {"text/plain": text}
        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(data, raw=True)


def session(variables: Mapping[str, object], cell: str | None, progress: NotebookProgress) -> Session:
    """Build a verb's session.

    Parameters
    ----------
    variables : mapping
        The notebook's variables.
    cell : str or None
        The lines below a cell magic.
    progress : NotebookProgress
        Where progress goes.

    Returns
    -------
    Session
        For one run of one verb.
    """
    return Session(progress.say, _emit, _confirm, variables, cell, live=progress.can_update)


def _emit(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _confirm(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}
    except (EOFError, RuntimeError) as error:
        # StdinNotImplementedError is a RuntimeError: nbconvert, nbval and the like have nobody to ask.
        raise UsageProblem("Nobody can be asked here.", hint="Say --yes.") from error
