"""A process that is wanted beside a router for a while: the router's watcher keeps it running."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from pathlib import Path

# The command of the process that is wanted, and who it is while it runs.
SUPERVISE = "supervise.json"
SUPERVISOR = "supervisor.pid"
BACK_OFF = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0, 4.0)
STEADY_SECONDS = 30.0


class Beside:
    """The process that a file in the folder asks for: started, and started again until the file is gone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._child: subprocess.Popen[bytes] | None = None
        self._started, self._quick = 0.0, 0

    def look(self) -> None:
        """Start it where it is wanted and does not run."""
        if self._child is not None and self._child.poll() is None:
            return
        command = self._wanted()
        if command is None:
            self._child, self._quick = None, 0
            return
        if self._child is not None:
            self._quick = 0 if time.monotonic() - self._started > STEADY_SECONDS else self._quick + 1
            self._child = None
        if time.monotonic() - self._started < BACK_OFF[min(self._quick, len(BACK_OFF) - 1)] or self._alive(command):
            return
        with (self._folder / "supervisor.log").open("ab") as log:
            self._child = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder, start_new_session=True
            )
        self._started = time.monotonic()

    def _wanted(self) -> list[str] | None:
        try:
            return [str(word) for word in json.loads((self._folder / SUPERVISE).read_text())]
        except (OSError, ValueError):
            return None

    def _alive(self, command: list[str]) -> int:
        """Return the pid of one that another watcher has started, which goes on undisturbed; 0 for none."""
        with contextlib.suppress(OSError, ValueError):
            pid = int((self._folder / SUPERVISOR).read_text())
            return pid if is_ours(pid, command) else 0
        return 0

    def end(self) -> None:
        """Have it end; it goes on when a router runs again."""
        command = self._wanted()
        pid = self._child.pid if self._child is not None and self._child.poll() is None else 0
        pid = pid or (self._alive(command) if command else 0)
        if pid:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


def is_ours(pid: int, command: list[str]) -> bool:
    """Whether a process is the one that a command has started: the command names a folder's own files."""
    import psutil

    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        return process.status() != psutil.STATUS_ZOMBIE and process.cmdline()[1:] == command[1:]
    return False
