"""A registry with many versions, whose rows and folders are made in bulk."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from jupyter_deploy.store import Database, model_names, models
from jupyter_deploy.workspace import Workspace

_NAMES = 100
_PART = 5000


def fill(workspace: Workspace, count: int) -> None:
    """Add versions until there are that many; each has a folder of its own in the artifact store."""
    database = Database.at(workspace.home.database)
    with database.write() as connection:
        before = connection.scalar(sa.select(sa.func.count()).select_from(models)) or 0
        rows = _rows(before, count)
        while part := list(itertools.islice(rows, _PART)):
            connection.execute(models.insert(), part)
        names = [{"name": f"model-{number}", "last_version": count} for number in range(_NAMES)]
        connection.execute(model_names.delete())
        connection.execute(model_names.insert(), names)
    for number in range(before, count):
        (workspace.home.artifacts / _digest(number)).mkdir()


def _digest(number: int) -> str:
    return f"{number:064x}"


def _rows(start: int, end: int) -> Iterator[dict[str, Any]]:
    for number in range(start, end):
        yield {
            "name": f"model-{number % _NAMES}",
            "version": number // _NAMES + 1,
            "digest": _digest(number),
            "entry": "model.joblib",
            "size": 1000,
            "framework": "ScikitLearn",
            "framework_version": "1.5.0",
            "tags": {"stage": "trial"},
            "properties": {},
            "description": "",
            "run_id": "",
            "requirements": ["scikit-learn==1.5.0"],
            "modules": [],
            "created": time.time(),
        }
