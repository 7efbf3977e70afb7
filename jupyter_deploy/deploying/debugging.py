"""Where a debugger attaches to a service: its port, what the user is told of it, and what stands in its way."""

from __future__ import annotations

import json
import socket
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import PortBusy, UsageProblem
from ..services import ServiceSpec, Setting
from ..targets import target
from .asked import ANY_PORT, Asked

_HOST = "127.0.0.1"


def debugged(before: ServiceSpec, spec: ServiceSpec, asked: Asked) -> ServiceSpec:
    """Return a specification whose settings say where a debugger attaches, as it is asked for.

    A service keeps its port where none is given, so that an editor's configuration stays valid.

    Raises
    ------
    UsageProblem
        If the service runs where none can attach.
    PortBusy
        If the port is in use.
    """
    settings: dict[str, Setting] = dict(spec.settings)
    port = int(settings.get("debug_port", 0))
    if asked.debug is not None:
        port = asked.debug if asked.debug != ANY_PORT else port or _free()
        if port and port != before.settings.get("debug_port"):
            _check(port)
        settings["debug_port"] = port
        settings["debug_wait"] = bool(asked.debug_wait)
    if not port:
        return replace(spec, settings={key: value for key, value in settings.items() if not key.startswith("debug_")})
    if spec.image or not target(spec.target).capabilities.debugging:
        raise UsageProblem(
            f"A debugger cannot attach to {spec.name}: it runs an image of its own, or on another machine.",
            hint=f"jupyter model deploy {spec.name} --target process --debug",
        )
    settings["debug_source"] = spec.script if spec.script_is_file else ""
    return replace(spec, settings={key: value for key, value in sorted(settings.items()) if value})


def told_of_debugger(spec: ServiceSpec, folder: Path) -> tuple[str, ...]:
    """Say where a debugger attaches, with what an editor needs; ``folder`` is the service's own. Empty for nowhere."""
    port = int(spec.settings.get("debug_port", 0))
    if not port:
        return ()
    entry: Mapping[str, Any] = {
        "name": spec.name,
        "type": "debugpy",
        "request": "attach",
        "connect": {"host": _HOST, "port": port},
        "justMyCode": False,
    }
    if root := target(spec.target).capabilities.debug_root:
        local = Path(spec.script).parent if spec.script_is_file else folder / "cells"
        entry = {**entry, "pathMappings": [{"localRoot": str(local), "remoteRoot": root}]}
    where = spec.script if spec.script_is_file else f"the cells' files in {folder / 'cells'}"
    return (
        f"a debugger can attach to {_HOST}:{port}; breakpoints stop in {where}",
        f"for launch.json: {json.dumps(entry)}",
    )


def _free() -> int:
    with socket.create_server((_HOST, 0)) as one:
        return int(one.getsockname()[1])


def _check(port: int) -> None:
    try:
        socket.create_server((_HOST, port)).close()
    except OSError as error:
        raise PortBusy(
            f"Port {port} cannot be used for a debugger: {error.strerror}.",
            hint="Give another port, or --debug alone: a free one is chosen.",
        ) from error
