"""What ``MLClient``'s attributes do: each translates to the workspace, and keeps nothing itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ....doors import door

if TYPE_CHECKING:
    from .data import DataOperations as DataOperations
    from .environments import EnvironmentOperations as EnvironmentOperations
    from .lacking import INSTEAD as INSTEAD
    from .lacking import Lacking as Lacking
    from .models import ModelOperations as ModelOperations
    from .places import ComputeOperations as ComputeOperations
    from .places import WorkspaceOperations as WorkspaceOperations
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "data": "DataOperations",
            "environments": "EnvironmentOperations",
            "lacking": "INSTEAD Lacking",
            "models": "ModelOperations",
            "places": "ComputeOperations WorkspaceOperations",
        },
    )
