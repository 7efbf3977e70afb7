"""Which router there is for an endpoint."""

from __future__ import annotations

import os

from .binary import is_there
from .router import CONTAINED, Router

# "aiohttp" has new endpoints routed without Envoy, "envoy" by a process, also beside containers.
VARIABLE = "JUPYTER_DEPLOY_ROUTER"
# A container's user may bind no port below.
_LEAST_PORT = 1024


def kind_of_new() -> str:
    """Return which kind of router a new endpoint gets: Envoy, where there is one."""
    from .proxied import is_installed

    given = os.environ.get(VARIABLE, "")
    return given or ("envoy" if is_there() or not is_installed() else "aiohttp")


def router_of(kind: str = "") -> Router:
    """Return the router of a kind, by default the one for a new endpoint."""
    kind = kind or kind_of_new()
    if kind == "aiohttp":
        from .proxied import AiohttpRouter

        return AiohttpRouter()
    if kind == CONTAINED:
        from .contained import ContainedEnvoy

        return ContainedEnvoy()
    from .process import EnvoyRouter

    return EnvoyRouter()


def kind_again(kind: str, port: int) -> str:
    """Return which kind of router an endpoint gets that had one of ``kind``: a container stays one."""
    return kind if kind == CONTAINED and port >= _LEAST_PORT else kind_of_new()


def contained_in_place_of(kind: str, port: int) -> str:
    """Return the kind that takes the place of a router beside containers; empty if that one stays."""
    return CONTAINED if kind == "envoy" and port >= _LEAST_PORT and not os.environ.get(VARIABLE) else ""


def notice_of(kind: str) -> str:
    """Return what a user is told of a router that is not the usual one; empty for Envoy."""
    if kind != "aiohttp":
        return ""
    return (
        "There is no Envoy here, so a slower router takes the requests: it is written in Python, and has no "
        "WebSockets. With an envoy on the PATH, endpoints that are created again get it."
    )
