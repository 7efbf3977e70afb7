"""A room's door: the names that other rooms may use, each loaded on first use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from sys import modules


def door(room: str, files: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Make a package's ``__getattr__`` and ``__dir__``; Python finds a loaded name without them.

    ``files`` maps files to names, separated by spaces.
    """
    places = {name: file for file, names in files.items() for name in names.split()}

    def load(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        found = getattr(import_module(f"{room}.{places[name]}"), name)
        setattr(modules[room], name, found)
        return found

    return load, lambda: sorted(places)
