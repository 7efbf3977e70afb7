"""A script's names: which are defined nowhere (`unknown`), and whether the script certainly uses them (`reaching`).

The values that names have in a notebook are the business of `capture`.
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
