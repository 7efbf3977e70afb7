"""Azure's command line, in the words of either version."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_V2 = ("endpoint", "deployment")


def az_verb(name: str, words: list[str]) -> Any:
    """Return Azure's command of that name where the words are Azure's; None where they are not."""
    return import_module(f"{__package__}.{'v2' if name in _V2 else 'v1'}").az_verb(name, words)
