"""Each benchmark owns a section of README.md, between two comments; the rest is left as it is."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import date
from pathlib import Path

README = Path(__file__).parent / "README.md"


def write_section(name: str, lines: Sequence[str]) -> None:
    """Put lines in place of a section, or at the end where it is new."""
    start, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    text = README.read_text()
    section = "\n".join([start, "", *lines, "", end])
    if start in text:
        before, _, rest = text.partition(start)
        text = before + section + rest.partition(end)[2]
    else:
        text = text.rstrip() + "\n\n" + section + "\n"
    README.write_text(text)


def machine() -> str:
    """When and on what."""
    return f"Last run: {date.today()}, Python {platform.python_version()}, {os.cpu_count()} cores, {platform.system()}."


def mark(met: bool) -> str:
    """How a target shows."""
    return "✓" if met else "✗"
