"""The names of a script: which are defined nowhere (`unknown`), and whether it surely comes to them (`reaching`).

Not what the names hold in a notebook: that is `capture`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door

if TYPE_CHECKING:
    from .unknown import name_hint as name_hint
    from .unknown import undefined as undefined
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "unknown": "name_hint undefined",
        },
    )
