"""The service's log: one stream, whole lines in the order in which they happened, each with its request's id.

``print()``, ``logging`` and warnings all come out as records of one format: text, or one JSON object a line.
Workers and fork-server write to pipes that the front reads; what else arrives there, from C code or child processes,
becomes records too (``logwriter``).
"""

from __future__ import annotations

import codecs
import io
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson

log = logging.getLogger("jupyter_deploy.serving")
FORMATS = ("text", "json")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_OUTPUT = 1
# Begins each line of a worker, so that the front tells records from what anything else writes there.
MARK = "\x1e" if sys.platform != "win32" else ""


class Format:
    """Writes records down.

    Parameters
    ----------
    name : str
        One of :data:`FORMATS`.
    mark : str, optional
        Begins each line.
    """

    def __init__(self, name: str = "text", mark: str = "") -> None:
        self._json = name == "json"
        self._mark = mark
        self._second = (-1, "")

    def use(self, name: str) -> None:
        """Write the next records in another format.

        Parameters
        ----------
        name : str
            One of :data:`FORMATS`.
        """
        self._json, self._second = name == "json", (-1, "")

    def lines(self, level: str, source: str, text: str, request: str, when: float | None = None, pid: int = 0) -> bytes:
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
        pid : int, optional
            Whose record it is; this process's by default.

        Returns
        -------
        bytes
            Ending in a new line.
        """
        when = time.time() if when is None else when
        pid = pid or os.getpid()
        if self._json:
            stamp = f"{self._stamp(when, 'T')}.{int(when * 1000) % 1000:03d}Z"
            record: dict[str, Any] = {"time": stamp, "level": level, "pid": pid, "logger": source}
            if request:
                record["request_id"] = request
            try:
                line = orjson.dumps({**record, "message": text}, option=orjson.OPT_APPEND_NEWLINE)
            except TypeError:
                # A text with half of a surrogate pair, as file names may have it, has no UTF-8.
                record |= {"logger": _encodable(source), "message": _encodable(text)}
                line = orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
            return self._mark.encode() + line
        stamp = f"{self._stamp(when, ' ')},{int(when * 1000) % 1000:03d}"
        prefix = f"{self._mark}{stamp} {level[0]} [{pid}] {request or '-'} {source} - "
        body = text.replace("\n", "\n" + prefix) if "\n" in text else text
        return f"{prefix}{body}\n".encode("utf-8", "backslashreplace")

    def _stamp(self, when: float, between: str) -> str:
        second = int(when)
        if self._second[0] != second:
            self._second = (second, time.strftime(f"%Y-%m-%d{between}%H:%M:%S", time.gmtime(second)))
        return self._second[1]


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


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
        # Before the id goes: what has no new line yet is this request's.
        flush_lines()
        CURRENT.id = before


def flush_lines() -> None:
    """Write what was printed without a new line."""
    for stream in (sys.stdout, sys.stderr):
        flush = getattr(stream, "flush_line", None)
        if flush is not None:
            flush()


def write_all(data: bytes) -> None:
    """Write to standard output, past every buffer: in a worker, the pipe that the front always reads.

    Parameters
    ----------
    data : bytes
        Whole lines.
    """
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(_OUTPUT, view) :]
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
        # By thread: print() writes a line in two parts, and another thread's must not get between.
        self._rests: dict[int, str] = {}
        self._bytes = _Bytes(self)

    @property
    def encoding(self) -> str:  # type: ignore[override]
        """UTF-8."""
        return "utf-8"

    @property
    def buffer(self) -> io.BufferedIOBase:
        """Takes bytes, as ``sys.stdout.buffer`` does."""
        return self._bytes

    def reconfigure(self, **_: Any) -> None:
        """Accept what scripts ask of a text stream; it is UTF-8 and written line by line anyway."""

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
        thread = threading.get_ident()
        whole = self._rests.pop(thread, "") + text
        *lines, rest = whole.split("\n")
        if rest:
            self._rests[thread] = rest
        if lines:
            write_all(b"".join(self._form.lines(self._level, self._source, shown(line), CURRENT.id) for line in lines))
        return len(text)

    def flush_line(self) -> None:
        """Write what has no new line yet: its request is over."""
        while self._rests:
            _, rest = self._rests.popitem()
            write_all(self._form.lines(self._level, self._source, shown(rest), CURRENT.id))


def shown(line: str) -> str:
    """Return what of a line stays on the screen: a progress bar draws itself again and again.

    Parameters
    ----------
    line : str
        Without its new line.

    Returns
    -------
    str
        What is behind the last return to its beginning.
    """
    return line.rstrip("\r").rpartition("\r")[2]


class _Bytes(io.BufferedIOBase):
    def __init__(self, stream: LineStream) -> None:
        super().__init__()
        self._stream = stream
        # A letter may come in two writes.
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self._stream.write(self._decode(bytes(data)))
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


def configure(
    name: str = "text", level: str = "INFO", write: Callable[[bytes], None] = write_all, mark: str = ""
) -> Format:
    """Send this process's log records and warnings to standard output.

    Parameters
    ----------
    name : str, optional
        One of :data:`FORMATS`.
    level : str, optional
        One of :data:`LEVELS`.
    write : callable, optional
        Writes whole lines.
    mark : str, optional
        Begins each line.

    Returns
    -------
    Format
        For those who write records without ``logging``.
    """
    form = Format(name, mark)
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
