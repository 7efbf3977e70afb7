"""Tell others of a service's changes: an address is posted to, a command is run; no change waits for either."""

from __future__ import annotations

import collections
import contextlib
import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from ..errors import UsageProblem

_POST_SECONDS = 5.0
_RUN_SECONDS = 10.0
# The pauses before the second and the third try.
_PAUSES = (0.3, 1.0)
_WAITING = 100
_HIDDEN = "***"
_ADDRESS = re.compile(r"https?://\S+", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
# Some services put the secret into the path.
_SECRET_PART = re.compile(r"[A-Za-z0-9_-]{20,}")
_SHOWN = 200


def is_address(hook: str) -> bool:
    """Whether a hook is posted to; otherwise it is a command."""
    return hook.lower().startswith(("http://", "https://"))


def is_loopback(address: str) -> bool:
    """Whether an address is that of the machine that asks."""
    host = urlsplit(address).hostname or ""
    return host in {"localhost", "::1"} or host.startswith("127.")


def checked_hook(given: str) -> str:
    """Check what a user gave, and return it with the absolute path of the program that it names.

    Raises
    ------
    UsageProblem
        If it can be neither an address nor a command. It is not quoted: it may hold a password.
    """
    text = given.strip()
    if is_address(text):
        with contextlib.suppress(ValueError):
            parts = urlsplit(text)
            if parts.hostname and (parts.port is None or parts.port):
                return text
        raise UsageProblem("An address for changes has no host.", hint="For example --on-change http://127.0.0.1:8000/")
    if _SCHEME.match(text):
        raise UsageProblem(
            f"Changes cannot be sent by {text.partition(':')[0]}.", hint="An address begins with http:// or https://."
        )
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageProblem(
            f"A command for changes cannot be split into words: {error}.", hint="Close quotes."
        ) from None
    if not words:
        raise UsageProblem("A command for changes is empty.", hint="--on-change none removes all.")
    program = shutil.which(words[0])
    if program is None:
        raise UsageProblem(f"There is no program {words[0]!r} here.", hint="Give its path, or an address: https://…")
    return shlex.join([os.path.abspath(program), *words[1:]])  # noqa: PTH100 - resolve() would follow links


def masked_hook(hook: str) -> str:
    """Return what may be shown of a hook: no password, no query, no arguments."""
    if not is_address(hook):
        program, *rest = shlex.split(hook)
        return f"{program} …" if rest else program
    parts = urlsplit(hook)
    host = parts.netloc.rpartition("@")[2]
    place = f"{_HIDDEN}@{host}" if "@" in parts.netloc else host
    path = _SECRET_PART.sub(_HIDDEN, parts.path)
    return urlunsplit((parts.scheme, place, path, _HIDDEN if parts.query else "", ""))


def change_document(
    service: str, before: str | None, to: str, reason: str, *, url: str, generation: int, bundle: str
) -> dict[str, Any]:
    """Make the document that tells of one change; ``before`` is None for a service that is new."""
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    found = {"service": service, "from": before, "to": to, "reason": reason, "time": now}
    return {**found, "url": url, "generation": generation, "bundle": bundle}


class Hooks:
    """Delivers documents in threads, to each hook in their order.

    A ``daemon`` thread ends with its process, another one keeps the process until it has delivered.
    """

    def __init__(self, *, daemon: bool) -> None:
        self._daemon = daemon
        self._lock = threading.Lock()
        self._waiting: dict[str, collections.deque[tuple[bytes, Callable[[str], None]]]] = {}
        self._threads: set[threading.Thread] = set()

    def tell(self, hooks: Iterable[str], document: dict[str, Any], say: Callable[[str], None]) -> None:
        """Deliver a document soon; ``say`` is told, in another thread, where that failed."""
        item = (json.dumps(document).encode(), say)
        for hook in hooks:
            with self._lock:
                if hook in self._waiting:
                    self._waiting[hook].append(item)
                    continue
                self._waiting[hook] = collections.deque([item], maxlen=_WAITING)
                thread = threading.Thread(target=self._deliver, args=(hook,), name="hook", daemon=self._daemon)
                self._threads.add(thread)
            thread.start()

    def wait(self, seconds: float) -> None:
        """Wait until all is delivered, but not longer."""
        until = time.monotonic() + seconds
        for thread in list(self._threads):
            thread.join(max(0.0, until - time.monotonic()))

    def _deliver(self, hook: str) -> None:
        while True:
            with self._lock:
                if not self._waiting[hook]:
                    del self._waiting[hook]
                    self._threads.discard(threading.current_thread())
                    return
                body, say = self._waiting[hook].popleft()
            problem = _post(hook, body) if is_address(hook) else _run(hook, body)
            if problem:
                say(f"a change could not be told to {masked_hook(hook)}: {problem}")


def _post(hook: str, body: bytes) -> str:
    """Post a document; returns why that failed, or an empty text."""
    import urllib.request
    from http.client import HTTPException
    from urllib.error import HTTPError, URLError

    class Unfollowed(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: Any) -> None:
            return None

    address, authorization = _without_user(hook)
    headers = {"Content-Type": "application/json", "User-Agent": "jupyter_deploy", **authorization}
    opener = urllib.request.build_opener(Unfollowed)
    problem = ""
    for pause in (0.0, *_PAUSES):
        time.sleep(pause)
        try:
            request = urllib.request.Request(address, body, headers, method="POST")  # noqa: S310 - an http address
            with opener.open(request, timeout=_POST_SECONDS):
                return ""
        except HTTPError as error:
            error.close()
            problem = f"it answered {error.code}"
            if error.code < 500:
                return problem
        except URLError as error:
            problem = str(error.reason)
        except OSError as error:
            problem = str(error)
        except (HTTPException, ValueError) as error:
            # Its text could quote the address.
            problem = type(error).__name__
    return problem


def _without_user(hook: str) -> tuple[str, dict[str, str]]:
    """Take user and password out of an address, as the header that they mean."""
    from base64 import b64encode

    parts = urlsplit(hook)
    user, _, host = parts.netloc.rpartition("@")
    address = urlunsplit((parts.scheme, host, parts.path or "/", parts.query, ""))
    pair = ":".join(map(unquote, user.partition(":")[::2]))
    return address, {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"} if user else {}


def _run(hook: str, body: bytes) -> str:
    """Run a command with a document as its input; returns why that failed, or an empty text."""
    words = shlex.split(hook)
    try:
        # A session of its own: Ctrl-C does not end it, and what it starts can be ended with it.
        process = subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, start_new_session=True
        )
    except OSError as error:
        return error.strerror or type(error).__name__
    try:
        _, errors = process.communicate(body, timeout=_RUN_SECONDS)
    except subprocess.TimeoutExpired:
        _kill(process)
        return f"it took longer than {_RUN_SECONDS:g} s and was killed"
    if process.returncode == 0:
        return ""
    lines = errors.decode("utf-8", "replace").strip().splitlines()
    last = f": {_ADDRESS.sub(_HIDDEN, lines[-1])[:_SHOWN]}" if lines else ""
    return f"it ended with {process.returncode}{last}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
    for pipe in (process.stdin, process.stderr):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()
