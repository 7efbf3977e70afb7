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

    @classmethod
    def of(cls, server: Server) -> ContainerFacts:
        """Return the facts of a server."""
        return cls.from_json(server.facts)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ContainerFacts:
        """Decode what any version of this package wrote."""
        known = {key: values[key] for key in ("container", "name", "share", "log") if key in values}
        image = OwnImage(**values["image"]) if values.get("image") else None
        return cls(**known, knows=tuple(values.get("knows", ())), image=image)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the server's row."""
        values: dict[str, Any] = {"container": self.container, "name": self.name, "share": self.share}
        values["knows"] = list(self.knows)
        return {**values, "image": asdict(self.image), "log": self.log} if self.image else values
