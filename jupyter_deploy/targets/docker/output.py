"""A service's output: the server's log file or, for a user's own image, also what the engine keeps."""

from __future__ import annotations

import contextlib
import queue
import threading
import time
from collections.abc import Generator, Iterator
from datetime import UTC
from pathlib import Path
from typing import Any

from ...errors import DeployError, TargetProblem
from ...files import older_log, tail, tail_of_log, touch_private
from ..following import Following
from .daemon import engine
from .facts import ContainerFacts

_POLL_SECONDS = 0.05
_PIECE = 1 << 20
_AHEAD = 1000
_KEPT = 20_000_000


def file_output(path: Path, lines: int, follow: bool) -> Iterator[bytes]:
    """Yield the end of a log file in pieces, oldest first; long lines are cut, a missing file is empty.

    ``follow`` goes on forever as it grows; while it does not, the pieces are empty.
    """
    following = Following(path)
    yield tail_of_log(path, lines, until=following.at).encode()
    while follow:
        data = following.read(_PIECE)
        yield data
        if not data:
            time.sleep(_POLL_SECONDS)


def container_output(facts: ContainerFacts, log: Path, lines: int, follow: bool) -> Iterator[bytes]:
    """Yield the end of the output of a service's containers in pieces, oldest first; no line twice.

    ``log`` has that of earlier containers. ``follow`` goes on, over restarts of the container too, until it is
    removed.
    """
    own, last = b"", ""
    with contextlib.suppress(TargetProblem), engine() as client:
        pairs = _stamped(client.api.logs(facts.container, tail=lines, timestamps=True))
        own, last = b"".join(line for _, line in pairs), pairs[-1][0] if pairs else ""
    before = tail(log, max(0, lines - own.count(b"\n"))).encode()
    yield before + own
    if follow:
        yield from _with_pauses(_followed(facts.container, last))


def _followed(container: str, last: str) -> Iterator[bytes]:
    while True:
        try:
            with engine(timeout=None) as client:
                last = yield from _after(client, container, last)
                if not _restarts(client, container):
                    return
        except DeployError:
            return
        time.sleep(_POLL_SECONDS)


def _with_pauses(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Yield an empty piece where the next one does not come at once: a stream of the engine only waits."""
    found: queue.Queue[bytes | None] = queue.Queue(_AHEAD)

    def read() -> None:
        for piece in pieces:
            found.put(piece)
        found.put(None)

    threading.Thread(target=read, name="jupyter-deploy-log", daemon=True).start()
    while True:
        try:
            piece = found.get(timeout=_POLL_SECONDS)
        except queue.Empty:
            yield b""
            continue
        if piece is None:
            return
        yield piece


def _after(client: Any, container: str, last: str) -> Generator[bytes, None, str]:
    # The engine's "since" is exact to the nanosecond, but includes the line itself, and ends at every restart.
    rest = b""
    since = {"since": float(_seconds(last))} if last else {}
    for piece in client.api.logs(container, stream=True, follow=True, timestamps=True, **since):
        *whole, rest = (rest + piece).split(b"\n")
        for stamp, line in _stamped(b"".join(line + b"\n" for line in whole)):
            if stamp > last:
                last = stamp
                yield line
    return last


def _restarts(client: Any, container: str) -> bool:
    state = client.api.inspect_container(container)["State"]
    return bool(state["Running"] or state["Restarting"])


def _stamped(data: bytes) -> list[tuple[str, bytes]]:
    pairs = (line.partition(b" ") for line in data.splitlines(keepends=True))
    return [(stamp.decode("ascii", "replace"), line) for stamp, _, line in pairs]


def _seconds(stamp: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(stamp[:19]).replace(tzinfo=UTC).timestamp()


def keep_output(facts: ContainerFacts, log: Path) -> None:
    """Append a container's output to the service's log, before the container is removed."""
    with contextlib.suppress(TargetProblem), engine() as client:
        said = client.api.logs(facts.container, stream=True, follow=False)
        # A full disk must not keep a container from ending.
        with contextlib.suppress(OSError):
            if log.exists() and log.stat().st_size > _KEPT:
                log.replace(older_log(log))
            touch_private(log)
            with log.open("ab") as file:
                for piece in said:
                    file.write(piece)
