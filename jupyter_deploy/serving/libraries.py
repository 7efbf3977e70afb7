"""Installed libraries, as opposed to the user's own files: these may be imported before a generation."""

from __future__ import annotations

import importlib.util
import itertools
import sys
import sysconfig
from functools import lru_cache
from pathlib import Path
from typing import Any

from .logs import log


@lru_cache(maxsize=1)
def _roots() -> tuple[str, ...]:
    names = ("stdlib", "platstdlib", "purelib", "platlib")
    return tuple(sorted({f"{sysconfig.get_path(name)}/" for name in names}))


def _is_installed(spec: Any) -> bool:
    origin = getattr(spec, "origin", None)
    return isinstance(origin, str) and (origin in {"built-in", "frozen"} or origin.startswith(_roots()))


def is_library(name: str) -> bool:
    """Whether a module belongs to an installed library, by the place of its top-level package.

    False for the user's own modules, editable installs included: their code may change between generations.
    """
    top = name.partition(".")[0]
    try:
        return _is_installed(importlib.util.find_spec(top))
    except (ImportError, ValueError):
        return False


def use_once() -> None:
    """Have libraries look up now what they would look up at their first use, in each worker's first request.

    scikit-learn 1.9 asks narwhals whether it got a data frame, and narwhals then reads what all installed packages
    offer: 10 ms with 220 packages.
    """
    if "narwhals" in sys.modules:
        try:
            from narwhals.stable.v2.dependencies import is_into_dataframe

            is_into_dataframe(None)
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything; the first request meets it too
            log.debug("narwhals was not used ahead: %r", error)


class ImportMark:
    """Tells what is imported from here on.

    A walk through all of ``sys.modules`` would touch, and so copy, most of the memory that a forked worker shares
    with the fork-server (13 of 33 ms of a reload, measured). So it is walked from its end to a mark.
    """

    def __init__(self) -> None:
        self._name = f"{__name__}.mark"
        sys.modules.pop(self._name, None)
        sys.modules[self._name] = sys.modules[__name__]

    def libraries_since(self) -> list[str]:
        """List the library modules that were imported since, in the order of their import."""
        names = list(itertools.takewhile(lambda name: name != self._name, reversed(sys.modules)))
        found = []
        for name in reversed(names):
            spec: Any = getattr(sys.modules.get(name), "__spec__", None)
            if _is_installed(spec) and name == spec.name:
                found.append(name)
        return found


def forget_shadowed(folder: Path) -> None:
    """Drop libraries from ``sys.modules`` that a file beside the script replaces.

    Its folder is first on ``sys.path``.
    """
    own = {path.stem for path in folder.glob("*.py")} | {path.parent.name for path in folder.glob("*/__init__.py")}
    # Python loads parts of the standard library itself; replacing only some of them would break it.
    for top in own - sys.stdlib_module_names:
        if top not in sys.modules:
            continue
        for name in [name for name in sys.modules if name == top or name.startswith(f"{top}.")]:
            del sys.modules[name]


def stamp() -> tuple[int, ...]:
    """Return a value that changes when libraries are installed or removed: their folders' times of change, in ns."""
    folders = sorted({sysconfig.get_path("purelib"), sysconfig.get_path("platlib")})
    return tuple(Path(folder).stat().st_mtime_ns for folder in folders if Path(folder).is_dir())
