"""The magics: ``%%score_script``, ``%register``, ``%deploy``, ``%invoke`` and ``%model``.

They turn words into requests to the façade; the verbs' grammar is in ``verbs``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .extension import load as load
    from .extension import unload as unload
    from .offering import cells_here as cells_here
    from .offering import models_here as models_here
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "extension": "load unload",
            "offering": "cells_here models_here",
        },
    )
