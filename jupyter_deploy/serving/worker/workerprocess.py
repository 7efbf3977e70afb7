"""``python -m jupyter_deploy.serving.worker.workerprocess FD``: one worker in a fresh interpreter, without fork.

Without a descriptor, standard input brings one line: the result of ``socket.share()`` in base64 (Windows).
"""

from __future__ import annotations

import base64
import contextlib
import os
import signal
import socket
import sys
from typing import Any

from . import worker

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> int:
    """Find the socket and serve it; the exit code is 0, or 3 if the script cannot serve."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    worker.ignore_hangup()
    _die_with_parent()
    sys.path[:] = [entry for entry in sys.path if entry not in {"", os.getcwd()}]  # noqa: PTH109
    if arguments:
        sock = socket.socket(fileno=int(arguments[0]))
    else:
        from_share: Any = socket.fromshare  # type: ignore[attr-defined,unused-ignore]
        sock = from_share(base64.b64decode(sys.stdin.readline()))
    sock.set_inheritable(False)
    return worker.main(sock, _cannot_copy)


def _die_with_parent() -> None:
    """Ask the kernel to end this process with the front, even if native code holds the interpreter's lock."""
    if sys.platform == "linux":
        import ctypes

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, int(signal.SIGKILL))


def _cannot_copy(*_: Any) -> int:
    raise RuntimeError("there is no fork to copy a process with")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
