"""The target ``docker``: services in containers, and the images that hold their environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door

if TYPE_CHECKING:
    from . import context as context
    from . import images as images
    from . import leftovers as leftovers
    from .daemon import engine as engine
    from .daemon import unreachable as unreachable
    from .installation import CACHE_VOLUME as CACHE_VOLUME
    from .output import file_output as file_output
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "daemon": "engine unreachable",
            "installation": "CACHE_VOLUME",
            "output": "file_output",
        },
    )
