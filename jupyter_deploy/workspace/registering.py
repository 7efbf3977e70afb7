"""Register a model, then deploy it to the services that follow it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..deploying import Followers, Progress
from ..registry import Lineage, Model, Models, Resources, check_name, check_pairs, prepare, spelled_framework
from ..store import Database
from .housekeeping import Housekeeping


class Registering:
    """Carries out ``Workspace.register``."""

    def __init__(self, housekeeping: Housekeeping, database: Database, models: Models, followers: Followers) -> None:
        self._housekeeping = housekeeping
        self._database = database
        self._models = models
        self._followers = followers

    def register(
        self,
        name: str,
        source: object,
        progress: Progress,
        *,
        tags: Mapping[str, Any] | None,
        properties: Mapping[str, Any] | None,
        description: str,
        run_id: str,
        framework: str,
        framework_version: str,
        child_paths: Sequence[str] | None,
        file_format: str,
        lineage: Lineage | None,
        resources: Resources | None,
        version: int | None,
    ) -> Model:
        """Register a version. A service that follows the model and cannot take it does not undo that."""
        check_name(name)
        fields: dict[str, Any] = {
            "tags": check_pairs(tags, "tags"),
            "properties": check_pairs(properties, "properties"),
            "description": description or "",
            "run_id": run_id or "",
        }
        with self._housekeeping.changing(), self._database.claims.open() as opened:
            prepared = prepare(
                source,
                opened.folder,
                framework=spelled_framework(framework),
                framework_version=framework_version,
                child_paths=child_paths,
                file_format=file_format,
            )
            opened.claim(prepared.tree.digest)
            model = self._models.add(name, prepared, version=version, lineage=lineage, resources=resources, **fields)
        self._followers.take(model, progress)
        return model
