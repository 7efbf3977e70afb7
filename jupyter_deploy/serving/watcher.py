"""Start the front again when it dies.

A server that must outlive its starter is two processes: the front, and its parent. The parent was forked from the
same few modules before the front imported the rest; it holds the listening sockets, and only waits. A requested end
(SIGTERM, SIGINT) or a meaningful one (the script cannot serve) ends both.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .forked import ForkServer

# Seconds before the 1st, 2nd, … restart of a process that keeps dying.
BACK_OFF = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
STEADY_SECONDS = 30.0
# The front uses this signal to make its parent release the socket, and the parent to pass a SIGTERM on. It is not
# SIGTERM, because a second SIGTERM means "now".
ENDING = getattr(signal, "SIGUSR1", signal.SIGTERM)
PIDS_FILE = "pids.json"
ENDED_FILE = "ended"
_INIT_FAILED = 3
_TELLING = (0, 1, _INIT_FAILED)


@dataclass(frozen=True)
class Life:
    """Which start of a front this is."""

    restarts: int = 0  # how often it was started again
    why: str = ""  # how the last front ended
    watcher: int = 0  # the pid of the process that starts it again; 0 for none
    fork_server: ForkServer | None = None  # the process that workers are forked from, where it is there already


def detach(starter: int, listeners: list[int], run: Path, channel: int | None = None) -> Life | None:
    """Separate from the starting process: it has nothing to reap, and its end does not end the server.

    The starter learns the front's pid, stores it and answers with a byte. If it dies before that, no record of these
    processes exists, so they end too. ``starter`` is a socket to it, ``run`` a folder of this server's own.
    ``channel`` is for the first front only. Returns in each front; in the process that was started, which then ends,
    the result is None.
    """
    os.setsid()
    if os.fork():
        return None
    return _Watcher(listeners, run, channel).watch(starter)


class _Watcher:
    def __init__(self, listeners: list[int], run: Path, channel: int | None) -> None:
        self._listeners, self._run, self._channel = listeners, run, channel
        self._ending = False
        self._front = self._restarts = self._quick = 0
        self._wake, self._waker = os.pipe()
        for end in (self._wake, self._waker):
            os.set_blocking(end, False)

    def watch(self, starter: int) -> Life:
        """Return in each front; the watcher itself never returns."""
        numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, ENDING)
        for number in numbers:
            signal.signal(number, self._on_signal)
        signal.set_wakeup_fd(self._waker, warn_on_full_buffer=False)
        gate, opens = os.pipe()
        life = self._fork("", gate, opens)
        if life is not None:
            with socket.socket(fileno=starter):
                pass
            os.close(opens)
            if not os.read(gate, 1):
                os._exit(1)
            os.close(gate)
            return life
        os.close(gate)
        if self._channel is not None:
            os.close(self._channel)
        with socket.socket(fileno=starter) as told:
            told.sendall(str(self._front).encode())
            if not told.recv(1):
                os._exit(1)  # closes the gate, so the front ends too
        self._note_pids()
        os.write(opens, b"1")
        os.close(opens)
        while True:
            life = self._wait()
            if life is not None:
                return life

    def _on_signal(self, number: int, frame: object) -> None:
        if number in {signal.SIGTERM, signal.SIGINT, ENDING} and not self._ending:
            self._ending = True
            # Once no process holds the socket, it refuses clients instead of keeping them waiting.
            for listener in self._listeners:
                os.close(listener)
        if number in {signal.SIGTERM, signal.SIGINT} and self._front:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self._front, ENDING)

    def _fork(self, why: str, *inherited: int) -> Life | None:
        """Return the new front's life in the new front, None in this process."""
        watcher = os.getpid()
        born = time.monotonic()
        pid = os.fork()
        if pid:
            self._front, self._born = pid, born
            return None
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, ENDING):
            signal.signal(number, signal.SIG_DFL)
        for end in (self._wake, self._waker):
            os.close(end)
        if self._ending:
            os._exit(0)
        return Life(self._restarts, why, watcher)

    def _wait(self) -> Life | None:
        select.select([self._wake], [], [])
        with contextlib.suppress(BlockingIOError):
            os.read(self._wake, 512)
        pid, status = os.waitpid(self._front, os.WNOHANG)
        if not pid:
            return None
        code = os.waitstatus_to_exitcode(status)
        if self._ending or code in _TELLING or (self._run / ENDED_FILE).exists():
            os._exit(max(code, 0))
        how = _in_words(code)
        self._quick = 0 if time.monotonic() - self._born > STEADY_SECONDS else self._quick + 1
        if self._quick >= len(BACK_OFF):
            self._give_up(how)
        self._pause(BACK_OFF[max(self._quick - 1, 0)])
        if self._ending:
            os._exit(0)
        self._restarts += 1
        life = self._fork(f"the front {how}")
        if life is None:
            self._note_pids()
        return life

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._ending and (left := until - time.monotonic()) > 0:
            if select.select([self._wake], [], [], left)[0]:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake, 512)

    def _note_pids(self) -> None:
        pids = {"front": self._front, "watcher": os.getpid()}
        # A server that a warm process has forked has that one's command line; so it is known by its start.
        started = {name: start_time(pid) for name, pid in pids.items()}
        replace_file(self._run / PIDS_FILE, json.dumps({**pids, "started": started}))

    def _give_up(self, how: str) -> None:
        """Report that the front keeps dying, in the place of a failed start."""
        message = f"the front keeps dying; the last one {how}"
        with contextlib.suppress(OSError, ValueError, KeyError):
            config = json.loads((self._run / "config.json").read_text())
            failure = {"stage": "load", "kind": "FrontDied", "message": message, "label": config["name"]}
            failure |= {"line": 0, "text": "", "traceback": f"{message}."}
            replace_file(Path(config["state_folder"]) / "failure.json", json.dumps(failure))
        print(f"{message}; given up", file=sys.stderr, flush=True)  # noqa: T201 - the log
        os._exit(1)


def start_time(pid: int) -> str:
    """Return when a process started, in ticks since this boot; empty where the system does not tell."""
    try:
        # After the name, which may hold spaces and brackets, starttime is the 20th field (proc(5): field 22).
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
    except OSError:
        return ""


def replace_file(path: Path, text: str) -> None:
    """Replace a file of the server's own state, for its owner only.

    It does not wait for the disk: the file describes processes, which a crash of the machine ends too.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(text)
    beside.replace(path)


def _in_words(code: int) -> str:
    if code >= 0:
        return f"exited with code {code}"
    with contextlib.suppress(ValueError):
        return f"was killed by {signal.Signals(-code).name}"
    return f"was killed by signal {-code}"
