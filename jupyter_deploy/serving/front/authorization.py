"""Who may call the service: a key or a token in ``Authorization``, checked before any of a body is read."""

from __future__ import annotations

import hmac
import math
import time
from hashlib import sha256
from typing import Any

from ..credentials import Credentials
from .replies import Refused

# Routers and engines ask for health without credentials; the admin routes, which are here too, have their own token.
_OPEN = ("/-/", "/v2/health/")
_CHALLENGE = [(b"www-authenticate", b"Bearer")]
# Of tokens that were found good, so that each is verified once.
_REMEMBERED = 1024
_TOKEN_CLAIMS = ["aud", "exp", "iat", "nbf"]


class Authorization:
    """What requests must carry, exchangeable while the server runs; ``wanted`` says whether they need any.

    Attributes
    ----------
    wanted : bool
        Whether requests need any.
    """

    def __init__(self, credentials: Credentials) -> None:
        self.use(credentials)

    def use(self, credentials: Credentials) -> None:
        """Use other credentials: the previous ones are refused from now on.

        Raises ImportError for tokens without PyJWT; the old credentials stay.
        """
        tokens = _Tokens(credentials) if credentials.kind == "token" else None
        digests = [sha256(key.encode()).digest() for key in credentials.keys]
        self._tokens = tokens
        # Always two comparisons, so that the time says nothing of which key it was, or whether there are two.
        self._first, self._second = (digests[0], digests[-1]) if digests else (b"", b"")
        # Headers that were found good, and until when. A wrong one always takes the long way: what a look-up here costs
        # depends on a keyed hash of the whole header, so its time says nothing of a key.
        self._good: dict[bytes, float] = {}
        self.wanted = credentials.kind != "none"

    def wants(self, path: str) -> bool:
        """Whether a request to a path needs credentials: all but health and admin routes do."""
        return self.wanted and path != "/" and not path.startswith(_OPEN)

    def check(self, headers: dict[bytes, bytes]) -> None:
        """Refuse a request without valid credentials, with status 401; the message never quotes what was sent."""
        what = "token" if self._tokens else "key"
        header = headers.get(b"authorization")
        if header in self._good and self._good[header] > time.time():
            return
        if header is None:
            raise _refused(f"This service needs a {what}, sent as the header 'Authorization: Bearer <{what}>'.")
        scheme, _, given = header.partition(b" ")
        given = given.strip()
        if scheme.lower() != b"bearer" or not given:
            raise _refused(f"The header Authorization must be 'Bearer <{what}>'.")
        if self._tokens:
            self._remember(header, self._tokens.check(given))
            return
        digest = sha256(given).digest()
        one, other = hmac.compare_digest(digest, self._first), hmac.compare_digest(digest, self._second)
        if not one | other:
            raise _refused(f"The key in the header Authorization is not one of this service's keys.{_pair(given)}")
        self._remember(header, math.inf)

    def _remember(self, header: bytes, until: float) -> None:
        if len(self._good) >= _REMEMBERED:
            self._good.clear()
        self._good[header] = until


class _Tokens:
    """Verifies JSON web tokens of one service."""

    def __init__(self, credentials: Credentials) -> None:
        import jwt

        self._jwt: Any = jwt
        self._key = bytes.fromhex(credentials.signing_key)
        self._audience = credentials.audience

    def check(self, token: bytes) -> float:
        """Verify a token; returns when it expires."""
        try:
            claims = self._jwt.decode(
                token,
                self._key,
                algorithms=["HS256"],
                audience=self._audience,
                options={"require": _TOKEN_CLAIMS},
            )
        except self._jwt.InvalidTokenError as error:
            raise _refused(self._why(token, error)) from None
        return float(claims["exp"])

    def _why(self, token: bytes, error: Exception) -> str:
        errors = self._jwt.exceptions
        if isinstance(error, errors.ExpiredSignatureError):
            return "The token has expired; get_token() returns a new one."
        if isinstance(error, errors.InvalidAudienceError):
            return "The token is for another service."
        if isinstance(error, errors.ImmatureSignatureError):
            return "The token is not valid yet: the clocks of the two machines differ."
        if isinstance(error, errors.InvalidSignatureError):
            return (
                "The token is for another service."
                if self._is_foreign(token)
                else "The token's signature is not valid."
            )
        if isinstance(error, errors.InvalidAlgorithmError):
            return "The token is not signed as this service's tokens are."
        if isinstance(error, errors.MissingRequiredClaimError):
            return "The token lacks a claim that this service's tokens have."
        return f"The header Authorization holds no token.{_pair(token)}"

    def _is_foreign(self, token: bytes) -> bool:
        """Read the audience of a token that this service's key did not sign; nothing else in it is trusted."""
        try:
            claims = self._jwt.decode(token, options={"verify_signature": False})
        except self._jwt.InvalidTokenError:
            return False
        return bool(claims.get("aud") != self._audience)


def _pair(given: bytes) -> str:
    """Advise a client that sends the whole result of ``get_token()`` or ``get_keys()``."""
    if given.startswith((b"(", b"Token(", b"Keys(")):
        return " What was sent is a tuple as Python prints it: pass its first item alone."
    return ""


def _refused(message: str) -> Refused:
    return Refused(401, message, [*_CHALLENGE])
