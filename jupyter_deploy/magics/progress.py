"""Long work in a notebook: one display that is updated and ends as one line."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..display import Stages

_REDRAW_SECONDS = 0.25
_REPEAT_SECONDS = 10.0


class NotebookProgress:
    """Shows long work from a thread, so its clock goes on while the work blocks.

    In a kernel it is one display that is updated. Shells that cannot update a display, and captured cells, get a line
    of text for each stage, on standard error. Nothing is shown for the first ``after`` seconds: most work is done by
    then.
    """

    def __init__(self, shell: InteractiveShell, after: float = 0.7, shown: bool = True) -> None:
        self._shell = shell
        self._after = after
        self._wanted = shown
        self._started = time.perf_counter()
        self._stages: Stages | None = None
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._lock = threading.Lock()
        self._handle: Any = None
        self._lines: _Lines | None = None

    def __enter__(self) -> NotebookProgress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if kind is None:
            self.close()
        elif issubclass(kind, KeyboardInterrupt):
            self.close("interrupted after", always=True)
            doing = f" while {self._stages.said}" if self._stages and self._stages.said else ""
            _explain(error, f"interrupted{doing}; what was begun may go on: %model services shows the services")
        else:
            self.close("failed after")

    def say(self, text: str) -> None:
        """Take a step of the work: a few words, or a :class:`jupyter_deploy.progress.Step`."""
        from ..display import Stages

        with self._lock:
            self._stages = self._stages or Stages(self._started)
            self._stages.take(text, time.perf_counter())
        if self._thread is None and self._wanted:
            self._thread = threading.Thread(target=self._draw_on, name="jupyter_deploy progress", daemon=True)
            self._thread.start()

    def close(self, words: str = "took", *, always: bool = False) -> None:
        """End as one line, once; ``words`` say what became of the work, and its time follows.

        Without ``always``, there is a line only if something was shown before.
        """
        if self._ended.is_set():
            return
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        if self._stages is None or not self._wanted or not (always or self._handle or self._lines):
            return
        line = self._stages.summary(words, time.perf_counter())
        if self._lines is None and self._replaces():
            from ..display import sentence

            self._show({"text/plain": line, "text/html": sentence(line)})
        else:
            (self._lines or _Lines(time.perf_counter)).write(line)

    def _draw_on(self) -> None:
        wait = max(0.0, self._started + self._after - time.perf_counter())
        while not self._ended.wait(wait):
            wait = _REDRAW_SECONDS
            with self._lock:
                self._draw()

    def _draw(self) -> None:
        assert self._stages is not None
        now = time.perf_counter()
        if self._handle is None and (self._lines is not None or not self._replaces()):
            self._lines = self._lines or _Lines(time.perf_counter)
            self._lines.tell(self._stages)
        else:
            self._show({"text/plain": self._stages.text(now), "text/html": self._stages.html(now)})

    def _replaces(self) -> bool:
        """Whether the shell can update a display at this moment: %%capture takes its publisher away."""
        from IPython.core.displaypub import CapturingDisplayPublisher

        return hasattr(self._shell, "kernel") and not isinstance(self._shell.display_pub, CapturingDisplayPublisher)

    def _show(self, data: dict[str, str]) -> None:
        from IPython.display import display

        if self._handle is None:
            self._handle = display(data, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self._handle.update(data, raw=True)


class _Lines:
    """Progress as lines of text, each written once."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._last = ("", "")
        self._when = 0.0

    def tell(self, stages: Stages) -> None:
        about = (stages.stage, "" if stages.fraction is not None else stages.said)
        if about == self._last and (stages.fraction is None or self._clock() - self._when < _REPEAT_SECONDS):
            return
        self._last, self._when = about, self._clock()
        how_far = f" {stages.fraction:.0%}" if stages.fraction is not None else ""
        self.write(f"{stages.said} …{how_far}")

    @staticmethod
    def write(line: str) -> None:
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def _explain(error: Any, words: str) -> None:
    """Give an interruption one line instead of this package's frames; it stays a KeyboardInterrupt."""
    error._render_traceback_ = lambda: [f"\x1b[91mKeyboardInterrupt\x1b[0m: {words}"]


def verdict(value: Any) -> str:
    """Say what became of work, for example ``"created in"``; the time follows."""
    change = getattr(value, "change", None)
    return f"{change.action} in" if change and change.action != "unchanged" else "took"
