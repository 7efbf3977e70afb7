"""The workspace of this server, opened when it is first needed."""

from __future__ import annotations

import threading

from ..workspace import Workspace


class Opened:
    """Opens the workspace, and opens it again where another folder or database has taken its place."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._workspace: Workspace | None = None
        self._file = (0, 0)

    def get(self) -> Workspace:
        """Return the workspace; called in threads.

        Raises
        ------
        StoreProblem
            If it cannot be opened; the next call tries again.
        """
        with self._lock:
            if self._workspace is None or _file_of(self._workspace) != self._file:
                self._workspace = None
                workspace = Workspace()
                self._file = _file_of(workspace)
                self._workspace = workspace
            return self._workspace


def _file_of(workspace: Workspace) -> tuple[int, int]:
    try:
        status = workspace.home.database.stat()
    except OSError:
        return (0, 0)
    return status.st_dev, status.st_ino
