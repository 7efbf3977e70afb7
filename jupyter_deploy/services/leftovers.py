"""Something that no service needs, wherever it was left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Leftover:
    """Something that no service needs, and that is made again when one does.

    Parameters
    ----------
    kind : str
        ``"server"``, ``"environment"``, ``"server files"``, ``"captured value"``, ``"artifact"``, ``"bundle"``,
        ``"shipped files"``; or a target's own word, as ``"container"``, ``"image"``, ``"cache"``.
    name : str
        What people call it.
    size : int
        Bytes; 0 where it is not known. Images share layers: together they may free less.
    identity : str
        What it is found by.
    target : str
        The target that has it; empty for what is in the workspace's folder.
    """

    kind: str
    name: str
    size: int
    identity: str
    target: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON.

        Returns
        -------
        dict
            All that concerns people.
        """
        return {"kind": self.kind, "name": self.name, "size": self.size, "identity": self.identity}
