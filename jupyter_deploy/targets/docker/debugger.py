"""A debugger's way into a container: a second one, whose port is published, passes it on to the server's socket.

The ports of a container are published when it is made, so those of a running one, or of one that has another's network,
cannot be. The second container sees the first one's state alone, and comes and goes without it.
"""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import PortBusy, StartFailed
from ...services import Launch
from ...serving import DEBUGGER_SOCKET, LISTENS, layout_of_bundle, write_cells
from .containers import HOST, user_of
from .daemon import engine
from .facts import ContainerFacts
from .images import LABEL
from .share import STATE, Share, debugged_in

ROLE = "debugger"
# Where the server has the cells' files.
ROOT = f"{STATE}/cells"
_PORT = 5678
_MEMORY = 128 << 20
_PIDS = 32
_START_SECONDS = 20.0
_LOOK_SECONDS = 0.02


def open_way(client: Any, launch: Launch, facts: ContainerFacts) -> None:
    """Let a debugger attach at the port that settings say, and write the cells where the user sees them.

    Raises
    ------
    PortBusy
        If another program has the port.
    """
    port = int(launch.settings.get("debug_port", 0))
    if not port:
        return
    layout = layout_of_bundle(launch.bundle.folder)
    if layout.origins:
        write_cells(layout, Path(debugged_in(launch)))
    share = Share.of(facts)
    if share.debugger == port and _is_there(client, _name(facts.name)):
        return
    # That of the server before has the port still.
    server = client.api.inspect_container(facts.container)
    for one in _of_service(client, server["Config"]["Labels"], ROLE):
        _remove(client, one["Id"])
    _start(client, server, share, port)
    share.debugger = port


def _of_service(client: Any, labels: Mapping[str, str], role: str) -> list[dict[str, Any]]:
    same = [f"{name}={labels[name]}" for name in (f"{LABEL}.workspace", f"{LABEL}.service")]
    found: list[dict[str, Any]] = client.api.containers(all=True, filters={"label": [*same, f"{LABEL}.role={role}"]})
    return found


def _start(client: Any, server: Mapping[str, Any], share: Share, port: int) -> None:
    from docker.errors import APIError
    from docker.types import Mount

    name, labels = _name(server["Name"].lstrip("/")), server["Config"]["Labels"]
    try:
        client.api.create_container(
            server["Image"],
            entrypoint=["python3", "-u", "-m", "jupyter_deploy.serving.relay"],
            command=[str(_PORT), f"{STATE}/{DEBUGGER_SOCKET}"],
            name=name,
            user=user_of(client.info()),
            working_dir="/tmp",  # noqa: S108 - the container's own
            ports=[(_PORT, "tcp")],
            labels={
                f"{LABEL}.workspace": labels[f"{LABEL}.workspace"],
                f"{LABEL}.service": labels[f"{LABEL}.service"],
                f"{LABEL}.role": ROLE,
                f"{LABEL}.of": server["Id"],
            },
            host_config=client.api.create_host_config(
                port_bindings={f"{_PORT}/tcp": (HOST, port)},
                read_only=True,
                cap_drop=["ALL"],
                security_opt=["no-new-privileges:true"],
                pids_limit=_PIDS,
                mem_limit=_MEMORY,
                memswap_limit=_MEMORY,
                init=True,
                restart_policy={"Name": "unless-stopped"},
                mounts=[Mount(STATE, str(share.state), type="bind", read_only=True)],
            ),
        )
        client.api.start(name)
        _await_listening(client, name)
    except APIError as error:
        _remove(client, name)
        if re.search(r"already allocated|already in use|bind for", str(error.explanation or error), re.IGNORECASE):
            raise PortBusy(
                f"Port {port} cannot be used for a debugger: another program has it.",
                hint="Give another port, or --debug alone: a free one is chosen.",
            ) from error
        raise


def _await_listening(client: Any, container: str) -> None:
    """Wait for its own word: the engine takes connections to a published port before anything listens behind it."""
    until = time.monotonic() + _START_SECONDS
    while LISTENS.encode() not in client.api.logs(container, stderr=False):
        if time.monotonic() > until:
            words = client.api.logs(container).decode(errors="replace")[-2000:]
            raise StartFailed("The way for a debugger does not open.", details=words, hint="Try again.")
        time.sleep(_LOOK_SECONDS)


def close_way(facts: ContainerFacts) -> None:
    """Let no debugger attach any more."""
    share = Share.of(facts)
    if share.debugger:
        with engine() as client:
            _remove(client, _name(facts.name))
            share.debugger = 0
            _give_back(client, facts)


def _give_back(client: Any, facts: ContainerFacts) -> None:
    """Where a new server failed, let a debugger attach again to the one before it, which serves on."""
    from docker.errors import NotFound

    with contextlib.suppress(NotFound):
        labels = client.api.inspect_container(facts.container)["Config"]["Labels"]
        for one in _of_service(client, labels, "service"):
            server = client.api.inspect_container(one["Id"])
            (state,) = (mount["Source"] for mount in server["Mounts"] if mount["Destination"] == STATE)
            share, way = Share(Path(state).parent), _name(server["Name"].lstrip("/"))
            if share.debugger and server["State"]["Running"] and not _is_there(client, way):
                _start(client, server, share, share.debugger)


def _is_there(client: Any, container: str) -> bool:
    from docker.errors import NotFound

    try:
        return bool(client.api.inspect_container(container)["State"]["Running"])
    except NotFound:
        return False


def _name(server: str) -> str:
    return f"{server}-debugger"


def _remove(client: Any, container: str) -> None:
    from docker.errors import NotFound

    with contextlib.suppress(NotFound):
        client.api.remove_container(container, v=True, force=True)
