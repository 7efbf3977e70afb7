"""The two processes of a server that was started here: the front, and the one that starts it again when it dies."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from ...errors import TargetProblem
from ...serving import ENDED_FILE, PIDS_FILE
from .pids import birth, boot, lives

CONFIG = "config.json"
_POLL_SECONDS = 0.01


@dataclass(frozen=True)
class Process:
    """A process, known by its pid and its start."""

    pid: int
    born: str

    @property
    def lives(self) -> bool:
        """Whether it is still there."""
        return lives(self.pid, self.born)


def run_folder(folder: Path, port: int) -> Path:
    """Return the folder of one server: while one takes over from another, a service has two."""
    return folder / "servers" / str(port)


def front_of(handle: Mapping[str, Any]) -> Process:
    """Find a server's front: the one that was started, or the one that was started in its place."""
    first = Process(handle.get("pid", 0), handle.get("born", ""))
    return first if first.lives else _noted(handle, "front") or first


def _noted(handle: Mapping[str, Any], which: str) -> Process | None:
    """Read a pid that the server wrote down; believed where that process has this server's command line."""
    run = handle.get("run", "")
    with contextlib.suppress(OSError, ValueError, KeyError, psutil.Error):
        pid = int(json.loads((Path(run) / PIDS_FILE).read_text())[which])
        if run and str(Path(run) / CONFIG) in psutil.Process(pid).cmdline():
            return Process(pid, birth(pid))
    return None


def was_ended(handle: Mapping[str, Any]) -> str:
    """Say what asked a server to end; empty where nothing did."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        if handle.get("run"):
            values = json.loads((Path(handle["run"]) / ENDED_FILE).read_text())
            return f"it got {values['by']}"
    return ""


def could_come_back(handle: Mapping[str, Any]) -> bool:
    """Tell whether a server that is gone was running on this boot of the machine: a reboot ends plain processes."""
    born = str(handle.get("born", ""))
    # A server that was ended by request has no folder left.
    if not born or not handle.get("run") or not (Path(handle["run"]) / PIDS_FILE).exists():
        return False
    here = boot()
    return born.partition(":")[0] == here if here else float(born) > psutil.boot_time()


def runs(handle: Mapping[str, Any]) -> bool:
    """Tell whether anything of a server is there: its front, or the one that would start another."""
    return front_of(handle).lives or bool((watcher := _noted(handle, "watcher")) and watcher.lives)


def end(handle: Mapping[str, Any], patience: float) -> None:
    """Let a server finish what it holds, then end it; after its time for that, kill it.

    Raises
    ------
    TargetProblem
        If it belongs to another user.
    """
    front, watcher = front_of(handle), _noted(handle, "watcher")
    # First the one that would start another front.
    processes = [*filter(None, [watcher]), front]
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        for process in _there(processes):
            _send(process, number)
        until = time.monotonic() + seconds
        # Not psutil's wait(): a zombie whose new parent is slow to reap it has ended for us.
        while any(_there(processes)) and time.monotonic() < until:
            time.sleep(_POLL_SECONDS)
    if handle.get("run"):
        shutil.rmtree(handle["run"], ignore_errors=True)


def _there(processes: list[Process]) -> Iterator[Process]:
    return (process for process in processes if process.lives)


def _send(process: Process, number: signal.Signals) -> None:
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise TargetProblem(f"Process {process.pid} belongs to another user.", hint="Ask them to stop it.") from error
