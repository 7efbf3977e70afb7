"""Compute targets of Azure ML's notebooks: named slots with the sizes that were asked for.

Nothing runs in them: services run on this machine. They are kept so that what a notebook creates it finds again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .targets import Cluster as Cluster
    from .targets import ComputeTargets as ComputeTargets
else:
    __getattr__, __dir__ = door(__name__, {"targets": "Cluster ComputeTargets"})
