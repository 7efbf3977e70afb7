"""``python -m jupyter_deploy.serving.workerprocess``: one worker in a fresh interpreter, where there is no fork.

Its standard input brings one line of JSON: layout, options, and the socket (a descriptor's number or, on Windows, what
``socket.share()`` gave, in base64).
"""

from __future__ import annotations

import base64
import json
import os
import signal
import socket
import sys
from typing import Any

from . import worker
from .layout import Layout
from .options import WorkerOptions


def main() -> int:
    """Read what to serve and serve it.

    Returns
    -------
    int
        The exit code: 0, or 3 where the script cannot serve.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.path[:] = [entry for entry in sys.path if entry not in {"", os.getcwd()}]  # noqa: PTH109
    values: dict[str, Any] = json.loads(sys.stdin.readline())
    if "share" in values:
        # Only Windows has it.
        sock: socket.socket = socket.fromshare(base64.b64decode(values["share"]))  # type: ignore[attr-defined,unused-ignore]
    else:
        sock = socket.socket(fileno=values["descriptor"])
    sock.set_inheritable(False)
    return worker.main(sock, Layout(**values["layout"]), WorkerOptions(**values["options"]))


if __name__ == "__main__":
    sys.exit(main())
