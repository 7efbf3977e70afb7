"""What the target ``process`` knows a server by, as its row keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...services import Server


@dataclass(frozen=True)
class ProcessFacts:
    """The front process of a server, and its folders.

    Parameters
    ----------
    pid : int
        The front; 0 where there is none.
    born : str
        What :func:`.pids.birth` said of it.
    run : str
        The server's own folder; empty for a server of an older package.
    secrets : str
        The folder with its token; empty where that is the service's own folder.
    knows : tuple of str
        The settings that it knows beside those that every server knows.
    """

    pid: int = 0
    born: str = ""
    run: str = ""
    secrets: str = ""
    knows: tuple[str, ...] = ()

    @classmethod
    def of(cls, server: Server) -> ProcessFacts:
        """Return what the target has noted of a server."""
        return cls.from_json(server.facts)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ProcessFacts:
        """Read what any version of this package has written."""
        known = {key: values[key] for key in ("pid", "born", "run", "secrets") if key in values}
        return cls(**known, knows=tuple(values.get("knows", ())))

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the server's row."""
        values: dict[str, Any] = {"pid": self.pid, "born": self.born, "run": self.run, "knows": list(self.knows)}
        return {**values, "secrets": self.secrets} if self.secrets else values
