"""What is kept: rows in a database, files in a content-addressed folder, work in progress in claimed folders."""

from __future__ import annotations

from .artifacts import ArtifactStore
from .database import Database
from .staging import Stage, live_claims, stage

__all__ = ["ArtifactStore", "Database", "Stage", "live_claims", "stage"]
