"""``python -m jupyter_deploy.routing.watcher FOLDER``: keep an endpoint's router running.

One for each router, detached from who started it. It starts the router, starts it again when it dies, keeps its port
while it is away, and begins a new access log when that has become long. A lock in the folder lets one of them live. A
watcher that is started beside a living router takes it over. SIGTERM ends both, and so does the folder's removal.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from ..errors import ServiceDown
from ..files import write_atomic
from ..store import Held, lock
from .admin import EnvoyAdmin
from .beside import BACK_OFF, STEADY_SECONDS, Beside, is_ours
from .boxed import Box
from .standby import Standby

PLAN = "router.json"
PIDS = "router.pids"
# How late a SIGTERM may be seen.
_SIGNAL_SECONDS = 0.1
_ENDING_SECONDS = 3.0
_LEAVING_SECONDS = 10.0
_LOG_SIZE = 20_000_000
_LOG_LOOK_SECONDS = 5.0


def main(folder: Path) -> int:
    """Watch until SIGTERM; returns the exit code, at once where another process watches already."""
    os.setsid()
    if os.fork():
        return 0
    try:
        with lock(folder / "watcher.alone", 0.0):
            return _Watcher(folder).run()
    except Held:
        return 0


class _Watcher:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read_plan()
        # No other program gets the port while Envoy is away, and no client is refused.
        self._standby = Standby(self._plan["port"], self._plan["inner"])
        self._child: subprocess.Popen[bytes] | None = None
        self._pid, self._ending = 0, False
        self._looked = time.monotonic()
        self._beside = Beside(folder)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)

    def _on_signal(self, number: int, frame: object) -> None:
        self._ending = True

    def _read_plan(self) -> None:
        self._stated = _state_of(self._folder / PLAN)
        self._plan = plan = json.loads((self._folder / PLAN).read_text())
        self._command: list[str] = plan["command"]
        self._access_log, self._admin, self._inner = Path(plan["access_log"]), plan["admin"], plan["inner"]
        self._box = Box.of(plan)
        if self._box is not None:
            self._box.reach_engine()

    def _is_another(self) -> bool:
        """Whether there is another plan: another router takes this one's place."""
        return _state_of(self._folder / PLAN) not in {0, self._stated}

    def run(self) -> int:
        self._adopt()
        quick = 0
        while not self._ending:
            if not self._pid:
                self._start()
            born = time.monotonic()
            self._wait()
            if self._ending:
                break
            if self._is_another():
                self._give_way()
                quick = 0
                continue
            quick = 0 if time.monotonic() - born > STEADY_SECONDS else quick + 1
            if self._pid:
                self._say(f"the router (pid {self._pid}) died; it is started again")
            self._pid, self._child = 0, None
            self._pause(BACK_OFF[min(quick, len(BACK_OFF)) - 1] if quick else 0.0)
        self._end()
        return 0

    def _give_way(self) -> None:
        """Let another router take the place of this one; no client is refused, and each gets its answer."""
        self._standby.go_ahead()
        with contextlib.suppress(ServiceDown):
            EnvoyAdmin(Path(self._admin)).leave(_LEAVING_SECONDS)
        self._end_router()
        self._read_plan()
        self._standby.use(self._inner)
        self._pid, self._child = 0, None

    def _adopt(self) -> None:
        """Find the Envoy of a watcher that died; it goes on undisturbed."""
        with contextlib.suppress(OSError, ValueError, KeyError):
            pid = int(json.loads((self._folder / PIDS).read_text())["router"])
            if is_ours(pid, self._command):
                self._pid = pid
        self._note()

    def _start(self) -> None:
        # Its sockets of before would keep it from binding.
        for place in (self._admin, self._inner):
            Path(place).unlink(missing_ok=True)
            # A temporary folder is gone after a restart of the machine.
            Path(place).parent.mkdir(mode=0o700, exist_ok=True)
        if self._box is not None:
            self._pid = self._box.start(self._say)
            self._note()
            return
        with (self._folder / "router.log").open("ab") as log:
            self._child = subprocess.Popen(
                self._command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=self._folder
            )
        self._pid = self._child.pid
        self._note()

    def _note(self) -> None:
        write_atomic(self._folder / PIDS, json.dumps({"router": self._pid, "watcher": os.getpid()}), mode=0o600)

    def _wait(self) -> None:
        """Return when the router has died, or is to end."""
        with _deaths_of(self._pid) as death:
            while not self._ending and self._lives() and not self._is_another():
                # Where the system tells of a death, this returns at once.
                if death is not None:
                    select.select([death], [], [], _SIGNAL_SECONDS)
                else:
                    time.sleep(_SIGNAL_SECONDS)
                if not self._folder.is_dir():
                    # The workspace was removed as files: nothing can find this router any more.
                    self._ending = True
                    return
                self._beside.look()
                if time.monotonic() - self._looked > _LOG_LOOK_SECONDS:
                    self._looked = time.monotonic()
                    self._turn_log()

    def _lives(self) -> bool:
        if self._child is not None:
            return self._child.poll() is None
        return is_ours(self._pid, self._command)

    def _pause(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        while not self._ending and (left := until - time.monotonic()) > 0:
            # A signal ends the sleep only through its handler's flag.
            time.sleep(min(left, 0.05))

    def _turn_log(self) -> None:
        try:
            if self._access_log.stat().st_size < _LOG_SIZE:
                return
            self._access_log.replace(self._access_log.with_name(self._access_log.name + ".1"))
        except FileNotFoundError:
            return
        if self._box is not None:
            self._box.begin_log()
        connection = http.client.HTTPConnection("localhost", timeout=5)
        connection.sock = socket.socket(socket.AF_UNIX)
        with contextlib.closing(connection), contextlib.suppress(OSError, http.client.HTTPException):
            connection.sock.connect(self._admin)
            connection.request("POST", "/reopen_logs")
            connection.getresponse().read()

    def _end(self) -> None:
        self._beside.end()
        self._end_router()
        self._standby.close()

    def _end_router(self) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            if not self._lives():
                break
            with contextlib.suppress(ProcessLookupError):
                if self._pid:
                    os.kill(self._pid, number)
            until = time.monotonic() + _ENDING_SECONDS
            while self._lives() and time.monotonic() < until:
                time.sleep(0.01)
        if self._box is not None:
            self._box.remove()

    def _say(self, text: str) -> None:
        with (self._folder / "router.log").open("a", encoding="utf-8") as log:
            log.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")


def _state_of(path: Path) -> int:
    """Return what differs once a file has been replaced; 0 without one."""
    try:
        return path.stat().st_mtime_ns
    except FileNotFoundError:
        return 0


@contextlib.contextmanager
def _deaths_of(pid: int) -> Iterator[int | None]:
    """Return a descriptor that is readable once a process has ended; None where the system has no such thing."""
    opened: int | None = None
    with contextlib.suppress(AttributeError, OSError):
        opened = os.pidfd_open(pid)
    try:
        yield opened
    finally:
        if opened is not None:
            os.close(opened)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
