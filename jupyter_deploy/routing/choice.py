"""Which router there is for an endpoint."""

from __future__ import annotations

from .router import Router


def router_of(kind: str = "") -> Router:
    """Return the router of a kind, by default the one for a new endpoint."""
    from .process import EnvoyRouter

    return EnvoyRouter()
