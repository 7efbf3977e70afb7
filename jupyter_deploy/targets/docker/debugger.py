"""A debugger's way into a container: a second one, whose port is published, passes it on to the server's socket.

The ports of a container are published when it is made, so those of a running one, or of one that has another's network,
cannot be. The second container sees the first one's state alone, and comes and goes without it.
"""

from __future__ import annotations

import contextlib
import re
import time
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
    if share.debugger == port and _is_there(client, _name(facts)):
        return
    # That of the server before has the port still.
    labels = [f"{LABEL}.workspace={launch.workspace}", f"{LABEL}.service={launch.name}", f"{LABEL}.role={ROLE}"]
    for one in client.api.containers(all=True, filters={"label": labels}):
        _remove(client, one["Id"])
    _start(client, launch, facts, port)
    share.debugger = port


def _start(client: Any, launch: Launch, facts: ContainerFacts, port: int) -> None:
    from docker.errors import APIError
    from docker.types import Mount

    server = client.api.inspect_container(facts.container)
    try:
        client.api.create_container(
            server["Image"],
            entrypoint=["python3", "-u", "-m", "jupyter_deploy.serving.relay"],
            command=[str(_PORT), f"{STATE}/{DEBUGGER_SOCKET}"],
            name=_name(facts),
            user=user_of(client.info()),
            working_dir="/tmp",  # noqa: S108 - the container's own
            ports=[(_PORT, "tcp")],
            labels={
                f"{LABEL}.workspace": launch.workspace,
                f"{LABEL}.service": launch.name,
                f"{LABEL}.role": ROLE,
                f"{LABEL}.of": facts.container,
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
                mounts=[Mount(STATE, str(Share.of(facts).state), type="bind", read_only=True)],
            ),
        )
        client.api.start(_name(facts))
        _await_listening(client, _name(facts))
    except APIError as error:
        _remove(client, _name(facts))
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
            _remove(client, _name(facts))
        share.debugger = 0


def _is_there(client: Any, container: str) -> bool:
    from docker.errors import NotFound

    try:
        return bool(client.api.inspect_container(container)["State"]["Running"])
    except NotFound:
        return False


def _name(facts: ContainerFacts) -> str:
    return f"{facts.name}-debugger"


def _remove(client: Any, container: str) -> None:
    from docker.errors import NotFound

    with contextlib.suppress(NotFound):
        client.api.remove_container(container, v=True, force=True)
