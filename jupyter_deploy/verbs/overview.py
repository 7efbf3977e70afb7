"""``overview``: the workspace on one page."""

from __future__ import annotations

import argparse
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ..environments import Environment
from ..registry import Model
from ..workspace import Workspace
from .services import facts_of_all
from .verb import Session, Verb


@dataclass(frozen=True)
class Overview:
    """What the workspace holds."""

    home: str
    services: tuple[dict[str, Any], ...] = field(default=(), hash=False)  # the facts of each
    models: tuple[Model, ...] = ()  # the newest version of each
    scripts: tuple[str, ...] = ()  # the script cells' names
    environments: tuple[Environment, ...] = ()  # the newest version of each registered one
    leftovers: int = 0  # folders that no service needs; images are not searched

    @property
    def is_empty(self) -> bool:
        """Whether nothing has been made yet."""
        return not (self.services or self.models or self.scripts or self.environments)

    @property
    def next_steps(self) -> tuple[str, ...]:
        """What to type next, as a notebook's lines."""
        if self.is_empty:
            return ("%%score_script NAME", "%deploy NAME", "%invoke NAME VALUE")
        return ("%model prune --dry-run",) if self.leftovers else ()

    def as_dict(self) -> dict[str, Any]:
        """Return all fields for JSON."""
        return {
            "home": self.home,
            "services": list(self.services),
            "models": [model.as_dict() for model in self.models],
            "scripts": list(self.scripts),
            "environments": [one.as_dict() for one in self.environments],
            "leftovers": self.leftovers,
        }


def overview_of(workspace: Workspace) -> Overview:
    """Gather the overview of a workspace."""
    with ThreadPoolExecutor(1) as pool:
        folders = pool.submit(lambda: len(workspace.housekeeping.unneeded_folders()))
        facts = facts_of_all(workspace.services)
    return Overview(
        str(workspace.home.root),
        tuple(facts),
        tuple(sorted(workspace.models.list(latest=True), key=lambda model: model.name)),
        tuple(workspace.scripts.names()),
        tuple(workspace.environments.values()),
        folders.result(),
    )


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    return overview_of(workspace)


VERB = Verb("overview", "show the workspace on one page: services, models, scripts, environments", (), _run)
