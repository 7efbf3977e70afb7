"""The part of this package that serves, copied to where services run, so that the two halves cannot differ."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

from ..files import fsync_folder
from ..home import Home
from ..store import scratch

_PACKAGE = Path(__file__).parent.parent
# The layers that services run with (ARCHITECTURE.md): ground and runtime.
_PARTS = ("__init__.py", "errors.py", "files.py", "home.py", "doors.py", "serving", "frameworks")


@cache
def files() -> dict[str, bytes]:
    """Read the files that a service needs, by path from ``jupyter_deploy/`` on."""
    found: dict[str, bytes] = {}
    for part in _PARTS:
        place = _PACKAGE / part
        for path in sorted(place.rglob("*.py")) if place.is_dir() else [place]:
            found[f"{_PACKAGE.name}/{path.relative_to(_PACKAGE).as_posix()}"] = path.read_bytes()
    return found


@cache
def digest() -> str:
    """Return the SHA-256 of the files."""
    total = hashlib.sha256()
    for name, data in sorted(files().items()):
        total.update(f"{hashlib.sha256(data).hexdigest()} {name}\n".encode())
    return total.hexdigest()


def ensure(home: Home) -> Path:
    """Copy the files for interpreters that lack this package; returns a folder for ``PYTHONPATH``."""
    folder = home.runtime / digest()
    if folder.exists():
        return folder
    home.runtime.mkdir(exist_ok=True)
    with scratch(home.staging) as empty:
        half = empty / "runtime"
        for name, data in files().items():
            place = half / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        half.chmod(0o755)
        try:
            half.rename(folder)
        except OSError:
            # Another process put the same files there meanwhile.
            if not folder.exists():
                raise
    fsync_folder(home.runtime)
    return folder
