"""A line in a service's log from the process that changes it."""

from __future__ import annotations

import logging
import os

from ..home import Home
from ..services import ServiceSpec
from ..serving import Format

_SOURCE = "jupyter_deploy.deploying"
log = logging.getLogger("jupyter_deploy")


def note(home: Home, spec: ServiceSpec, level: str, text: str) -> None:
    """Append a record in the form of the service's log; where it has none, this process logs the text itself."""
    line = Format(str(spec.settings.get("log_format", "text"))).lines(level, _SOURCE, text, "")
    try:
        # Not made here: a deleted service has no log.
        handle = os.open(home.log(spec.name), os.O_WRONLY | os.O_APPEND)
    except OSError:
        log.log(logging.getLevelName(level), "%s: %s", spec.name, text)
        return
    with os.fdopen(handle, "ab", buffering=0) as file:
        file.write(line)
