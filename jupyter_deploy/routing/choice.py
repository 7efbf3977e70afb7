"""Which router there is for an endpoint."""

from __future__ import annotations

import os

from .binary import is_there
from .router import Router

# "aiohttp" has new endpoints routed without Envoy.
VARIABLE = "JUPYTER_DEPLOY_ROUTER"


def kind_of_new() -> str:
    """Return which kind of router a new endpoint gets: Envoy, where there is one."""
    from .proxied import is_installed

    given = os.environ.get(VARIABLE, "")
    return given or ("envoy" if is_there() or not is_installed() else "aiohttp")


def router_of(kind: str = "") -> Router:
    """Return the router of a kind, by default the one for a new endpoint."""
    if (kind or kind_of_new()) == "aiohttp":
        from .proxied import AiohttpRouter

        return AiohttpRouter()
    from .process import EnvoyRouter

    return EnvoyRouter()


def notice_of(kind: str) -> str:
    """Return what a user is told of a router that is not the usual one; empty for Envoy."""
    if kind != "aiohttp":
        return ""
    return (
        "There is no Envoy here, so a slower router takes the requests: it is written in Python, and has no "
        "WebSockets. With an envoy on the PATH, endpoints that are created again get it."
    )
