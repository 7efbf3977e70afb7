"""The front of a server: it owns the sockets, HTTP, the queue and the workers' lives, and never runs user code.

``serving.messages`` defines what it says to the workers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door

if TYPE_CHECKING:
    from .control import Ends as Ends
    from .control import lines as lines
    from .handover import Inherited as Inherited
    from .listener import listen as listen
    from .served import Served as Served
    from .server import Server as Server
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "control": "Ends lines",
            "handover": "Inherited",
            "listener": "listen",
            "served": "Served",
            "server": "Server",
        },
    )
