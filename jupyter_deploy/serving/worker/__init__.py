"""The workers of a server: they load the script, call ``init()`` once and ``run()`` for each request.

They know nothing of HTTP or the queue: ``serving.messages`` defines all that they receive.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door

if TYPE_CHECKING:
    from .debugging import write_cells as write_cells
    from .forkserver import fork_workers as fork_workers
else:
    __getattr__, __dir__ = door(__name__, {"debugging": "write_cells", "forkserver": "fork_workers"})
