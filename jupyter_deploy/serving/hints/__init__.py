"""One sentence about the failures that people run into again and again, given only where its condition is proven.

It is found where the failure happens: there are the exception, the files that the script sees and the packages it has.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door

if TYPE_CHECKING:
    from .advice import SERVE as SERVE
    from .advice import advise as advise
    from .advice import worded as worded
    from .situation import Situation as Situation
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "advice": "SERVE advise worded",
            "situation": "Situation",
        },
    )
