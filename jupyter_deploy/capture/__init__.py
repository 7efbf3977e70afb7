"""What a script cell uses of its notebook becomes part of the script: variables as models, functions as source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .cell import capture as capture
    from .changes import EDITED as EDITED
    from .changes import data_words as data_words
    from .changes import means_the_same as means_the_same
    from .changes import moved_on as moved_on
    from .changes import short as short
    from .glimpses import Glimpse as Glimpse
    from .notebook import Cell as Cell
    from .notebook import Notebook as Notebook
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "cell": "capture",
            "changes": "EDITED data_words means_the_same moved_on short",
            "glimpses": "Glimpse",
            "notebook": "Cell Notebook",
        },
    )
