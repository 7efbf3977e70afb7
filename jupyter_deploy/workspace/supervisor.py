"""``python -m jupyter_deploy.workspace.supervisor HOME ENDPOINT``: look after an endpoint.

The router's watcher starts it, and starts it again when it dies. All that it knows is in the database, so it may be
killed at any moment.
"""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

from .workspace import Workspace


def main(home: Path, endpoint: str) -> int:
    """Work until there is nothing to look after."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Workspace(home).endpoints.supervise(endpoint, _say)
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
