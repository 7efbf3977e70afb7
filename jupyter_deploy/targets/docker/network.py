"""Containers that share one network, so that a server takes its service's port over from the one before it.

The first container's port is published, and that ends with the container: so it stays, with a process that only waits,
while later ones of its service serve in its network.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any

from ...errors import DeployError
from ...services import Health
from ..admin import Admin
from .daemon import engine
from .facts import ContainerFacts
from .images import LABEL, PORT
from .share import Share

_LOOK_SECONDS = 0.02
# The interpreter of a busy machine may take long to start.
_START_SECONDS = 20.0
# After its time to drain, a server still has to end its workers.
_GRACE_SECONDS = 10.0
_ASK_SECONDS = 10.0


def users_of(client: Any, holder: str) -> list[str]:
    """Return the ids of the containers that have the network of another one, in any state."""
    ours = client.api.containers(all=True, filters={"label": f"{LABEL}.role=service"})
    return [one["Id"] for one in ours if one["HostConfig"].get("NetworkMode") == f"container:{holder}"]


def handed_over(client: Any, admin: Admin, container: str, name: str, *, connections: bool) -> bool:
    """Have the server before give its port to the one in ``container``, which waits for it at ``name``.

    Returns false if it does not, or that container ends.
    """
    until = time.monotonic() + _START_SECONDS
    while time.monotonic() < until:
        if admin.hand_over(f"@{name}", PORT, connections=connections):
            return True
        state = client.api.inspect_container(container)
        if state["State"]["Status"] != "running" or state["RestartCount"]:
            return False
        time.sleep(_LOOK_SECONDS)
    return False


def gives_way(client: Any, facts: ContainerFacts, admin: Admin, patience: float) -> bool:
    """End a server whose network others have, and leave its container; false if nothing else has its network."""
    users = users_of(client, facts.container)
    if not users:
        return False
    share = Share.of(facts)
    if not share.has_left and not (admin.leave() and _comes_true(lambda: share.has_left, patience + _GRACE_SECONDS)):
        # It does not answer. Started again, the container only holds its network; the others must join the new one.
        share.leave()
        for container in (facts.container, *users):
            client.api.restart(container, timeout=0)
    return True


def release(client: Any, facts: ContainerFacts) -> None:
    """Remove the container whose network an ended one had, if its own server has left and no other one has it."""
    from docker.errors import NotFound

    holder = Share.of_network(facts)
    if not facts.network or not holder.has_left or users_of(client, facts.network):
        return
    with contextlib.suppress(NotFound):
        client.api.remove_container(facts.network, v=True, force=True)
    holder.remove()


def waits(facts: ContainerFacts) -> bool:
    """Whether a server is ready, and only waits for the end of the one before it."""
    share = Share.of(facts)
    if not facts.network or share.accepts or not share.has_served:
        return False
    with engine(_ASK_SECONDS) as client:
        return bool(client.api.inspect_container(facts.container)["State"]["Status"] == "running")


def mended(facts: ContainerFacts, stopped_by_hand: Callable[[Any, str, int], bool]) -> Health | None:
    """Join a silent server's container to the service's network again if the network's container was restarted.

    An engine that starts does not wait for one container before it starts the next.
    """
    from docker.errors import NotFound

    if not facts.network:
        return None
    try:
        with engine(_ASK_SECONDS) as client:
            return _mended(client, facts, stopped_by_hand)
    except DeployError as error:
        if isinstance(error.__cause__, NotFound):
            return Health("Failed", "its container, or the one that holds its port, was removed")
        return Health("Unhealthy", f"the server does not answer; {error.message.rstrip('.')}")


def _mended(client: Any, facts: ContainerFacts, stopped_by_hand: Callable[[Any, str, int], bool]) -> Health | None:
    holder, own = (client.api.inspect_container(one) for one in (facts.network, facts.container))
    state, name = holder["State"], holder["Name"].lstrip("/")
    if state["Status"] != "running":
        if state["Status"] == "exited" and stopped_by_hand(client, facts.network, state["ExitCode"]):
            reason = f"its container {name} was stopped by hand; docker start {name} or deploy starts it again"
            return Health("Failed", reason)
        client.api.start(facts.network)
    elif not _is_apart(own["State"], state):
        return None
    client.api.restart(facts.container, timeout=0)
    return Health("Transitioning", "its container joins its network again")


def _is_apart(own: dict[str, Any], holder: dict[str, Any]) -> bool:
    """Whether a container could not join a network, or joined one that ended with the holder's last run."""
    if own["Status"] == "running":
        return bool(own["StartedAt"] < holder["StartedAt"])
    return bool(own["Status"] == "exited" and own.get("Error"))


def _comes_true(found: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while not found():
        if time.monotonic() > until:
            return False
        time.sleep(_LOOK_SECONDS)
    return True
