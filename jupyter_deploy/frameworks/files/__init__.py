"""What model files say of themselves, read without executing anything in them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door

if TYPE_CHECKING:
    from .looking import KINDS as KINDS
    from .looking import Found as Found
    from .looking import look as look
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "looking": "Found KINDS look",
        },
    )
