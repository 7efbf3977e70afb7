"""Installed libraries, as opposed to the user's own files: what may be imported ahead of a generation."""

from __future__ import annotations

import importlib.util
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


def loaded_libraries() -> list[str]:
    """List the library modules that this process has imported.

    Returns
    -------
    list of str
        Dotted names, in the order of their import.
    """
    found = []
    for name, module in list(sys.modules.items()):
        spec: Any = getattr(module, "__spec__", None)
        if _is_installed(spec) and name == spec.name:
            found.append(name)
    return found


def forget_shadowed(folder: Path) -> None:
    """Drop libraries from ``sys.modules`` that a file beside the script shall stand for.

    Parameters
    ----------
    folder : pathlib.Path
        The script's folder, which comes first on ``sys.path``.
    """
    own = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    # The standard library is loaded by Python itself; no program shadows it half-way.
    for top in own - set(sys.stdlib_module_names):
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
