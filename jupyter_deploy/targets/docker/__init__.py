"""The target ``docker``: services in containers, and the images that hold their environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door

if TYPE_CHECKING:
    from .daemon import unreachable as unreachable
    from .output import file_output as file_output
    from .packager import DockerPackager as DockerPackager
    from .routers import RouterContainer as RouterContainer
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "daemon": "unreachable",
            "output": "file_output",
            "packager": "DockerPackager",
            "routers": "RouterContainer",
        },
    )
