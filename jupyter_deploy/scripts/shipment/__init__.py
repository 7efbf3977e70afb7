"""The files that a script ships to its service: which they are (`gathering`), and their content (`contents`).

`environments` turns imports into requirements, and `bundles` makes the bundle.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door

if TYPE_CHECKING:
    from .contents import Content as Content
    from .contents import Contents as Contents
    from .contents import is_whole as is_whole
    from .gathering import Shipment as Shipment
    from .gathering import shipment_of as shipment_of
    from .walking import MOST_BYTES as MOST_BYTES
    from .walking import MOST_FILES as MOST_FILES
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "contents": "Content Contents is_whole",
            "gathering": "Shipment shipment_of",
            "walking": "MOST_BYTES MOST_FILES",
        },
    )
