"""Tokens of services: signed with a key that each service has of its own, made from one secret of the workspace."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from ..errors import StoreProblem, UsageProblem
from ..store import refuse_secrets

_FILE = "token.secret"
_BYTES = 32
LIFETIME = timedelta(hours=1)
_LONGEST = timedelta(days=1)
# Of its lifetime: what asks for another one then never has one that is about to expire.
_FRESH = 5 / 6


class Token(NamedTuple):
    """A token and the time from which on to ask for another: a pair to be unpacked. Printed whole, it shows no token.

    Parameters
    ----------
    token : str
        A JSON web token, to be sent as ``Authorization: Bearer <token>``.
    refresh_after : datetime.datetime
        With its time zone; the token itself stays good a little longer.
    """

    token: str
    refresh_after: datetime

    def __repr__(self) -> str:
        return f"Token(token='********', refresh_after={self.refresh_after!r})"


def signing_key(root: Path, name: str) -> bytes:
    """Return the key that signs a service's tokens; no other service of the workspace has it.

    Parameters
    ----------
    root : pathlib.Path
        The workspace's folder.
    name : str
        The service's.
    """
    return hmac.digest(_secret(root), f"tokens of service {name}".encode(), "sha256")


def new_token(root: Path, name: str, lifetime: timedelta = LIFETIME) -> Token:
    """Sign a token for a service's clients.

    Raises
    ------
    UsageProblem
        For a lifetime of more than a day, or of nothing.
    """
    import jwt

    if not timedelta(seconds=1) <= lifetime <= _LONGEST:
        raise UsageProblem(f"A token cannot live for {lifetime}.", hint="From a second to a day; an hour by default.")
    key = signing_key(root, name)
    now = datetime.now(UTC).replace(microsecond=0)
    claims = {"aud": name, "iat": now, "nbf": now, "exp": now + lifetime}
    header = {"kid": hashlib.sha256(key).hexdigest()[:16]}
    return Token(jwt.encode(claims, key, "HS256", header), now + lifetime * _FRESH)


def _secret(root: Path) -> bytes:
    path = root / _FILE
    try:
        found = path.read_bytes()
    except FileNotFoundError:
        found = _made(root, path)
    if len(found) < _BYTES:
        raise StoreProblem(
            f"{path} is damaged: no token can be made or verified with it.",
            hint="Remove it, then deploy the services that take tokens again; tokens of before are refused.",
        )
    return found


def _made(root: Path, path: Path) -> bytes:
    refuse_secrets(root, "The secret that tokens are signed with")
    beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(secrets.token_bytes(_BYTES))
            file.flush()
            os.fsync(file.fileno())
        # Unlike a rename, a link never replaces the one that another process has made meanwhile.
        os.link(beside, path)
    except FileExistsError:
        pass
    except OSError:
        # No hard links on this disk.
        if not path.exists():
            beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return path.read_bytes()
