"""The service's log: one stream, whole lines in the order in which they happened, each with its request's id.

Front, workers and fork-server write to the same descriptor, a line at a time. ``print()``, ``logging`` and warnings all
come out as records of one format: text, or one JSON object a line.
"""

from __future__ import annotations

import io
import logging
import os
import select
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson

log = logging.getLogger("jupyter_deploy.serving")
FORMATS = ("text", "json")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_OUTPUT = 1
# What a pipe takes at once when it takes anything, and how long a line waits for its reader.
_PIECE = 4096
_PATIENCE_SECONDS = 1.0


class Format:
    """Writes records down.

    Parameters
    ----------
    name : str
        One of :data:`FORMATS`.
    """

    def __init__(self, name: str = "text") -> None:
        self._json = name == "json"
        self._pid = os.getpid()
        self._second = (-1, "")

    def use(self, name: str) -> None:
        """Write the next records in another format.

        Parameters
        ----------
        name : str
            One of :data:`FORMATS`.
        """
        self._json, self._second = name == "json", (-1, "")

    def lines(self, level: str, source: str, text: str, request: str, when: float | None = None) -> bytes:
        """Write one record.

        Parameters
        ----------
        level : str
            A level's name.
        source : str
            The logger, or ``print``.
        text : str
            May have several lines: in text each gets the whole prefix, in JSON they stay together.
        request : str
            The request's id; empty outside of one.
        when : float, optional
            Seconds since the epoch; now by default.

        Returns
        -------
        bytes
            Ending in a new line.
        """
        when = time.time() if when is None else when
        if self._json:
            stamp = f"{self._stamp(when, 'T')}.{int(when * 1000) % 1000:03d}Z"
            record: dict[str, Any] = {"time": stamp, "level": level, "pid": self._pid, "logger": source}
            if request:
                record["request_id"] = request
            return orjson.dumps({**record, "message": text}, option=orjson.OPT_APPEND_NEWLINE, default=str)
        stamp = f"{self._stamp(when, ' ')},{int(when * 1000) % 1000:03d}"
        prefix = f"{stamp} {level[0]} [{self._pid}] {request or '-'} {source} - "
        body = text.replace("\n", "\n" + prefix) if "\n" in text else text
        return f"{prefix}{body}\n".encode("utf-8", "backslashreplace")

    def _stamp(self, when: float, between: str) -> str:
        second = int(when)
        if self._second[0] != second:
            self._second = (second, time.strftime(f"%Y-%m-%d{between}%H:%M:%S", time.gmtime(second)))
        return self._second[1]


class _Current:
    """The request that this process works on; threads that the script starts meanwhile log for it too."""

    def __init__(self) -> None:
        self.id = ""


CURRENT = _Current()


@contextmanager
def request_id(value: str) -> Iterator[None]:
    """Say for which request the lines written inside are.

    Parameters
    ----------
    value : str
        Its id.

    Yields
    ------
    None
        Nothing.
    """
    before, CURRENT.id = CURRENT.id, value
    try:
        yield
    finally:
        CURRENT.id = before
        flush = getattr(sys.stdout, "flush_line", None)
        if flush is not None:
            flush()


class _Reader:
    """Whether somebody reads the log: a script that prints must not stand still where nobody does."""

    def __init__(self) -> None:
        self.form = Format()
        self.lost = 0

    def takes(self) -> bool:
        """Wait until output is taken; not at all where the reader was away the last time already."""
        try:
            return bool(select.select([], [_OUTPUT], [], 0 if self.lost else _PATIENCE_SECONDS)[1])
        except (OSError, ValueError):
            # Windows selects sockets only; a number that is too large for select() cannot be 1.
            return True


_READER = _Reader()


def write_all(data: bytes) -> None:
    """Write to standard output, past every buffer; what nobody takes for a second is dropped, and counted.

    Parameters
    ----------
    data : bytes
        Whole lines.
    """
    view = memoryview(data)
    while view:
        if not _READER.takes():
            _READER.lost += 1
            return
        try:
            if _READER.lost:
                lost, _READER.lost = _READER.lost, 0
                text = f"{lost} writes to the log were dropped, because nobody read it"
                os.write(_OUTPUT, _READER.form.lines("WARNING", log.name, text, CURRENT.id))
                continue
            view = view[os.write(_OUTPUT, view[:_PIECE]) :]
        except BlockingIOError:
            time.sleep(0.001)
        except OSError:
            # Nobody reads the log any more; the service goes on.
            return


class LineStream(io.TextIOBase):
    """``sys.stdout`` and ``sys.stderr`` of a script: whole lines become records.

    Parameters
    ----------
    form : Format
        How they are written.
    level, source : str
        What the records say.
    number : int
        The descriptor that this stands for.
    """

    def __init__(self, form: Format, level: str, source: str, number: int) -> None:
        super().__init__()
        self._form, self._level, self._source, self._number = form, level, source, number
        self._rest = ""

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """UTF-8."""
        return "utf-8"

    @property
    def buffer(self) -> io.BufferedIOBase:
        """Takes bytes, as ``sys.stdout.buffer`` does."""
        return _Bytes(self)

    def fileno(self) -> int:
        """Return the descriptor that child processes inherit.

        Returns
        -------
        int
            1 or 2.
        """
        return self._number

    def writable(self) -> bool:
        """Tell that this can be written to (io's hook).

        Returns
        -------
        bool
            True.
        """
        return True

    def write(self, text: str) -> int:
        """Take text; lines that are complete are written at once.

        Parameters
        ----------
        text : str
            Any part of the output.

        Returns
        -------
        int
            Its length.
        """
        if "\n" not in text:
            self._rest += text
            return len(text)
        *lines, self._rest = (self._rest + text).split("\n")
        write_all(b"".join(self._form.lines(self._level, self._source, _shown(line), CURRENT.id) for line in lines))
        return len(text)

    def flush_line(self) -> None:
        """Write what has no new line yet: its request is over."""
        if self._rest:
            self.write("\n")


def _shown(line: str) -> str:
    # A progress bar draws itself again and again in one line; what counts is what stays on the screen.
    return line.rstrip("\r").rpartition("\r")[2]


class _Bytes(io.BufferedIOBase):
    def __init__(self, stream: LineStream) -> None:
        super().__init__()
        self._stream = stream

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._stream.write(bytes(data).decode("utf-8", "replace"))
        return len(data)


class _Handler(logging.Handler):
    def __init__(self, form: Format, write: Callable[[bytes], None]) -> None:
        super().__init__()
        self._form, self._write = form, write

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = self.format(record)
        except Exception:  # noqa: BLE001 - logging's own rule: a bad log call must not break what it tells of
            self.handleError(record)
            return
        self._write(self._form.lines(record.levelname, record.name, text, CURRENT.id, record.created))


def configure(name: str = "text", level: str = "INFO", write: Callable[[bytes], None] = write_all) -> Format:
    """Send this process's log records and warnings to standard output.

    Parameters
    ----------
    name : str, optional
        One of :data:`FORMATS`.
    level : str, optional
        One of :data:`LEVELS`.
    write : callable, optional
        Writes whole lines.

    Returns
    -------
    Format
        For those who write records without ``logging``.
    """
    form = _READER.form = Format(name)
    root = logging.getLogger()
    root.handlers[:] = [_Handler(form, write)]
    root.setLevel(level)
    logging.captureWarnings(True)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    return form


def capture_prints(form: Format) -> None:
    """Make ``print()`` and everything else that is written to ``sys.stdout`` and ``sys.stderr`` records too.

    Parameters
    ----------
    form : Format
        How they are written.
    """
    sys.stdout = LineStream(form, "INFO", "print", 1)
    sys.stderr = LineStream(form, "ERROR", "stderr", 2)
