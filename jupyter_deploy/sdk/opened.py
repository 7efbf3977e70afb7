"""The workspace that the SDKs' classes stand for."""

from __future__ import annotations

import os

from ..home import HOME_VARIABLE
from ..workspace import Workspace

_opened: dict[tuple[int, str], Workspace] = {}


def opened_workspace() -> Workspace:
    """Open the workspace, once in a process for each home."""
    key = (os.getpid(), os.environ.get(HOME_VARIABLE, ""))
    if key not in _opened:
        _opened[key] = Workspace()
    return _opened[key]
