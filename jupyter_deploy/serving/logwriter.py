"""The front's way to the log: many lines in one write, without ever waiting for a reader."""

from __future__ import annotations

import asyncio
import collections
import contextlib
import os
import select
import stat
import time
from collections.abc import Callable

from .logfile import LogFile
from .logs import MARK, Access, Format, log, shown

_OUTPUT = 1
# A writable pipe takes at least this much at once (POSIX's PIPE_BUF).
_PIECE = 4096
_LIMIT = 16 << 20
_RETRY_SECONDS = 0.02
_LAST_SECONDS = 1.0
_READ = 1 << 16
# Access lines are formatted and written together after this time, or this many. Each alone would cost as much as the
# rest of its request's way through the front.
_GATHER_SECONDS = 0.02
_GATHERED = 4096
# Seconds until a full disk is tried again.
_FULL_SECONDS = 1.0


class LogWriter:
    """Collects lines during one turn of the event loop and writes them at its end; access lines for a moment longer.

    ``soon`` runs a function at the end of this turn, ``later`` after some seconds. ``echo`` is a descriptor that gets
    the same lines, as far as its reader keeps up, except access lines: a container engine needs a fifth of a
    millisecond for each line. ``file`` is set if the log is a file to keep bounded.
    """

    def __init__(
        self,
        soon: Callable[..., object],
        later: Callable[..., object],
        echo: int | None = None,
        file: LogFile | None = None,
    ) -> None:
        self.form = Format()
        self.file = file
        self._lost, self._why, self._full_until, self._half = 0, "", 0.0, False
        self._echo = echo
        if echo is not None:
            os.set_blocking(echo, False)
        self._soon, self._later = soon, later
        self._lines: collections.deque[bytes] = collections.deque()
        self._size = self._dropped = 0
        self._due = self._gathers = False
        self._noted: list[Access] = []
        self._gathered_at = 0.0
        self._blocks = not stat.S_ISREG(os.fstat(_OUTPUT).st_mode)

    def write(self, lines: bytes, *, echo: bool = True) -> None:
        """Take whole lines; with ``echo``, the second descriptor gets them too, at once."""
        if echo and self._echo is not None:
            with contextlib.suppress(OSError):
                os.write(self._echo, lines)
        if self._noted:
            self._format()
        self._put(lines)

    def note(self, access: Access) -> None:
        """Take an access line: it is written at the end of this turn, or in a moment together with others."""
        self._noted.append(access)
        if not self._gathers:
            self._gathers = True
            now = time.monotonic()
            self._later(_GATHER_SECONDS if now - self._gathered_at < _GATHER_SECONDS else 0, self._gather)
        elif len(self._noted) >= _GATHERED:
            self._format()

    def hurry(self) -> None:
        """Write the lines that wait now: who has an answer finds in the log what its request has printed."""
        if self._lines:
            self._write()

    def _gather(self) -> None:
        self._gathers, self._gathered_at = False, time.monotonic()
        if self._noted:
            self._format()

    def _format(self) -> None:
        noted, self._noted = self._noted, []
        self._put(self.form.accesses(noted))

    def _put(self, lines: bytes) -> None:
        self._lines.append(lines)
        self._size += len(lines)
        while self._size > _LIMIT:
            self._size -= len(self._lines.popleft())
            self._dropped += 1
        if not self._due:
            self._due = True
            self._soon(self._flush)

    def close(self) -> None:
        """Write what is left, giving a slow reader a moment."""
        end = time.monotonic() + _LAST_SECONDS
        self._tell_lost()
        self._gather()
        while self._lines and time.monotonic() < end:
            if not self._write():
                time.sleep(_RETRY_SECONDS)

    def _flush(self) -> None:
        self._due = False
        if not self._write():
            self._due = True
            self._later(_RETRY_SECONDS, self._flush)

    def _write(self) -> bool:
        """Write as much as is possible without waiting; false if something is left."""
        if self._dropped and self._takes():
            self._dropped, lost = 0, self._dropped
            text = f"{lost} writes to the log were dropped, because its reader did not keep up"
            self._lines.appendleft(self.form.lines("WARNING", log.name, text, ""))
        while self._lines:
            data = self._lines.popleft() if len(self._lines) == 1 else b"".join(self._lines)
            self._lines.clear()
            if not self._blocks:
                self._size = 0
                self._to_file(data)
                continue
            at = 0
            while at < len(data):
                if not self._takes():
                    self._lines.appendleft(data[at:])
                    self._size = len(data) - at
                    return False
                try:
                    at += os.write(_OUTPUT, data[at : at + _PIECE])
                except BlockingIOError:
                    continue
                except OSError:
                    # The log has no reader any more; the service goes on.
                    at = len(data)
            self._size = 0
        return True

    def _to_file(self, data: bytes) -> None:
        """Append to a file; what a full disk does not take is counted, and never waited for."""
        lines = data.count(b"\n")
        if self._lost and time.monotonic() < self._full_until:
            self._lost += lines
            return
        told = b""
        if self._lost:
            text = f"{self._lost} lines of the log were lost: {self._why}"
            told = b"\n" * self._half + self.form.lines("WARNING", log.name, text, "")
        data, at = told + data, 0
        if self.file:
            self.file.expect(len(data))
        try:
            while at < len(data):
                at += os.write(_OUTPUT, data[at:])
            self._lost, self._half = 0, False
        except OSError as error:
            if at:
                self._half = data[at - 1 : at] != b"\n"
            self._lost = data[at:].count(b"\n") if at >= len(told) else self._lost + lines
            self._lost, self._why = max(1, self._lost), error.strerror or str(error)
            self._full_until = time.monotonic() + _FULL_SECONDS
            self._later(_FULL_SECONDS, self._tell_lost)

    def _tell_lost(self) -> None:
        if self._lost:
            self._full_until = 0.0
            self._to_file(b"")

    def _takes(self) -> bool:
        return not self._blocks or bool(select.select([], [_OUTPUT], [], 0)[1])


class Outputs:
    """Makes one stream of what all processes of the service write to their descriptors 1 and 2.

    ``form`` formats lines that are not records yet; ``write`` takes whole lines.
    """

    def __init__(self, form: Format, write: Callable[[bytes], None]) -> None:
        self._form, self._write = form, write

    def follow(
        self, descriptor: int, pid: int, request: Callable[[], str] = str, told: Callable[[str], str] = str
    ) -> Output:
        """Read a process's output until all its writers are gone.

        ``descriptor`` is the front's end of its pipe, non-blocking. ``request`` returns the id of the request that
        the process runs. ``told`` replaces a script's line by its cell's in a line that is no record yet. The output
        can be read sooner than the loop would.
        """

        def record(line: bytes) -> bytes:
            # C code may write half a line before a record.
            raw, mark, rest = line.partition(MARK.encode())
            text = told(shown(raw.decode("utf-8", "replace")))
            made = self._form.lines("INFO", "output", text, request(), pid=pid) if raw or not mark else b""
            return made + rest + b"\n" if mark else made

        return Output(descriptor, lambda lines: self._write(b"".join(map(record, lines))))


class Output:
    """One process's output."""

    def __init__(self, descriptor: int, write: Callable[[list[bytes]], None]) -> None:
        self._descriptor, self._write = descriptor, write
        self._rest = b""
        # Lines that are collected for a caller, beside the log.
        self.heard: list[bytes] | None = None
        # One buffer for all reads: allocating it each time costs more than reading.
        self._space = memoryview(bytearray(_READ))
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(descriptor, self.take)

    def take(self, *, all_of_it: bool = False) -> None:
        """Pass on what has arrived; ``all_of_it`` includes an unfinished line, because its request is over."""
        data = self._read()
        if not data and not self._rest:
            return
        *lines, self._rest = (self._rest + data).split(b"\n")
        whole = all_of_it or self._descriptor < 0
        # Do not cut a record that another thread is writing.
        if len(self._rest) > _READ or (whole and self._rest and MARK.encode() not in self._rest):
            lines.append(self._rest)
            self._rest = b""
        if lines:
            if self.heard is not None:
                self.heard += lines
            self._write(lines)

    def _read(self) -> bytes:
        if self._descriptor < 0:
            return b""
        try:
            # Bounded: requests must not wait for a script that prints without end.
            data = bytes(self._space[: os.readv(self._descriptor, [self._space])])
        except BlockingIOError:
            return b""
        if not data:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = -1
        return data
