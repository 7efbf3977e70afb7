"""Where services run: the targets, and what they share: the way to a server's admin routes and to its log.

To add a target: a room beside these two and a line in ``choice.TARGETS``, or a distribution of its own with an entry
point in the group ``jupyter_deploy.targets``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .asking import Connections as Connections
    from .choice import CHOICES as CHOICES
    from .choice import NEAREST as NEAREST
    from .choice import VARIABLE as VARIABLE
    from .choice import all_targets as all_targets
    from .choice import choices_with_added as choices_with_added
    from .choice import choose as choose
    from .choice import having as having
    from .choice import packager as packager
    from .choice import target as target
    from .docker import RouterContainer as RouterContainer
    from .following import Following as Following
    from .process import birth as birth
    from .process import ended_in as ended_in
    from .process import lives as lives
    from .process import owner_of_port as owner_of_port
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "asking": "Connections",
            "choice": "CHOICES NEAREST VARIABLE all_targets choices_with_added choose having packager target",
            "docker": "RouterContainer",
            "following": "Following",
            "process": "birth ended_in lives owner_of_port",
        },
    )
