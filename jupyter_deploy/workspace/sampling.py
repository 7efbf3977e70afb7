"""What a server uses over a time, looked at again and again from a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import TracebackType

from ..services import Usage

_EVERY_SECONDS = 0.1
# Shorter windows would show the steps of the kernel's clock: a hundredth of a second.
_WINDOW_SECONDS = 0.25


class Sampler:
    """Reads a server's usage until it is closed; ``read`` returns None where no server is there."""

    def __init__(self, read: Callable[[], Usage | None]) -> None:
        self._read = read
        self._lock = threading.Lock()
        self._samples: list[Usage] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look_on, name="jupyter_deploy profile", daemon=True)

    def __enter__(self) -> Sampler:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._ended.set()
        self._thread.join()

    def look(self) -> Usage | None:
        """Take a sample now, also for what is summed up."""
        # One at a time, so that they are in the order of their times.
        with self._lock:
            found = self._read()
            if found is not None:
                self._samples.append(found)
            return found

    def _look_on(self) -> None:
        while not self._ended.wait(_EVERY_SECONDS):
            self.look()

    @property
    def max_memory(self) -> int:
        """The most bytes in any sample."""
        with self._lock:
            return max((sample.memory for sample in self._samples), default=0)

    def max_cpus(self, begin: Usage, end: Usage) -> float:
        """Return the most processor seconds in a second between two samples, over windows of a quarter of a second.

        A run that is shorter has one window.
        """
        with self._lock:
            samples = [sample for sample in self._samples if begin.at <= sample.at <= end.at]
        most = _rate(begin, end)
        first = begin
        for sample in samples:
            if sample.at - first.at >= _WINDOW_SECONDS:
                most = max(most, _rate(first, sample))
                first = sample
        return most


def _rate(first: Usage, last: Usage) -> float:
    elapsed = last.at - first.at
    return max(0.0, last.processor - first.processor) / elapsed if elapsed > 0 else 0.0
