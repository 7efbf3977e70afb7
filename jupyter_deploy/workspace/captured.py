"""Values that scripts took from their notebooks: kept under the script's name, while something needs them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..bundles import manifest_of
from ..home import Home
from ..registry import Model, Models, Prepared, captured_name, captured_properties, check_name
from ..services import Services
from ..store import Database, Stage, model_names, models, scripts


class CapturedValues:
    """The captured values of a workspace; each is a model that lists leave out."""

    def __init__(self, home: Home, database: Database, models: Models) -> None:
        self._home = home
        self._database = database
        self._models = models

    def keep(self, script: str, variable: str, prepared: Prepared, opened: Stage, *, draft: bool = False) -> Model:
        """Keep a value as a version of ``<script>-<variable>``, or return the version with the same content.

        Another name may have the same bytes. ``opened`` claims the content until the script is stored. ``draft`` only
        returns the model that saving would make.
        """
        name = check_name(captured_name(script, variable))
        if draft:
            with self._database.read() as connection:
                known = self._models.captured(connection, name)
                last = sa.select(model_names.c.last_version).where(model_names.c.name == name)
                version = (connection.scalar(last) or 0) + 1
            same = (model for model in known if model.digest == prepared.tree.digest)
            return next(same, None) or _would_be(name, version, prepared)
        # Claim first, then look it up: so prune keeps it until the script names it.
        opened.claim(prepared.tree.digest)
        fields: dict[str, Any] = {
            "tags": {},
            "properties": captured_properties(script, variable),
            "description": "",
            "run_id": "",
        }
        return self._models.add(name, prepared, reuse=True, **fields)

    def unneeded(self) -> list[Model]:
        """List the captured values that no script, service or package needs, newest first."""
        with self._database.read() as connection:
            return self._unneeded(connection)

    def remove(self, references: list[str]) -> list[str]:
        """Remove captured values, unless something needs them by now; returns those that are gone.

        Their files are collected with the next garbage.
        """
        if not references:
            return []
        with self._database.write(frees=True) as connection:
            gone = [model for model in self._unneeded(connection) if model.id in references]
            for model in gone:
                this = (models.c.name == model.name) & (models.c.version == model.version)
                connection.execute(models.delete().where(this))
        return [model.id for model in gone]

    def _unneeded(self, connection: sa.Connection) -> list[Model]:
        claimed = self._database.claims.living()
        needed = set(self._needed(connection))
        found = self._models.captured(connection)
        return [model for model in found if model.id not in needed and model.digest not in claimed]

    def _needed(self, connection: sa.Connection) -> Iterator[str]:
        for references in connection.scalars(sa.select(scripts.c.models)):
            yield from references or ()
        for record in Services.within(connection):
            yield from record.models
            # A generation that is loading, or still answers, is in a bundle only.
            for bundle in record.bundles:
                yield from (model.id for model in manifest_of(self._home.bundles / bundle).models)


def _would_be(name: str, version: int, prepared: Prepared) -> Model:
    """Describe the model that saving would make."""
    return Model(
        name,
        version,
        prepared.framework,
        prepared.framework_version,
        prepared.tree.digest,
        prepared.entry,
        prepared.tree.size,
        {},
        {},
        "",
        "",
        prepared.requirements,
        prepared.modules,
        datetime.now(UTC),
        prepared.notices,
    )
