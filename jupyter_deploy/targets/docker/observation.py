"""The state of a container whose server does not report it."""

from __future__ import annotations

import contextlib
import time
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from ...errors import DeployError
from ...services import Health, OwnImage
from ..asking import Silent, ask
from .daemon import engine
from .facts import ContainerFacts

_START_SECONDS = 30.0
_ANSWER_SECONDS = 3.0
_ASK_SECONDS = 10.0
_LAST_WORDS = 600
# Docker keeps 256 events.
_REMEMBERED = 250


def of_container(facts: ContainerFacts, silent: str, *, has_served: bool = True) -> Health:
    """Ask the engine about a container whose server does not answer.

    It is Failed if it was removed, stopped, or keeps ending; Unhealthy if the engine does not answer either.
    ``silent`` says why the server's own view is unknown. A server that never served (``has_served``) and ends has
    failed to start.
    """
    from docker.errors import NotFound

    try:
        with engine(_ASK_SECONDS) as client:
            return _judged(client, facts, client.api.inspect_container(facts.container), silent, has_served)
    except DeployError as error:
        if isinstance(error.__cause__, NotFound):
            return Health("Failed", f"its container {facts.name} was removed")
        return Health("Unhealthy", f"the server does not answer; {error.message.rstrip('.')}")


def _judged(client: Any, facts: ContainerFacts, inspected: dict[str, Any], silent: str, has_served: bool) -> Health:
    state, again = inspected["State"], inspected["RestartCount"]
    name, status, code = facts.name, state["Status"], state["ExitCode"]
    why = f"OOMKilled: it needed more than its {memory_text(inspected)} of memory" if state.get("OOMKilled") else ""
    if status == "paused":
        return Health("Unhealthy", f"its container is paused; docker unpause {name} lets it go on")
    if status == "exited" and code in {0, 137, 139, 143}:
        if stopped_by_hand(client, facts.container, code):
            return Health("Failed", f"its container was stopped by hand; docker start {name} or deploy starts it again")
        # docker kill counts as a wish of the user, and the engine leaves the container; the service must run all the
        # same. After any other end, OOMKilled too (which it also reports for workers that died long ago), the engine
        # restarts it itself. Or the engine died: on its next start it stops leftover processes and does not restart
        # them.
        client.api.start(facts.container)
        how = "was ended by the engine" if code in {0, 143} else f"was killed (code {code})"
        return Health("Transitioning", f"its container {how} and starts again")
    if status in {"exited", "dead"} or (again and (not has_served or again > 3) and not _steady(state)):
        return Health("Failed", why or f"its container ended with code {code}{_words(client, facts, state)}")
    if status == "created":
        # Its creator died before the start, or is about to start it: starting twice does no harm.
        client.api.start(facts.container)
        return Health("Transitioning", "its container is starting")
    if status == "restarting":
        return Health("Transitioning", why or "its container is starting")
    if _seconds_since(state["StartedAt"]) < _START_SECONDS:
        return Health("Transitioning", "the server is starting")
    return Health("Unhealthy", silent.rstrip("."))


def stopped_by_hand(client: Any, container: str, code: int) -> bool:
    """Tell a user's stop from docker kill, and from what an engine does to surviving containers at its own start.

    The engine records a stop, even if it had to kill in the end, but not a kill. It also records a stop at its own
    start, but then not the container's start, though its record is not full yet.
    """
    known = list(client.api.events(since="1", until=f"{time.time():.9f}", decode=True))
    own = [event.get("Action") for event in known if (event.get("Actor") or {}).get("ID") == container]
    full = len(known) >= _REMEMBERED
    if full and not own:
        # Long ago: a server that ended normally was asked to.
        return code in {0, 143}
    lately = own[len(own) - own[::-1].index("start") :] if "start" in own else own
    return "stop" in lately and ("start" in own or full)


def _steady(state: dict[str, Any]) -> bool:
    return bool(state["Status"] == "running" and _seconds_since(state["StartedAt"]) > _START_SECONDS)


def _words(client: Any, facts: ContainerFacts, state: dict[str, Any]) -> str:
    # The engine's own error, if it could not start the container (the port is taken, for example).
    said = state.get("Error") or client.api.logs(facts.container, tail=5).decode("utf-8", "replace").strip()
    return f":\n{said[-_LAST_WORDS:]}" if said else ""


def memory_text(inspected: dict[str, Any]) -> str:
    """Write a container's memory limit, for example ``"256 MB"``."""
    return f"{inspected['HostConfig']['Memory'] / (1 << 20):,.0f} MB"


def of_own_image(facts: ContainerFacts, own: OwnImage, url: str) -> Health:
    """Ask a user's own image for its state, by its own routes.

    It is Healthy if it is ready; Transitioning if it only lives, soon after its start. ``url`` is its address up to
    the port.
    """
    silent = ""
    for route in dict.fromkeys((own.readiness, own.liveness)):
        try:
            status, _ = ask("GET", url + route, _ANSWER_SECONDS, {})
        except Silent as error:
            silent = silent or f"{route} does not answer ({type(error).__name__})"
            continue
        if status >= HTTPStatus.BAD_REQUEST:
            silent = silent or f"{route} answers {status}"
    if silent:
        return of_container(facts, silent)
    with contextlib.suppress(DeployError), engine(_ASK_SECONDS) as client:
        inspected = client.api.inspect_container(facts.container)
        return Health("Healthy", restarts=inspected["RestartCount"], started=_moment(inspected["State"]["StartedAt"]))
    return Health("Healthy", "the Docker engine does not answer", started=time.time())


def _seconds_since(moment: str) -> float:
    return time.time() - _moment(moment)


def _moment(text: str) -> float:
    # Nanoseconds and a Z, which datetime parses only from Python 3.11 on.
    return datetime.fromisoformat(text[:19]).replace(tzinfo=UTC).timestamp()
