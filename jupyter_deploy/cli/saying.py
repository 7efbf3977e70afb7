"""Progress on a terminal: a line for each step; where it is known how far one is, a bar in one line."""

from __future__ import annotations

import sys
from typing import TextIO

_WIDTH = 20
_ERASE = "\r\x1b[2K"


class Saying:
    """Writes progress to a terminal, and nothing elsewhere."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._open = False

    def say(self, text: str) -> None:
        """Show a step: words, or a :class:`jupyter_deploy.progress.Step`."""
        if not self._stream.isatty():
            return
        fraction: float | None = getattr(text, "fraction", None)
        if fraction is None:
            self.end()
            self._stream.write(f"{text} …\n")
        else:
            full = round(min(max(fraction, 0.0), 1.0) * _WIDTH)
            words = getattr(text, "words", text)
            self._stream.write(f"{_ERASE}{'█' * full}{'░' * (_WIDTH - full)} {fraction:4.0%}  {words}")
            self._open = True
        self._stream.flush()

    def end(self) -> None:
        """Take the bar away, for what is written next."""
        if self._open:
            self._stream.write(_ERASE)
            self._stream.flush()
        self._open = False
