"""A room's door: the names that other rooms may use, each loaded when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from sys import modules


def door(room: str, files: Mapping[str, str]) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Make a package's ``__getattr__`` and ``__dir__``.

    Parameters
    ----------
    room : str
        The package.
    files : mapping of str to str
        The names in each of its files, separated by spaces.

    Returns
    -------
    tuple of (callable, callable)
        A name that was loaded once is found without them.
    """
    places = {name: file for file, names in files.items() for name in names.split()}

    def load(name: str) -> object:
        if name not in places:
            raise AttributeError(f"module {room!r} has no attribute {name!r}")
        found = getattr(import_module(f"{room}.{places[name]}"), name)
        setattr(modules[room], name, found)
        return found

    return load, lambda: sorted(places)
