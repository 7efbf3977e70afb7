"""What a tool keeps about an asset for itself, beside what the registry knows of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from ..store import Database, asset_notes


class Notes:
    """Plain values about versions of models, environments and data sets; version 0 is the name itself."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, kind: str) -> dict[tuple[str, int], Mapping[str, Any]]:
        """Return the notes about all assets of a kind, by name and version."""
        query = sa.select(asset_notes).where(asset_notes.c.kind == kind)
        with self._database.read() as connection:
            rows = connection.execute(query).mappings()
            return {(row["name"], row["version"]): row["content"] for row in rows}

    def get(self, kind: str, name: str, version: int) -> Mapping[str, Any]:
        """Return the notes about one version; empty if there are none."""
        with self._database.read() as connection:
            found = connection.scalar(sa.select(asset_notes.c.content).where(_this(kind, name, version)))
        return found or {}

    def put(self, kind: str, name: str, version: int, values: Mapping[str, Any]) -> None:
        """Add values to the notes about a version; None removes one."""
        with self._database.write() as connection:
            this = _this(kind, name, version)
            before = connection.scalar(sa.select(asset_notes.c.content).where(this)) or {}
            content = {key: value for key, value in {**before, **values}.items() if value is not None}
            if content == before:
                return
            connection.execute(asset_notes.delete().where(this))
            if content:
                row = {"kind": kind, "name": name, "version": version, "content": content}
                connection.execute(asset_notes.insert().values(**row))


def _this(kind: str, name: str, version: int) -> sa.ColumnElement[bool]:
    columns = asset_notes.c
    return (columns.kind == kind) & (columns.name == name) & (columns.version == version)
