"""What would otherwise go unnoticed is said once: behind the cell, or at once where there are no cells."""

from __future__ import annotations

import atexit
import sys
import threading
from collections.abc import Callable
from typing import Any

from ..notices import notice

Check = Callable[[], str]


class Teller:
    """Keeps what is to be said until the cell, or the program, has ended: by then it may be settled."""

    def __init__(self) -> None:
        self._pending: dict[object, Check] = {}
        self._lock = threading.Lock()
        self._in_cell = False
        self._shell: Any = None
        self._at_exit = False

    def attend(self) -> None:
        """Follow the notebook's cells from here on; a call from a cell."""
        shell = _shell()
        if shell is not None and shell is not self._shell:
            shell.events.register("pre_run_cell", self._begun)
            shell.events.register("post_run_cell", self._ended)
            self._shell, self._in_cell = shell, True

    def at_the_end(self, check: Check, about: object = None) -> None:
        """Say what a check returns, behind the cell that runs or at the program's end; an empty text is not said.

        Of several checks about the same thing, the first one counts.
        """
        with self._lock:
            waits = self._in_cell or self._shell is None
            if waits:
                self._pending.setdefault(object() if about is None else about, check)
            if self._shell is None and not self._at_exit:
                self._at_exit = True
                atexit.register(self._ended)
        if not waits:
            _say(check())

    def forget(self) -> None:
        """Say nothing of what was to be said."""
        with self._lock:
            self._pending.clear()

    def _begun(self, *_: Any) -> None:
        self._in_cell = True

    def _ended(self, *_: Any) -> None:
        with self._lock:
            self._in_cell = False
            pending, self._pending = self._pending, {}
        for check in pending.values():
            _say(check())


def _say(text: str) -> None:
    if text:
        print(text, file=sys.stderr)  # noqa: T201 - no exception and no value would show it


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython is not None else None


def in_notebook() -> bool:
    """Whether cells are run here."""
    return _shell() is not None


TELLER = Teller()


def hint_behind_the_cell(check: Check) -> None:
    """Give a hint: behind the cell if it still holds then, at once where there are no cells."""
    TELLER.attend()
    if _shell() is not None:
        TELLER.at_the_end(check)
    elif text := check():
        notice(text)
