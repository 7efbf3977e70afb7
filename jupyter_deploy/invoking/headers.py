"""Headers that a user may send along."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping

from ..errors import UsageProblem

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
# They tell where a request begins and ends, or where it goes: the connection's own affair.
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection", "host", "expect", "upgrade", "te"})


def with_trace(headers: Mapping[str, str]) -> Mapping[str, str]:
    """Add the headers of the OpenTelemetry span that is active here, if there is one; the user's own win."""
    if "opentelemetry.trace" not in sys.modules or "traceparent" in map(str.lower, headers):
        return headers
    from opentelemetry.propagate import inject

    found: dict[str, str] = {}
    inject(found)
    return {**found, **headers}


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Refuse invalid headers."""
    for name, text in headers.items():
        if not _TOKEN.fullmatch(name):
            raise UsageProblem(
                f"{name!r} cannot be the name of a header.", hint="For example: --header X-Trace=abc. Nothing was sent."
            )
        if name.lower() in _FRAMING:
            raise UsageProblem(f"The header {name} is not the user's to set.", hint="Nothing was sent.")
        fits = text.isascii() and all(letter.isprintable() or letter == "\t" for letter in text)
        if not fits:
            raise UsageProblem(
                f"The value of the header {name} cannot be sent.",
                hint="A header is one line of plain ASCII; other text goes into the body. Nothing was sent.",
            )
    return dict(headers)
