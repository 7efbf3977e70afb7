"""The façade: :class:`Workspace` and the handle of one service; all that a user can do, in Python.

The edges (magics, command line, widgets) only translate to it. Rules are in the rooms below it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .living import Living as Living
    from .living import Run as Run
    from .opening import PRUNE as PRUNE
    from .service import Service as Service
    from .services import LiveServices as LiveServices
    from .trial import Trial as Trial
    from .workspace import Workspace as Workspace
    from .written import Written as Written
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "living": "Living Run",
            "opening": "PRUNE",
            "service": "Service",
            "services": "LiveServices",
            "trial": "Trial",
            "workspace": "Workspace",
            "written": "Written",
        },
    )
