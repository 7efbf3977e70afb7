"""Notice that the files of a plain script changed.

The times of the files are compared, again and again: that works in every file system, in those mounted into a
container too, where the system's notifications do not arrive.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from ..layout import Layout

SECONDS = 0.2
_MOST_FILES = 10_000
_SKIPPED = ("__pycache__", "node_modules")
State = dict[str, tuple[int, int]]


def state_of(layout: Layout) -> State:
    """Return change time in nanoseconds and size of the files that a script may depend on, by path.

    These are the Python files below the script's folder, and the model folder's files; at most 10,000 of each kind.
    """
    found: State = {}
    folders = [(Path(layout.entry).parent, ".py")]
    if layout.environ.get("AZUREML_MODEL_DIR"):
        folders.append((Path(layout.environ["AZUREML_MODEL_DIR"]), ""))
    for folder, suffix in folders:
        for count, path in enumerate(_files(folder, suffix)):
            if count >= _MOST_FILES:
                break
            try:
                status = os.stat(path)  # noqa: PTH116 - thousands of calls a second: Path would cost more than stat
            except OSError:
                continue
            found[path] = (status.st_mtime_ns, status.st_size)
    return found


def _files(folder: Path, suffix: str) -> Iterator[str]:
    for place, folders, names in os.walk(folder):
        folders[:] = [name for name in folders if name not in _SKIPPED and not name.startswith(".")]
        yield from (f"{place}/{name}" for name in names if name.endswith(suffix))


def changed(before: State, now: State) -> list[str]:
    """List the files that differ, sorted."""
    return sorted(path for path in before.keys() | now.keys() if before.get(path) != now.get(path))
