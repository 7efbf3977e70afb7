"""Processes that have imported what servers need: one for each interpreter, its variables, and a set of libraries."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

from ...home import Home
from ...serving import READY
from ...store import Held, lock

_SOCKET = "warm.sock"
_LOG = "warm.log"
_FOLDER = "warm"
_STARTING = "starting.alone"
_BACKLOG = 64
_LOCK_SECONDS = 10.0
# It may still be importing; a start without it would import the same.
_PATIENCE_SECONDS = 20.0
# Elsewhere a process's start is not known so exactly, and libraries do not take forks of forks well.
SUPPORTED = sys.platform == "linux"


class Kept:
    """A warm process that is wanted; it ends when nothing wants it any more."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection

    @property
    def lives(self) -> bool:
        """Whether it is there."""
        with contextlib.suppress(BlockingIOError):
            try:
                return bool(self._connection.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT))
            except OSError as error:
                if isinstance(error, BlockingIOError):
                    raise
                return False
        return True

    def close(self) -> None:
        """Let it go."""
        self._connection.close()


@dataclass(frozen=True)
class Warm:
    """What a warm process of its own is for: nothing else may differ between what it forks and a fresh start.

    Parameters
    ----------
    home : Home
        The workspace's folders.
    python : str
        The interpreter.
    environ : mapping
        All of its environment variables, the script's too.
    modules : sequence of str
        The libraries that the script needs.
    """

    home: Home
    python: str
    environ: Mapping[str, str] = field(hash=False, repr=False)
    modules: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Where it listens; the name tells nothing of the variables."""
        what = [self.python, sorted(self.environ.items()), sorted(self.modules)]
        return self.home.root / _FOLDER / sha256(json.dumps(what).encode()).hexdigest()[:16]

    def keep(self) -> Kept:
        """Have it run, from now on."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with lock(self.folder / _STARTING, _LOCK_SECONDS):
                return Kept(self._connected() or self._started())
        except Held as error:
            raise OSError("another process is starting it") from error

    def _connected(self) -> socket.socket | None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        try:
            _connect(connection, self.folder)
        except OSError:
            connection.close()
            return None
        return connection

    def _started(self) -> socket.socket:
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            (self.folder / _SOCKET).unlink(missing_ok=True)
            with _short(self.folder) as place:
                listener.bind(f"{place}/{_SOCKET}")
            listener.listen(_BACKLOG)
            command = [self.python, "-u", "-m", "jupyter_deploy.serving.warm"]
            command += [str(listener.fileno()), json.dumps(self.modules)]
            with (self.folder / _LOG).open("wb") as log:
                # The started process forks and ends at once, so this one has no child left to reap.
                subprocess.run(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=self.folder,
                    env=dict(self.environ),
                    pass_fds=[listener.fileno()],
                    start_new_session=True,
                    check=False,
                )
        connection = self._connected()
        if connection is None:
            raise OSError(f"{self.folder / _SOCKET} cannot be reached")
        return connection

    def start(self, arguments: Sequence[str], options: Mapping[str, socket.socket], folder: Path, log: int) -> bool:
        """Have it fork a server, with more ``options`` that name sockets; false where there is none that can."""
        connection = self._connected() if SUPPORTED else None
        if connection is None:
            return False
        request = json.dumps({"arguments": list(arguments), "options": list(options)}).encode()
        here = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        with connection:
            try:
                connection.settimeout(_PATIENCE_SECONDS)
                descriptors = [here, log, *(one.fileno() for one in options.values())]
                socket.send_fds(connection, [request], descriptors)
                return connection.recv(32) == READY
            except OSError:
                # What it may fork later finds its starter gone, and ends.
                return False
            finally:
                os.close(here)


def ended_in(home: Home) -> Iterator[Path]:
    """Yield the folders of warm processes that have ended, each with its log."""
    root = home.root / _FOLDER
    for folder in sorted(root.iterdir()) if SUPPORTED and root.is_dir() else ():
        with contextlib.suppress(Held, OSError), lock(folder / _STARTING, 0.0):
            if not _answers(folder):
                yield folder


def _answers(folder: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        try:
            _connect(connection, folder)
        except OSError:
            return False
    return True


def _connect(connection: socket.socket, folder: Path) -> None:
    with _short(folder) as place:
        connection.connect(f"{place}/{_SOCKET}")


@contextlib.contextmanager
def _short(folder: Path) -> Iterator[str]:
    """Name a folder by a short path: systems limit the length of a socket's."""
    opened = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{opened}"
    finally:
        os.close(opened)
