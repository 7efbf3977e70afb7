"""The duties of an endpoint's supervisor, a process that runs while there is something to look after."""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Callable

from ..endpoints import Endpoints
from ..errors import NotFound
from ..files import write_atomic
from ..routing import SUPERVISOR, router_of
from ..services import ServiceRecord
from ..store import Held, lock
from .autoscaling import Autoscaler
from .endpoints import EndpointChanges
from .rollouts import RolloutRun

_LOOK_SECONDS = 0.2


def supervise(
    endpoint: str,
    endpoints: Endpoints,
    changes: EndpointChanges,
    health: Callable[[ServiceRecord], tuple[str, str]],
    say: Callable[[str], None],
) -> None:
    """Look after an endpoint until nothing of it wants that; returns at once where another process does.

    Parameters
    ----------
    health : callable
        Returns the state of a service, and why.
    say : callable
        Gets what is done, and what goes wrong.
    """
    try:
        if endpoints.get(endpoint).router is None:
            return
        folder = changes.home.endpoint(endpoint) / "router"
        with lock(folder / "supervisor.alone", 0.0):
            write_atomic(folder / SUPERVISOR, str(os.getpid()), mode=0o600)
            scaler = Autoscaler(endpoint, endpoints, changes, say)
            threading.Thread(target=_or_die, args=(scaler.run,), daemon=True).start()
            while _is_wanted(endpoint, endpoints, changes):
                rollout = endpoints.rollouts.unfinished(endpoint)
                if rollout is None:
                    time.sleep(_LOOK_SECONDS)
                else:
                    RolloutRun(rollout.number, endpoints, changes, health, say).run()
    except (Held, NotFound):
        return


def _or_die(work: Callable[[], None]) -> None:
    """Do what another thread must not go on without: the router's watcher starts the whole process again."""
    try:
        work()
    except BaseException:  # noqa: BLE001 - whatever it is, the process must not go on without this work
        traceback.print_exc()
        os._exit(1)


def _is_wanted(endpoint: str, endpoints: Endpoints, changes: EndpointChanges) -> bool:
    if changes.resizing.wanted(endpoint):
        return True
    router = endpoints.get(endpoint).router
    if router is not None:
        router_of(router.kind).supervise(changes.home, router, None)
    # It may have been wanted again while the file was taken away.
    changes.resizing.supervise(endpoint)
    return changes.resizing.wanted(endpoint)
