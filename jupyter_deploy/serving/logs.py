"""The service's log: one stream, whole lines in the order in which they happened, each with its request's id.

``print()``, ``logging`` and warnings all become records of one format: text, or one JSON object a line. Workers and
fork-server write to pipes that the front reads; output of C code and child processes becomes records there, too
(``logwriter``).
"""

from __future__ import annotations

import codecs
import io
import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import orjson

log = logging.getLogger("jupyter_deploy.serving")
FORMATS = ("text", "json")
LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
_OUTPUT = 1
# Begins each record of a worker; the front recognises other output by its absence.
MARK = "\x1e" if sys.platform != "win32" else ""


# When and with which status a request was answered; its id, method and path; how long it took; its answer's size.
Access = tuple[float, int, str, str, str, float, str]


class Format:
    """Formats records in one of :data:`FORMATS`; ``mark`` begins each line."""

    def __init__(self, name: str = "text", mark: str = "") -> None:
        self._json = name == "json"
        self._mark = mark
        self._second = (-1, "")

    def use(self, name: str) -> None:
        """Use another format from the next record on."""
        self._json, self._second = name == "json", (-1, "")

    def lines(self, level: str, source: str, text: str, request: str, when: float | None = None, pid: int = 0) -> bytes:
        """Format one record, ending in a new line.

        ``source`` is the logger, or ``print``. A text of several lines gets the prefix on each of them; in JSON it
        stays one record. ``request`` is the request's id, empty outside one. ``when`` is in seconds since the epoch,
        by default now; ``pid`` is by default this process.
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
                # A text with half a surrogate pair, as in some file names, has no UTF-8.
                record |= {"logger": _encodable(source), "message": _encodable(text)}
                line = orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
            return self._mark.encode() + line
        stamp = f"{self._stamp(when, ' ')},{int(when * 1000) % 1000:03d}"
        prefix = f"{self._mark}{stamp} {level[0]} [{pid}] {request or '-'} {source} - "
        body = text.replace("\n", "\n" + prefix) if "\n" in text else text
        return f"{prefix}{body}\n".encode("utf-8", "backslashreplace")

    def accesses(self, noted: Iterable[Access]) -> bytes:
        """Format the access lines of answered requests, in their order."""
        if self._json:
            return b"".join(
                self.lines(
                    _level(status), "access", f"{method} {path} {status} {seconds * 1000:.3f}ms {size}", name, when
                )
                for when, status, name, method, path, seconds, size in noted
            )
        end = f" [{os.getpid()}] "
        lines = []
        for when, status, name, method, path, seconds, size in noted:
            begin = f"{self._mark}{self._stamp(when, ' ')},{int(when * 1000) % 1000:03d} {_level(status)[0]}{end}"
            lines.append(f"{begin}{name or '-'} access - {method} {path} {status} {seconds * 1000:.3f}ms {size}\n")
        return "".join(lines).encode("utf-8", "backslashreplace")

    def _stamp(self, when: float, between: str) -> str:
        second = int(when)
        if self._second[0] != second:
            self._second = (second, time.strftime(f"%Y-%m-%d{between}%H:%M:%S", time.gmtime(second)))
        return self._second[1]


def _level(status: int) -> str:
    """Choose an access line's level: a filter for warnings shows the requests that failed."""
    if status < 400:
        return "INFO"
    return "WARNING" if status < 500 else "ERROR"


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


class _Current:
    """The request that this process works on; threads that the script starts meanwhile log for it too."""

    def __init__(self) -> None:
        self.id = ""


CURRENT = _Current()


@contextmanager
def request_id(value: str) -> Iterator[None]:
    """Write the lines inside the block for one request."""
    before, CURRENT.id = CURRENT.id, value
    try:
        yield
    finally:
        # Before the id changes: unfinished lines belong to this request.
        flush_lines()
        CURRENT.id = before


def flush_lines() -> None:
    """Write what was printed without a new line."""
    for stream in (sys.stdout, sys.stderr):
        flush = getattr(stream, "flush_line", None)
        if flush is not None:
            flush()


def write_all(data: bytes) -> None:
    """Write whole lines to standard output, past every buffer: in a worker, the pipe that the front always reads."""
    view = memoryview(data)
    while view:
        try:
            view = view[os.write(_OUTPUT, view) :]
        except BlockingIOError:
            time.sleep(0.001)
        except OSError:
            # The log has no reader any more; the service goes on.
            return


class LineStream(io.TextIOBase):
    """``sys.stdout`` and ``sys.stderr`` of a script: whole lines become records.

    ``number`` is the descriptor that the stream replaces; ``level`` and ``source`` are those of its records.
    """

    def __init__(self, form: Format, level: str, source: str, number: int) -> None:
        super().__init__()
        self._form, self._level, self._source, self._number = form, level, source, number
        # One per thread: print() writes a line in two parts, and another thread's output must not come between them.
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
        """Return the descriptor that child processes inherit, 1 or 2."""
        return self._number

    def writable(self) -> bool:
        """Return True (io's hook)."""
        return True

    def write(self, text: str) -> int:
        """Take text, write complete lines at once, and return the text's length."""
        thread = threading.get_ident()
        whole = self._rests.pop(thread, "") + text
        *lines, rest = whole.split("\n")
        if rest:
            self._rests[thread] = rest
        if lines:
            write_all(b"".join(self._form.lines(self._level, self._source, shown(line), CURRENT.id) for line in lines))
        return len(text)

    def flush_line(self) -> None:
        """Write an unfinished line: its request is over."""
        while self._rests:
            _, rest = self._rests.popitem()
            write_all(self._form.lines(self._level, self._source, shown(rest), CURRENT.id))


def shown(line: str) -> str:
    """Return what stays on the screen: a progress bar draws itself again and again after a carriage return."""
    return line.rstrip("\r").rpartition("\r")[2]


class _Bytes(io.BufferedIOBase):
    def __init__(self, stream: LineStream) -> None:
        super().__init__()
        self._stream = stream
        # A character may be split between two writes.
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
        except Exception:  # noqa: BLE001 - as in logging: a bad log call must not break the program
            self.handleError(record)
            return
        self._write(self._form.lines(record.levelname, record.name, text, CURRENT.id, record.created))


def configure(
    name: str = "text", level: str = "INFO", write: Callable[[bytes], None] = write_all, mark: str = ""
) -> Format:
    """Send this process's log records and warnings to standard output.

    ``name`` is one of :data:`FORMATS`, ``level`` one of :data:`LEVELS`. ``write`` takes whole lines, each of which
    begins with ``mark``. The format is for code that writes records without ``logging``.
    """
    form = Format(name, mark)
    root = logging.getLogger()
    root.handlers[:] = [_Handler(form, write)]
    root.setLevel(level)
    logging.captureWarnings(True)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    return form


def capture_prints(form: Format) -> None:
    """Make records of ``print()`` and everything else that is written to ``sys.stdout`` and ``sys.stderr``."""
    sys.stdout = LineStream(form, "INFO", "print", 1)
    sys.stderr = LineStream(form, "ERROR", "stderr", 2)
