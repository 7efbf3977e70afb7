"""Where services run: the targets, and what they share: the way to a server's admin routes, to its log.

To add a target: a room beside these two, and a line in ``choice.TARGETS``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .choice import CHOICES as CHOICES
    from .choice import NEAREST as NEAREST
    from .choice import VARIABLE as VARIABLE
    from .choice import choose as choose
    from .choice import having as having
    from .choice import target as target
    from .following import Following as Following
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "choice": "CHOICES NEAREST VARIABLE choose having target",
            "following": "Following",
        },
    )
