"""Lines in a service's log from the process that changes it."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Callable

from ..files import touch_private
from ..home import Home
from ..services import Launch, ServiceSpec, Target
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


def prepare(home: Home, spec: ServiceSpec, target: Target, launch: Launch, progress: Callable[[str], None]) -> None:
    """Prepare a start; what is made for it is told in the service's log, before the server's own lines."""
    said = ""

    def say(text: str) -> None:
        nonlocal said
        progress(text)
        words = getattr(text, "words", text)
        if words != said:
            said = words
            write(words)

    def write(text: str) -> None:
        # A full disk must not stop a deployment.
        with contextlib.suppress(OSError):
            launch.local.log.parent.mkdir(parents=True, exist_ok=True)
            touch_private(launch.local.log)
            note(home, spec, "INFO", text)

    target.prepare(launch, say)
    on = f"image {launch.image.name}" if launch.image else f"environment {launch.environment.name}"
    write(f"starting a server: target {target.name}, {on}")
