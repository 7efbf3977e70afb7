"""Installed libraries, as opposed to the user's own files: what may be imported ahead of a generation."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from typing import Any


@lru_cache(maxsize=1)
def _roots() -> tuple[str, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple(sorted({f"{sysconfig.get_path(name)}/" for name in names}))


def _is_installed(spec: Any) -> bool:
    origin = getattr(spec, "origin", None)
    return isinstance(origin, str) and (origin in {"built-in", "frozen"} or origin.startswith(_roots()))


def is_library(name: str) -> bool:
    """Tell whether a module belongs to an installed library, by where its top-level package lies.

    Parameters
    ----------
    name : str
        A dotted name.

    Returns
    -------
    bool
        False for the user's own modules, editable installs among them: their code may change between generations.
    """
    top = name.partition(".")[0]
    try:
        return _is_installed(importlib.util.find_spec(top))
    except (ImportError, ValueError):
        return False


class ImportMark:
    """Tells what is imported from here on.

    Walking through all of ``sys.modules`` would touch, and so copy, most of the memory that a forked worker shares with
    the fork-server (13 of 33 ms of a reload, measured); it is walked from its end to a mark instead.
    """

    def __init__(self) -> None:
        self._name = f"{__name__}.mark"
        sys.modules.pop(self._name, None)
        sys.modules[self._name] = sys.modules[__name__]

    def libraries_since(self) -> list[str]:
        """List the library modules that were imported since.

        Returns
        -------
        list of str
            Dotted names, in the order of their import.
        """
        names = list(itertools.takewhile(lambda name: name != self._name, reversed(sys.modules)))
        found = []
        for name in reversed(names):
            spec: Any = getattr(sys.modules.get(name), "__spec__", None)
            if _is_installed(spec) and name == spec.name:
                found.append(name)
        return found


def forget_shadowed(folder: Path) -> None:
    """Drop libraries from ``sys.modules`` that a file beside the script replaces.

    Parameters
    ----------
    folder : pathlib.Path
        The script's folder, which comes first on ``sys.path``.
    """
    own = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    # The standard library is loaded by Python itself; no program shadows it half-way.
    for top in own - sys.stdlib_module_names:
        if top not in sys.modules:
            continue
        for name in [name for name in sys.modules if name == top or name.startswith(f"{top}.")]:
            del sys.modules[name]


def stamp() -> tuple[int, ...]:
    """Return a value that changes when libraries are installed or removed.

    Returns
    -------
    tuple of int
        The times of change of the folders they are installed in, in nanoseconds.
    """
    folders = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    return tuple(Path(folder).stat().st_mtime_ns for folder in folders if Path(folder).is_dir())
