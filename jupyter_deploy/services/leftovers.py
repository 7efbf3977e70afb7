"""Something that no service needs, wherever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Leftover:
    """Something that no service needs, and that is made again when one does."""

    # "server", "environment", "server files", "warm process's log", "captured value", "artifact", "bundle",
    # "shipped files", or a target's own word, such as "container", "image", "cache"
    kind: str
    name: str  # for people
    size: int  # bytes; 0 if unknown; images share layers, so together they may free less
    identity: str  # finds it
    target: str = ""  # the target that has it; empty for the workspace's folder

    def as_dict(self) -> dict[str, Any]:
        """Return the values for people as JSON data."""
        return {"kind": self.kind, "name": self.name, "size": self.size, "identity": self.identity}
