"""The side panel's server part: an extension of Jupyter's server that translates between HTTP and the workspace.

It knows no rule of its own: reading is the façade's and the faces' work, acting the verbs'. ``async`` ends in
``handlers``, ``parts`` and ``jobs``; all that blocks runs in threads or in a process of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .acting import NOT_OFFERED as NOT_OFFERED
    from .acting import table as table
    from .app import ModelDeployApp as ModelDeployApp
else:
    __getattr__, __dir__ = door(__name__, {"acting": "NOT_OFFERED table", "app": "ModelDeployApp"})
