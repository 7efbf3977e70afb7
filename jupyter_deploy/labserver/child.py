"""One verb in a process of its own: Ctrl-C ends it as in a terminal, and Jupyter's server stays free.

``python -m jupyter_deploy.labserver.child`` reads a request as JSON from standard input and writes JSON lines:
``{"stage": …}``, and at the end ``{"outcome": …}``, ``{"error": …}`` or ``{"cancelled": true}``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

from ..errors import DeployError
from ..workspace import Workspace
from .acting import Request, act
from .answers import encoded, error_facts, status_of

_CTRL_C = 130


def main() -> int:
    """Run the verb; returns 0, 1 for a problem, 130 after Ctrl-C."""
    # Jupyter's server may ignore Ctrl-C, as all do that a shell script starts with &; its children would, too.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    # What a library prints must not end up between the lines.
    told = os.dup(1)
    os.dup2(2, 1)

    def tell(line: dict[str, Any]) -> None:
        os.write(told, encoded(line) + b"\n")

    def say(text: str) -> None:
        words, fraction = getattr(text, "words", text), getattr(text, "fraction", None)
        tell({"stage": str(words), "fraction": fraction})

    try:
        request = Request(**json.loads(sys.stdin.buffer.read()))
        tell({"outcome": act(Workspace(), request, say)})
    except DeployError as error:
        tell({"error": error_facts(error), "status": status_of(error)})
        return 1
    except KeyboardInterrupt:
        tell({"cancelled": True})
        return _CTRL_C
    except BrokenPipeError:
        # The server that asked has ended; the work is done.
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
