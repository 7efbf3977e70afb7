"""The two processes of a server: the front, and the watcher, which starts it again when it dies."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from ...errors import TargetProblem
from ...serving import ENDED_FILE, PIDS_FILE, start_time
from .facts import ProcessFacts
from .pids import birth, boot, lives

CONFIG = "config.json"
_POLL_SECONDS = 0.01


@dataclass(frozen=True)
class Process:
    """A process, identified by its pid and its start."""

    pid: int
    born: str

    @property
    def lives(self) -> bool:
        """Whether it still exists."""
        return lives(self.pid, self.born)


def run_folder(folder: Path, port: int) -> Path:
    """Return the folder of one server: while one takes over from another, a service has two."""
    return folder / "servers" / str(port)


def front_of(facts: ProcessFacts) -> Process:
    """Find a server's front: the one that was started first, or its replacement."""
    first = Process(facts.pid, facts.born)
    return first if first.lives else _noted(facts, "front") or first


def living_front(facts: ProcessFacts) -> bool:
    """Whether a server's front still exists, or its replacement does; asked once of the one that was started first."""
    if lives(facts.pid, facts.born):
        return True
    noted = _noted(facts, "front")
    return noted is not None and noted.lives


def _noted(facts: ProcessFacts, which: str) -> Process | None:
    """Read a pid that the server recorded; it counts only with its start, or with this server's command line."""
    run = facts.run
    with contextlib.suppress(OSError, ValueError, KeyError, psutil.Error):
        noted = json.loads((Path(run) / PIDS_FILE).read_text())
        pid, started = int(noted[which]), noted.get("started", {}).get(which)
        if not run:
            return None
        if (started and start_time(pid) == started) or str(Path(run) / CONFIG) in psutil.Process(pid).cmdline():
            return Process(pid, birth(pid))
    return None


def was_ended(facts: ProcessFacts) -> str:
    """Say what asked a server to end; empty if nothing did."""
    with contextlib.suppress(OSError, ValueError, KeyError):
        if facts.run:
            values = json.loads((Path(facts.run) / ENDED_FILE).read_text())
            return f"it got {values['by']}"
    return ""


def could_come_back(facts: ProcessFacts) -> bool:
    """Whether a lost server was running on this boot of the machine: a reboot ends plain processes."""
    # A server that ended on request has no folder.
    if not facts.born or not facts.run or not (Path(facts.run) / PIDS_FILE).exists():
        return False
    here = boot()
    return facts.born.partition(":")[0] == here if here else float(facts.born) > psutil.boot_time()


def runs(facts: ProcessFacts) -> bool:
    """Whether anything of a server exists: its front, or the watcher, which would start another."""
    return front_of(facts).lives or bool((watcher := _noted(facts, "watcher")) and watcher.lives)


def end(facts: ProcessFacts, patience: float) -> None:
    """Let a server finish its requests, then end it; after ``patience`` seconds it is killed.

    Raises TargetProblem if it belongs to another user.
    """
    front, watcher = front_of(facts), _noted(facts, "watcher")
    # The watcher first: it would start another front.
    processes = [*filter(None, [watcher]), front]
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        for process in _there(processes):
            _send(process, number)
        until = time.monotonic() + seconds
        # psutil's wait() would wait for a zombie whose new parent is slow to reap it.
        while any(_there(processes)) and time.monotonic() < until:
            time.sleep(_POLL_SECONDS)
    if facts.run:
        shutil.rmtree(facts.run, ignore_errors=True)


def _there(processes: list[Process]) -> Iterator[Process]:
    return (process for process in processes if process.lives)


def _send(process: Process, number: signal.Signals) -> None:
    try:
        os.kill(process.pid, number)
    except ProcessLookupError:
        return
    except PermissionError as error:
        raise TargetProblem(f"Process {process.pid} belongs to another user.", hint="Ask them to stop it.") from error
