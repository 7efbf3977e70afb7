"""One sentence of advice about common failures, given only where its condition is proven.

The advice is found where the failure happens: there are the exception, the script's files and its packages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door

if TYPE_CHECKING:
    from .advice import PACKAGE as PACKAGE
    from .advice import SERVE as SERVE
    from .advice import advise as advise
    from .advice import worded as worded
    from .situation import Situation as Situation
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "advice": "PACKAGE SERVE advise worded",
            "situation": "Situation",
        },
    )
