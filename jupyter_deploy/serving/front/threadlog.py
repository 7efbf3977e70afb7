"""Lines for the log from threads beside the loop, which alone writes it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ..logs import log


def warn_from_threads(loop: asyncio.AbstractEventLoop) -> Callable[[str], None]:
    """Return what logs a warning on the loop; after its end, with which the log ends too, it does nothing."""

    def warn(text: str) -> None:
        try:
            loop.call_soon_threadsafe(log.warning, "%s", text)
        except RuntimeError:
            return

    return warn
