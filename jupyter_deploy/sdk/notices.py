"""Warnings that point at the user's own line, not into this package."""

from __future__ import annotations

import sys
import warnings
from types import FrameType

_PACKAGE = __name__.partition(".")[0]


def notice(text: str, kind: type[Warning] = UserWarning) -> None:
    """Warn of something at the line of the user's that has brought it."""
    frame: FrameType | None = sys._getframe(1)
    level = 2
    while frame is not None and frame.f_globals.get("__name__", "").partition(".")[0] == _PACKAGE:
        frame, level = frame.f_back, level + 1
    warnings.warn(text, kind, stacklevel=level if frame is not None else 2)
