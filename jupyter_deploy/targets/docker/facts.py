"""The facts of a server of the target ``docker``, as its row keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ...services import OwnImage, Server


@dataclass(frozen=True)
class ContainerFacts:
    """A server's container, and the folder that it is shown."""

    container: str = ""  # its id; empty if there is none
    name: str = ""
    share: str = ""  # the folder of its share.Share
    knows: tuple[str, ...] = ()  # the settings that its server knows besides those that every server knows
    image: OwnImage | None = None  # the user's own image that it runs
    log: str = ""  # the service's log file, for the output of a user's own image
    gives_way: bool = False  # whether its server can hand its port over to another container's
    network: str = ""  # the container whose network it has; empty for its own
    network_share: str = ""  # that container's folder

    @classmethod
    def of(cls, server: Server) -> ContainerFacts:
        """Return the facts of a server."""
        return cls.from_json(server.facts)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ContainerFacts:
        """Decode what any version of this package wrote."""
        plain = ("container", "name", "share", "log", "gives_way", "network", "network_share")
        known = {key: values[key] for key in plain if key in values}
        image = OwnImage(**values["image"]) if values.get("image") else None
        return cls(**known, knows=tuple(values.get("knows", ())), image=image)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the server's row."""
        values: dict[str, Any] = {"container": self.container, "name": self.name, "share": self.share}
        values["knows"] = list(self.knows)
        values |= {"gives_way": True} if self.gives_way else {}
        values |= {"network": self.network, "network_share": self.network_share} if self.network else {}
        return {**values, "image": asdict(self.image), "log": self.log} if self.image else values
