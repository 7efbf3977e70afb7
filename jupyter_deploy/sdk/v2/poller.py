"""What ``begin_…`` returns: the work goes on in a thread, and its result can be used as if it were there already."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from ...errors import DeployError
from .exceptions import AzureError, translated
from .telling import TELLER, in_notebook
from .vocabulary import WORDS

Thing = TypeVar("Thing")
_QUIET_SECONDS, _LOOK_SECONDS = 2.0, 0.2
_IN_PROGRESS, _SUCCEEDED, _FAILED = "InProgress", "Succeeded", "Failed"


class LROPoller(Generic[Thing]):
    """The work and its result: attributes of the result wait for it.

    Parameters
    ----------
    what : str
        What is done, for errors: ``"deployment blue"``.
    work : callable
        Given a function that takes the steps of the work; returns the result.
    """

    def __init__(self, what: str, work: Callable[[Callable[[str], None]], Thing]) -> None:
        own = self.__dict__
        own["_what"], own["_work"] = what, work
        own["_result"], own["_error"], own["_asked"] = None, None, False
        own["_callbacks"], own["_lock"], own["_ended"] = list[Any](), threading.Lock(), threading.Event()
        own["_steps"], own["_shown"] = list[str](), 0
        TELLER.attend()
        # Not a daemon: a script that ends on this line still gets its deployment.
        threading.Thread(target=self._run, name=f"jupyter_deploy {what}").start()

    def _run(self) -> None:
        own = self.__dict__
        try:
            own["_result"] = self._work(self._steps.append)
        except BaseException as error:  # noqa: BLE001 - result() raises it
            ours = isinstance(error, DeployError) and not isinstance(error, AzureError)
            own["_error"] = translated(error) if ours else error  # type: ignore[arg-type]
        with self._lock:
            self._ended.set()
            callbacks = list(self._callbacks)
        if self._error is not None and not self._asked:
            TELLER.at_the_end(self._unheard)
        for callback in callbacks:
            callback(self)

    def _unheard(self) -> str:
        """Say why it failed, unless result() or wait() has raised it."""
        if self._asked:
            return ""
        self.__dict__["_asked"] = True
        error = self._error
        return f"{self._what} failed: {type(error).__name__}: {error}"

    def result(self, timeout: float | None = None) -> Thing:
        """Wait for the work and return its result; raises why it failed."""
        self.wait(timeout)
        if not self.done():
            raise AzureError(f"{self._what} goes on.", hint="result() without a timeout waits for it.", status_code=408)
        return self._result  # type: ignore[no-any-return]

    def wait(self, timeout: float | None = None) -> None:
        """Wait for the work; raises why it failed."""
        self.__dict__["_asked"] = True
        if not self._until_ended(timeout):
            self.__dict__["_asked"] = False
            return
        if self._error is not None:
            raise self._error

    def ended(self, local: bool) -> LROPoller[Thing]:
        """Return itself; with ``local=True``, once the work has ended, as Azure's local endpoints are made."""
        if local:
            self.wait()
        return self

    def _until_ended(self, timeout: float | None) -> bool:
        """Wait; where it takes long, the steps of the work are shown."""
        until = time.monotonic() + timeout if timeout is not None else None
        quiet = time.monotonic() + _QUIET_SECONDS
        while not self._ended.is_set():
            left = _LOOK_SECONDS if until is None else min(_LOOK_SECONDS, until - time.monotonic())
            if left <= 0:
                break
            self._ended.wait(left)
            if time.monotonic() > quiet:
                self._show_steps()
        return self.done()

    def _show_steps(self) -> None:
        for step in self._steps[self._shown :]:
            self.__dict__["_shown"] += 1
            # A program's own output stays its own.
            print(f"{self._what}: {step}", file=sys.stdout if in_notebook() else sys.stderr)

    def status(self) -> str:
        """``"InProgress"``, ``"Succeeded"`` or ``"Failed"``."""
        if not self.done():
            return _IN_PROGRESS
        return _SUCCEEDED if self._error is None else _FAILED

    def done(self) -> bool:
        """Whether the work has ended, well or not."""
        return bool(self._ended.is_set())

    def add_done_callback(self, func: Callable[[Any], object]) -> None:
        """Call a function with the poller when the work has ended; at once if it has."""
        with self._lock:
            if not self._ended.is_set():
                self._callbacks.append(func)
                return
        func(self)

    def remove_done_callback(self, func: Callable[[Any], object]) -> None:
        """Take a function back."""
        with self._lock:
            if func in self._callbacks:
                self._callbacks.remove(func)

    def polling_method(self) -> LROPoller[Thing]:
        """Return itself."""
        return self

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        found = self.result()
        if found is None:
            raise AttributeError(WORDS.no_attribute(type(self), name))
        return getattr(found, name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.result(), name, value)

    def __repr__(self) -> str:
        return f"<{self._what}: {self.status()}>"

    def __str__(self) -> str:
        done = self.status() == _SUCCEEDED and self._result is not None
        return str(self._result) if done else repr(self)


def entity_of(given: Any) -> Any:
    """Return what a poller stands for; anything else as it is."""
    return given.result() if isinstance(given, LROPoller) else given
