"""What is asked of an endpoint."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..endpoints import EndpointRecord
from ..errors import UsageProblem
from ..services import AUTH
from .asked import check_port, path_of_tls

_HEADER = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}")


@dataclass(frozen=True)
class EndpointAsked:
    """What is asked of an endpoint; None stays as it is."""

    auth: str | None = None
    tags: Mapping[str, str | None] | None = field(default=None, hash=False)
    properties: Mapping[str, str] | None = field(default=None, hash=False)
    description: str | None = None
    port: int | None = None
    labels: Mapping[str, str] | None = field(default=None, hash=False)
    tls: str | Path | None = None  # "self-signed", "none", or a certificate's file
    tls_key: str | Path | None = None
    sticky: str | None = None  # a header's name, or "none"

    def over(self, record: EndpointRecord) -> EndpointRecord:
        """Return an endpoint's row with what is asked for.

        Raises
        ------
        UsageProblem
            For what no endpoint can have, or a property that would change.
        """
        if self.auth is not None and self.auth not in AUTH:
            raise UsageProblem(f"auth cannot be {self.auth!r}.", hint=f"One of: {', '.join(AUTH)}.")
        changed = [key for key, value in (self.properties or {}).items() if record.properties.get(key, value) != value]
        if changed:
            raise UsageProblem(
                f"Properties cannot be changed once they are set: {', '.join(changed)}.", hint="Use a tag."
            )
        tags = {key: value for key, value in {**record.tags, **(self.tags or {})}.items() if value is not None}
        return replace(
            record,
            auth=self.auth or record.auth,
            tags=tags,
            properties={**record.properties, **(self.properties or {})},
            description=record.description if self.description is None else self.description,
            port=record.port if self.port is None else check_port(self.port),
            labels={**record.labels, **(self.labels or {})},
            sticky=record.sticky if self.sticky is None else _header_of(self.sticky),
            tls=record.tls if self.tls is None else path_of_tls(self.tls),
            tls_key=(record.tls_key if self.tls is None else "") if self.tls_key is None else path_of_tls(self.tls_key),
        )


def _header_of(given: str) -> str:
    """Read the name of a header; ``"none"`` or nothing is none."""
    if given in {"", "none"}:
        return ""
    if not _HEADER.fullmatch(given):
        raise UsageProblem(f"{given[:80]!r} is not a header's name.", hint="For example x-user-id, or none.")
    return given.lower()
