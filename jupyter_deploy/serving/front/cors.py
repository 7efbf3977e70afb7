"""Which pages of other origins may call the service."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

Headers = list[tuple[bytes, bytes]]
_EXPOSED = (
    b"x-request-id, x-ms-request-id, x-ms-client-request-id, x-ms-run-function-failed, x-ms-run-fn-exec-ms, "
    b"x-ms-server-version"
)


@dataclass(frozen=True)
class Cors:
    """The rule of ``AML_CORS_ORIGINS``: entries separated by commas; empty admits none.

    A ``*`` alone admits every origin; within an entry it stands for one or more labels of the host's name, or for any
    port. An entry without a scheme admits that host under both http and https. Nothing is a regular expression.
    """

    origins: str

    def headers(self, origin: bytes | None) -> Headers:
        """Return the headers of an answer to that ``Origin``; empty if it is not admitted."""
        if not self.origins:
            return []
        vary = (b"vary", b"Origin")
        if origin is None or not _matcher(self.origins).fullmatch(origin.decode("latin-1")):
            return [vary]
        return [(b"access-control-allow-origin", origin), (b"access-control-expose-headers", _EXPOSED), vary]

    def preflight(self, headers: dict[bytes, bytes]) -> Headers | None:
        """Return the additional headers of an answer to a preflight request.

        None if it is no preflight of an admitted origin.
        """
        if b"access-control-request-method" not in headers:
            return None
        if len(self.headers(headers.get(b"origin"))) < 2:
            return None
        asked = headers.get(b"access-control-request-headers", b"")
        allowed = [(b"access-control-allow-headers", asked)] if asked else []
        return [(b"access-control-allow-methods", b"GET, POST"), *allowed]


@lru_cache(maxsize=8)
def _matcher(origins: str) -> re.Pattern[str]:
    entries = [entry.strip().rstrip("/") for entry in origins.split(",") if entry.strip()]
    return re.compile("|".join(map(_pattern, entries)), re.IGNORECASE)


def _pattern(entry: str) -> str:
    if entry == "*":
        return ".*"
    scheme, separator, rest = entry.rpartition("://")
    host, colon, port = rest.rpartition(":") if re.search(r":(\d+|\*)$", rest) else (rest, "", "")
    prefix = re.escape(scheme) if separator else "https?"
    name = re.escape(host).replace(r"\*", r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
    # Browsers omit a scheme's default port, so "any port" may be none.
    return f"{prefix}://{name}" + ("(:[0-9]+)?" if port == "*" else f"{colon}{port}")
