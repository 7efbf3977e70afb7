"""The facts of a server of the target ``process``, as its row keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ...services import Server


@dataclass(frozen=True)
class ProcessFacts:
    """The front process of a server, and its folders."""

    pid: int = 0  # the front; 0 if there is none
    born: str = ""  # what pids.birth() said of it
    run: str = ""  # the server's own folder; empty for a server of an older package
    secrets: str = ""  # the folder with its token; empty if that is the service's own folder
    knows: tuple[str, ...] = ()  # the settings that it knows besides those that every server knows
    python: str = ""  # the interpreter of the kernel that it runs on; empty for a virtual environment's
    own_port: int = 0  # where it answers beside the port that it has taken over; 0 if it has taken over none

    @classmethod
    def of(cls, server: Server) -> ProcessFacts:
        """Return the facts of a server."""
        return cls.from_json(server.facts)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ProcessFacts:
        """Decode what any version of this package wrote."""
        known = {key: values[key] for key in ("pid", "born", "run", "secrets", "python", "own_port") if key in values}
        return cls(**known, knows=tuple(values.get("knows", ())))

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the server's row."""
        values: dict[str, Any] = {"pid": self.pid, "born": self.born, "run": self.run, "knows": list(self.knows)}
        more = {"secrets": self.secrets, "python": self.python, "own_port": self.own_port}
        return {**values, **{key: value for key, value in more.items() if value}}
