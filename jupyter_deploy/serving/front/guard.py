"""Which requests a service refuses by where they come from: unknown hosts, pages of other origins."""

from __future__ import annotations

import ipaddress
import re
import socket
from functools import lru_cache
from typing import Any
from urllib.parse import urlsplit

from ..config import ServingConfig
from .cors import Cors
from .replies import Refused

# Pages that a link of another site may open: they neither run the script nor change the service.
OPEN = frozenset({"/", "/swagger.json", "/-/ready", "/-/live", "/metrics"})
_PORTS = {"http": 80, "https": 443}
_KNOWN = 256


class Guard:
    """The rules of one service; ``loopback`` says that it is published on loopback only."""

    def __init__(self, config: ServingConfig, loopback: bool) -> None:
        self._hosts = config.allowed_hosts or ("" if loopback else "*")
        self._cors = Cors(config.cors_origins)
        self._everyone = "*" in [entry.strip() for entry in config.cors_origins.split(",")]
        self._known: set[bytes] = set()

    def check(self, scope: dict[str, Any], headers: dict[bytes, bytes], *, own: bool) -> None:
        """Refuse a request with the name of the setting that would allow it.

        ``own`` says that the script has its own CORS headers. Raises :class:`Unasked` for a preflight that is not
        admitted.
        """
        if headers.get(b"host") not in self._known or len(headers) != len(scope["headers"]):
            self._check_host(scope)
        if (b"origin" in headers or b"sec-fetch-site" in headers) and scope["path"] not in OPEN:
            self._check_origin(scope["method"], headers, own)

    def _check_host(self, scope: dict[str, Any]) -> None:
        given = [value for name, value in scope["headers"] if name == b"host"]
        if not given and scope["http_version"] == "1.0":
            return
        if len(given) != 1:
            raise Refused(400, f"The request has {len(given) or 'no'} Host headers; HTTP/1.1 needs one.", _CLOSE)
        name, port = _split(given[0].decode("latin-1").strip().lower())
        if not self._admits(name, port):
            shown = name[:100]
            raise Refused(
                421,
                f"This service is not known as {shown!r}: it answers to localhost, to IP addresses and to the names in "
                f"its setting allowed_hosts. To allow this one: --set allowed_hosts={shown}",
                _CLOSE,
            )
        if len(self._known) < _KNOWN:
            self._known.add(given[0])

    def _admits(self, name: str, port: str) -> bool:
        if self._hosts == "*" or name == "localhost" or _is_address(name):
            return True
        matcher = _matcher(self._hosts)
        return (matcher.fullmatch(name) or matcher.fullmatch(f"{name}:{port}")) is not None

    def _check_origin(self, method: str, headers: dict[bytes, bytes], own: bool) -> None:
        # The browser sets both headers; no page can change them.
        origin, site = headers.get(b"origin"), headers.get(b"sec-fetch-site", b"").lower()
        if site in {b"same-origin", b"none"} or (not site and _is_same(origin, headers.get(b"host", b""))):
            return
        if own or (self._everyone if origin is None else len(self._cors.headers(origin)) > 1):
            return
        if method == "OPTIONS" and b"access-control-request-method" in headers:
            # A preflight that is not admitted never reaches the script.
            raise Unasked
        page = origin.decode("latin-1")[:100] if origin is not None else ""
        web = page.startswith(("http://", "https://"))
        raise Refused(
            403,
            f"A page of {page if web else 'another site'} may not call this service. "
            f"Its setting cors_origins says which may: --set cors_origins={page if web else '*'} allows this one.",
        )


class Unasked(Exception):
    """A browser asks on behalf of a page that may not call the service."""


def is_loopback(config: ServingConfig, listener: socket.socket) -> bool:
    """Whether a service can be reached from this machine only; false if that is not known.

    The configuration says how it is published, if not on the bound address.
    """
    if config.exposure:
        return config.exposure == "loopback"
    try:
        return ipaddress.ip_address(listener.getsockname()[0]).is_loopback
    except (ValueError, OSError):
        return False


_CLOSE = [(b"connection", b"close")]


def _split(host: str) -> tuple[str, str]:
    """Split a Host into name and port; a fully qualified name has a dot at its end."""
    name, _, port = host.rpartition(":") if re.search(r":[0-9]*$", host) else (host, "", "")
    return name.removesuffix("."), port


def _is_address(name: str) -> bool:
    try:
        if name.startswith("["):
            ipaddress.IPv6Address(name.removeprefix("[").removesuffix("]"))
        else:
            ipaddress.IPv4Address(name)
    except ValueError:
        return False
    return True


def _is_same(origin: bytes | None, host: bytes) -> bool:
    """Compare a page's origin with the request's host, with or without TLS."""
    if origin is None:
        return True
    try:
        page = urlsplit(origin.decode("latin-1").lower())
        asked = urlsplit(f"{page.scheme}://{host.decode('latin-1').strip().lower()}")
        default = _PORTS.get(page.scheme)
        return (
            page.scheme in _PORTS
            and (page.hostname, page.port or default) == (asked.hostname, asked.port or default)
            and bool(page.hostname)
        )
    except ValueError:
        return False


@lru_cache(maxsize=8)
def _matcher(hosts: str) -> re.Pattern[str]:
    """Compile the names; an entry without a port stands for any port."""
    entries = [entry.strip().lower().rpartition("://")[2].rstrip("/") for entry in hosts.split(",")]
    patterns = [".*" if entry == "*" else _pattern(entry) for entry in entries if entry]
    return re.compile("|".join(patterns) or "(?!)")


def _pattern(entry: str) -> str:
    return re.escape(entry).replace(r"\*", r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")
