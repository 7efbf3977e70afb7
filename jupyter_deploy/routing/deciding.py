"""What a router does with a request, decided from the rules alone: who answers it, or what its client is told.

Envoy is told the same in :mod:`.configuration`, and ``rules.lua``; this is for the router without Envoy.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import jwt

from ..endpoints import HEADER
from ..serving import Credentials
from .rules import Backend, Pool, Rules

# Hosts that a browser page of another site cannot name: what listens on loopback must know who is meant.
_HOSTS = {"127.0.0.1", "localhost", "[::1]"}
_HEALTH = "/v2/health/"
_LEEWAY_SECONDS = 1
_PAIR = " What was sent is a tuple as Python prints it: pass its first item alone."
# What an instance's server itself answers, and not its model.
_OWN = {401, 408, 413, 429, 431, 503}
_MOST_OF_ALL = 1_000_000


@dataclass(frozen=True)
class Refusal:
    """What a client is told that no deployment answers."""

    status: int
    message: str
    headers: Mapping[str, str] = field(default_factory=dict, hash=False)


class Decisions:
    """Answers for one set of rules.

    Parameters
    ----------
    rules : Rules
        What to decide by.
    """

    def __init__(self, rules: Rules) -> None:
        self.rules = rules
        self.pools = {pool.name: pool for pool in rules.pools}
        self._shares = [(name, share) for name, share in rules.traffic.items() if share]

    def of(self, path: str, headers: Mapping[str, str], chance: float) -> Pool | Refusal:
        """Return which deployment gets a request, or why none does.

        ``chance`` is a random number from 0 to below 1.
        """
        name = self.rules.endpoint
        if _host(headers.get("host", "")) not in _HOSTS:
            return Refusal(403, "This endpoint is not known by that host name.")
        if path.startswith("/-/"):
            return Refusal(404, "There is nothing here.")
        asked = headers.get(HEADER)
        is_health = path == "/" or path.startswith(_HEALTH)
        if not (is_health and (asked is None or self.rules.credentials.kind == "token")):
            refused = refusal_of(self.rules.credentials, headers.get("authorization"))
            if refused:
                return refused
        if asked is not None:
            unknown = Refusal(404, f"Endpoint {name} has no deployment of that name.")
            return self.pools.get(asked, unknown)
        if not self._shares:
            first = self.rules.pools[0].name if self.rules.pools else "blue"
            how = f"jupyter model endpoint traffic {name} {first}=100"
            return Refusal(404, f"No deployment of endpoint {name} has traffic. Give it some: {how}")
        value = headers.get(self.rules.sticky) if self.rules.sticky else None
        return self.pools[self._share(_fraction(value) if value is not None else chance)]

    def _share(self, chance: float) -> str:
        at = chance * 100
        for name, share in self._shares:
            at -= share
            if at < 0:
                return name
        return self._shares[-1][0]

    def copied_to(self, asked: str | None, chance: float) -> Pool | None:
        """Return which deployment gets a copy of a request; requests that name a deployment have none."""
        for name, share in self.rules.mirror.items() if asked is None else ():
            if chance * 100 < share:
                return self.pools.get(name)
        return None

    def order(
        self, backends: Sequence[Backend], headers: Mapping[str, str], busy: Mapping[Backend, int]
    ) -> list[Backend]:
        """Return instances, the one to ask first at the front: the least busy, or always the same for a value."""
        value = headers.get(self.rules.sticky) if self.rules.sticky else None
        if value is None:
            return sorted(backends, key=lambda one: busy.get(one, 0))
        # Each value has its own order, so that only those of an instance that is gone move.
        return sorted(backends, key=lambda one: _fraction(f"{value} {one.host} {one.port} {one.path}"))


def most_of(pool: Pool) -> int:
    """Return how many requests a deployment takes: twice as many as are run at once, the others wait."""
    return 2 * pool.limits.concurrency * max(1, len(pool.backends)) or _MOST_OF_ALL


def told_status(status: int, headers: Mapping[str, str]) -> int:
    """Return the status that a client gets for an instance's: 424 where its model has failed."""
    # run() was called where its time is told.
    own = status in _OWN and "x-ms-run-fn-exec-ms" not in headers
    return status if status < 400 or own else 424


def refusal_of(credentials: Credentials, header: str | None) -> Refusal | None:
    """Return why a request's credentials are refused; None where they are good, or none are wanted.

    Keys are compared in a time that tells nothing of them.
    """
    if credentials.kind == "none":
        return None
    what = "token" if credentials.kind == "token" else "key"
    if header is None:
        return _refused(f"This endpoint needs a {what}, sent as the header 'Authorization: Bearer <{what}>'.")
    scheme, _, given = header.strip().partition(" ")
    given = given.strip()
    if scheme.lower() != "bearer" or not given:
        return _refused(f"The header Authorization must be 'Bearer <{what}>'.")
    if credentials.kind == "token":
        said = _said_of_token(credentials, given)
        return _refused(said) if said else None
    digest = sha256(given.encode()).digest()
    # Always both, so that the time does not tell which of them it was.
    first, last = (
        hmac.compare_digest(digest, sha256(key.encode()).digest())
        for key in (credentials.keys[0], credentials.keys[-1])
    )
    if first | last:
        return None
    pair = _PAIR if given.startswith(("(", "Token(", "Keys(")) else ""
    return _refused(f"The key in the header Authorization is not one of this endpoint's keys.{pair}")


def _said_of_token(credentials: Credentials, token: str) -> str:
    key: Any = bytes.fromhex(credentials.signing_key)
    how: dict[str, Any] = {"algorithms": ["HS256"], "audience": credentials.audience, "leeway": _LEEWAY_SECONDS}
    try:
        jwt.decode(token, key, options={"require": ["exp", "aud"]}, **how)
    except jwt.ExpiredSignatureError:
        return "The token has expired; get_token() returns a new one."
    except jwt.InvalidAudienceError:
        return "The token is for another endpoint or service."
    except jwt.ImmatureSignatureError:
        return "The token is not valid yet: the clocks of the two machines differ."
    except jwt.InvalidSignatureError:
        return "The token is for another endpoint, or its signature is not valid."
    except jwt.InvalidTokenError:
        return "The header Authorization holds no valid token of this endpoint."
    return ""


def _refused(message: str) -> Refusal:
    return Refusal(401, message, {"www-authenticate": "Bearer"})


def _fraction(text: str) -> float:
    return int.from_bytes(sha256(text.encode()).digest()[:6], "big") / (1 << 48)


def _host(header: str) -> str:
    """Return a host without its port."""
    return header if header.endswith("]") else header.rpartition(":")[0] or header
