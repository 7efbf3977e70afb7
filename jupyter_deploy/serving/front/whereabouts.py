"""What the workers are doing now: which request, for how long, and at which line of the script."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Any

from ..layout import Layout
from .links import WorkerLink
from .workers import ask_where

# faulthandler writes at once; the text must pass through a pipe.
_LISTEN_SECONDS = 0.2
_FRAME = re.compile(r'\s*(File "(?P<file>[^"]+)"|(?P<cell>.+?)), line (?P<line>\d+)')


async def whereabouts(links: Iterable[WorkerLink], layout: Layout | None) -> list[dict[str, Any]]:
    """Ask each busy worker where it is.

    ``worker`` is its pid, ``request`` an id, ``seconds`` the time in ``run()``, and ``where`` the line of the script
    or cell; empty if it is not in the script's own code.
    """
    loop = asyncio.get_running_loop()
    busy = [link for link in links if link.jobs and link.output is not None]
    for link in busy:
        assert link.output is not None
        link.output.heard = []
        ask_where(link.pid)
    if busy:
        await asyncio.sleep(_LISTEN_SECONDS)
    found = []
    for link in busy:
        assert link.output is not None
        link.output.take()
        heard, link.output.heard = link.output.heard or [], None
        seconds = round(loop.time() - link.head_since, 3)
        where = _innermost(heard, layout)
        found.append({"worker": link.pid, "request": link.ids(), "seconds": seconds, "where": where})
    return found


def _innermost(lines: list[bytes], layout: Layout | None) -> str:
    """Find the first line of a dump that is the script's: the most recent call comes first."""
    for line in lines if layout is not None else ():
        text = line.decode("utf-8", "replace")
        if layout is not None and f'File "{layout.entry}"' in text:
            found = _FRAME.match(layout.told(text))
            return f"{found['file'] or found['cell']} line {found['line']}" if found else ""
    return ""
