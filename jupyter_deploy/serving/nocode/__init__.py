"""Services without a script of the user's own: the model answers by itself.

The package writes the entry script; this is all that it needs. How a model is loaded and asked, ``frameworks`` knows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door

if TYPE_CHECKING:
    from .served import ServedModel as ServedModel
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "served": "ServedModel",
        },
    )
