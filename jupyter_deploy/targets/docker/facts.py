"""What the target ``docker`` knows a server by, as its row keeps it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ...services import OwnImage, Server


@dataclass(frozen=True)
class ContainerFacts:
    """A server's container, and the folder that it is shown.

    Parameters
    ----------
    container : str
        Its id; empty where there is none.
    name : str
        Its name.
    share : str
        The folder of its :class:`.share.Share`.
    knows : tuple of str
        The settings that its server knows beside those that every server knows.
    image : OwnImage or None
        The user's own image that it runs.
    log : str
        The service's log file, for the output of a user's own image.
    """

    container: str = ""
    name: str = ""
    share: str = ""
    knows: tuple[str, ...] = ()
    image: OwnImage | None = None
    log: str = ""

    @classmethod
    def of(cls, server: Server) -> ContainerFacts:
        """Return what the target has noted of a server."""
        return cls.from_json(server.facts)

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> ContainerFacts:
        """Read what any version of this package has written."""
        known = {key: values[key] for key in ("container", "name", "share", "log") if key in values}
        image = OwnImage(**values["image"]) if values.get("image") else None
        return cls(**known, knows=tuple(values.get("knows", ())), image=image)

    def to_json(self) -> dict[str, Any]:
        """Return plain values for the server's row."""
        values: dict[str, Any] = {"container": self.container, "name": self.name, "share": self.share}
        values["knows"] = list(self.knows)
        return {**values, "image": asdict(self.image), "log": self.log} if self.image else values
