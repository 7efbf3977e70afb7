"""The service's log: one stream on standard output, lines in the order in which they happened."""

from __future__ import annotations

import logging
import sys

log = logging.getLogger("jupyter_deploy.serving")


def configure() -> None:
    """Send this process's log records to standard output, with UTC-free local time, level and message."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
