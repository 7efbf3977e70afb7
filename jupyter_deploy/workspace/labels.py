"""What notebooks call the workspace: names, subscriptions and groups of a cloud, kept as labels."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..store import Database, workspace_labels
from .notes import Notes


@dataclass(frozen=True)
class Label:
    """A name of the workspace; whatever it is called, it is the same one."""

    name: str
    subscription: str = ""
    resource_group: str = ""
    location: str = ""
    tags: Mapping[str, str] = field(default_factory=dict, hash=False)
    created: datetime | None = None


class Labels:
    """The names that notebooks have used, and what their SDKs note about assets for themselves."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.notes = Notes(database)

    def list(self) -> list[Label]:
        """List them by name."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(workspace_labels).order_by(workspace_labels.c.name)).mappings()
            return [_label(row) for row in rows]

    def find(self, name: str) -> Label | None:
        """Find one; None where that name was never used."""
        return next((label for label in self.list() if label.name == name), None)

    def put(self, label: Label) -> Label:
        """Keep a name; what it does not say stays as it was."""
        known = self.find(label.name)
        values: dict[str, Any] = {
            "name": label.name,
            "subscription": label.subscription or (known.subscription if known else ""),
            "resource_group": label.resource_group or (known.resource_group if known else ""),
            "location": label.location or (known.location if known else ""),
            "tags": dict(label.tags) or dict(known.tags if known else {}),
        }
        if known and all(getattr(known, key) == value for key, value in values.items()):
            return known
        values["created"] = known.created.timestamp() if known and known.created else time.time()
        with self._database.write() as connection:
            connection.execute(workspace_labels.delete().where(workspace_labels.c.name == label.name))
            connection.execute(workspace_labels.insert().values(**values))
        return _label(values)


def _label(row: Any) -> Label:
    return Label(**{**row, "created": datetime.fromtimestamp(row["created"], UTC)})
