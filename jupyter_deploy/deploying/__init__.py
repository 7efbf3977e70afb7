"""From what is asked for to what runs: resolve, compare, and apply the smallest change; packages to hand on.

It changes services, under their locks. It never looks into a notebook: that is ``workspace``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .attempts import first_choice as first_choice
    from .deployment import NOT_HERE as NOT_HERE
    from .deployment import NOT_LOOKED_AT as NOT_LOOKED_AT
    from .deployment import Deployment as Deployment
    from .edits import script_facts as script_facts
    from .garbage import Garbage as Garbage
    from .intent import Intent as Intent
    from .intent import own_image as own_image
    from .naming import Naming as Naming
    from .packages import Package as Package
    from .packages import Packages as Packages
    from .resolution import Resolver as Resolver
    from .rollout import Progress as Progress
    from .rollout import Rollout as Rollout
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "attempts": "first_choice",
            "deployment": "Deployment NOT_HERE NOT_LOOKED_AT",
            "edits": "script_facts",
            "garbage": "Garbage",
            "intent": "Intent own_image",
            "naming": "Naming",
            "packages": "Package Packages",
            "resolution": "Resolver",
            "rollout": "Progress Rollout",
        },
    )
