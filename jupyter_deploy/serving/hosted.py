"""A script without a server: a worker in a process of its own, asked directly."""

from __future__ import annotations

import collections
import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import orjson

from .failures import Failure
from .layout import layout_of_bundle
from .logs import MARK
from .messages import FrameBuffer, Kind, Payload, Request, note, pack_requests, unpack_answers, unpack_part
from .options import WorkerOptions

_WORKER = "jupyter_deploy.serving.worker.workerprocess"
_PIECE = 1 << 18
_END_SECONDS = 5.0
_KEPT_LINES = 20


class HostDied(Exception):
    """The worker ended in the middle of its work; the text has its last words."""


class HostLate(Exception):
    """The worker did not answer in time, and was ended."""


class HostFailed(Exception):
    """The script cannot be loaded; ``failure`` says why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.summary)
        self.failure = failure


@dataclass(frozen=True)
class HostedAnswer:
    """What the script made of a request."""

    status: int
    body: bytes = field(repr=False)
    content_type: str
    failure: Failure | None = None


class HostedScript:
    """The script of a bundle in a process of its own, which starts with the first request, and again after its death.

    Not for several threads at once.

    Parameters
    ----------
    bundle : pathlib.Path
        Its folder.
    options : WorkerOptions
        As a server's workers get them.
    variables : mapping
        The script's environment variables.
    """

    def __init__(self, bundle: Path, options: WorkerOptions, variables: Mapping[str, str]) -> None:
        self._bundle, self._options, self._variables = bundle, options, dict(variables)
        self._process: subprocess.Popen[bytes] | None = None
        self._sock: socket.socket | None = None
        self._frames: collections.deque[tuple[Kind, Payload]] = collections.deque()
        self._buffer = FrameBuffer()
        self._last: collections.deque[str] = collections.deque(maxlen=_KEPT_LINES)
        self._facts: dict[str, Any] = {}
        self._number = 0

    def facts(self) -> dict[str, Any]:
        """Load the script, unless it is, and return what its worker told of it: its mode, and its schemas.

        Raises
        ------
        HostFailed
            If the script cannot serve.
        """
        if self._process is None:
            self._start()
        return self._facts

    def ask(self, body: bytes, timeout: float | None = None) -> HostedAnswer:
        """Have the script answer one request.

        Raises
        ------
        HostDied, HostLate, HostFailed
            If there is no answer; the next request starts another process.
        """
        self.facts()
        assert self._sock is not None
        end = None if timeout is None else time.monotonic() + timeout
        self._number += 1
        try:
            self._sock.settimeout(timeout)
            self._sock.sendall(b"".join(pack_requests([Request(self._number, f"row-{self._number}", body)])))
            return self._answer(end)
        except TimeoutError:
            self.close(kill=True)
            raise HostLate(f"no answer within {timeout:g} s") from None
        except OSError as error:
            raise self._died() from error

    def _answer(self, end: float | None) -> HostedAnswer:
        answer, parts = None, bytearray()
        while True:
            kind, payload = self._next(end)
            if kind is Kind.ANSWERS:
                (answer,) = unpack_answers(payload)
                if not answer.meta.get("more"):
                    break
            elif kind is Kind.CHUNK:
                parts += unpack_part(payload)[1]
            elif kind is Kind.END:
                if unpack_part(payload)[1] != b"1":
                    return HostedAnswer(502, b"", "", None)
                break
        assert answer is not None
        headers = {str(name).lower(): str(value) for name, value in answer.meta.get("headers", ())}
        kind_of_content = headers.get("content-type", "application/json").partition(";")[0].strip().lower()
        body = bytes(parts) if answer.meta.get("more") else answer.body
        return HostedAnswer(answer.status, body, kind_of_content, Failure.read(answer.meta.get("failure")))

    def _start(self) -> None:
        layout = layout_of_bundle(self._bundle)
        own, theirs = socket.socketpair()
        try:
            self._process = subprocess.Popen(
                [sys.executable, "-u", "-m", _WORKER, str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                env={**os.environ, **self._variables},
            )
        except BaseException:
            own.close()
            raise
        finally:
            theirs.close()
        self._sock, self._buffer = own, FrameBuffer()
        self._frames.clear()
        self._last.clear()
        assert self._process.stdout is not None
        threading.Thread(target=self._pass_on, args=(self._process.stdout,), daemon=True).start()
        try:
            own.sendall(note(Kind.START, layout=layout.as_dict(), options=self._options.as_dict()))
            kind, payload = self._next(None)
        except OSError as error:
            raise self._died() from error
        told = orjson.loads(payload)
        if kind is not Kind.READY:
            self.close()
            failure = Failure.read(told)
            assert failure is not None
            raise HostFailed(failure)
        self._facts = told["script"]

    def _next(self, end: float | None) -> tuple[Kind, Payload]:
        """Return the next frame that is not for a front's ears; raises OSError where the worker is gone."""
        assert self._sock is not None
        while True:
            while self._frames:
                kind, payload = self._frames.popleft()
                if kind not in {Kind.COLLECTED, Kind.LEAVING}:
                    return kind, payload
            left = None if end is None else end - time.monotonic()
            if left is not None and left <= 0:
                raise TimeoutError
            self._sock.settimeout(left)
            data = self._sock.recv(_PIECE)
            if not data:
                raise ConnectionResetError
            self._frames.extend(self._buffer.feed(data))

    def _pass_on(self, output: IO[bytes]) -> None:
        """Pass on what the script prints."""
        with output:
            for line in output:
                text = line.decode("utf-8", "replace").replace(MARK, "") if MARK else line.decode("utf-8", "replace")
                self._last.append(text.rstrip())
                sys.stderr.write(text)

    def _died(self) -> HostDied:
        process = self._process
        self.close()
        code = process.returncode if process else None
        how = f"signal {-code}" if code is not None and code < 0 else f"exit code {code}"
        return HostDied(f"the process that ran the script ended ({how})")

    def close(self, *, kill: bool = False) -> None:
        """End the process: after what it holds, or at once."""
        process, sock, self._process, self._sock = self._process, self._sock, None, None
        if sock is not None:
            sock.close()
        if process is None:
            return
        if kill:
            process.kill()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
