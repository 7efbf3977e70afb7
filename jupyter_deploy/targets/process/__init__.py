"""The target ``process``: services as plain processes of this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door

if TYPE_CHECKING:
    from .pids import birth as birth
    from .pids import lives as lives
    from .pids import owner_of_port as owner_of_port
    from .warm import ended_in as ended_in
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "pids": "birth lives owner_of_port",
            "warm": "ended_in",
        },
    )
