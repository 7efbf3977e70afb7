"""Request bodies as the SDK sends them."""

from __future__ import annotations

from typing import Any

from ....invoking import Payload


def as_it_is(body: Any) -> Any:
    """Keep a text or bytes from being put under the first name of the service's schema."""
    if isinstance(body, str):
        body = body.encode()
    return Payload(body, "application/json") if isinstance(body, bytes) else body
