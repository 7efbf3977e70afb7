"""Runs in the database, and the folders of their files."""

from __future__ import annotations

import json
import shutil
import time
import uuid
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any

import sqlalchemy as sa

from ..errors import NotFound, UsageProblem, not_found
from ..files import touch_private, walk_tree
from ..store import Database, metrics, runs
from .record import Metric, RunRecord


class Runs:
    """All runs of a workspace."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def start(
        self,
        experiment: str,
        *,
        id: str = "",  # noqa: A002 - the field's word
        parent: str = "",
        name: str = "",
    ) -> RunRecord:
        """Begin a run; an id that exists already is refused."""
        values: dict[str, Any] = {"id": id or str(uuid.uuid4()), "experiment": experiment, "parent": parent}
        values |= {"name": name, "status": "Running", "error": "", "tags": {}, "properties": {}, "created": time.time()}
        with self._database.write() as connection:
            if connection.scalar(sa.select(runs.c.id).where(runs.c.id == values["id"])):
                raise UsageProblem(f"There is a run {values['id']} already.", hint="Leave the id out to get a new one.")
            connection.execute(runs.insert().values(**values))
        return self.get(values["id"])

    def get(self, run_id: str) -> RunRecord:
        """Find a run by its id; :class:`~jupyter_deploy.errors.NotFound` where there is none."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(runs).where(runs.c.id == run_id)).mappings().first()
            if row is not None:
                return _record(row)
            known = connection.scalars(sa.select(runs.c.id).order_by(runs.c.created.desc()).limit(100)).all()
        raise not_found("run", run_id, known, empty="No run was started yet.")

    def list(self, experiment: str | None = None, *, parent: str | None = None) -> list[RunRecord]:
        """List runs, newest first: those of an experiment, or the children of a run, where one is named."""
        query = sa.select(runs).order_by(runs.c.created.desc())
        query = query.where(runs.c.experiment == experiment) if experiment is not None else query
        query = query.where(runs.c.parent == parent) if parent is not None else query
        with self._database.read() as connection:
            return [_record(row) for row in connection.execute(query).mappings()]

    def experiments(self) -> tuple[str, ...]:
        """Name the experiments that have a run."""
        with self._database.read() as connection:
            return tuple(connection.scalars(sa.select(runs.c.experiment).distinct().order_by(runs.c.experiment)))

    def number(self, record: RunRecord) -> int:
        """Count a run within its experiment, from 1."""
        # A record's time is rounded; the row's own is not.
        began = sa.select(runs.c.created).where(runs.c.id == record.id).scalar_subquery()
        this = (runs.c.experiment == record.experiment) & (runs.c.created <= began)
        with self._database.read() as connection:
            return int(connection.scalar(sa.select(sa.func.count()).select_from(runs).where(this)) or 0)

    def end(self, run_id: str, status: str, error: str = "") -> RunRecord:
        """Write down how a run ended."""
        return self._set(run_id, status=status, error=error, ended=time.time())

    def rename(self, run_id: str, name: str) -> RunRecord:
        """Give a run the name that lists show."""
        return self._set(run_id, name=name)

    def tag(self, run_id: str, tags: Mapping[str, str]) -> RunRecord:
        """Add tags; one that exists gets the new value."""
        return self._merge(run_id, runs.c.tags, tags)

    def untag(self, run_id: str, names: Iterable[str]) -> RunRecord:
        """Remove tags; nothing happens for those that are not there."""
        gone = set(names)
        return self._set(run_id, tags={key: text for key, text in self.get(run_id).tags.items() if key not in gone})

    def add_properties(self, run_id: str, properties: Mapping[str, str]) -> RunRecord:
        """Add properties; they are write-once."""
        known = sorted(set(self.get(run_id).properties) & set(properties))
        if known:
            raise UsageProblem(
                f"Error, properties are immutable, the following keys cannot be added/modified: {', '.join(known)}",
                hint="Use a tag for what changes.",
            )
        return self._merge(run_id, runs.c.properties, properties)

    def log(self, run_id: str, *values: Metric) -> None:
        """Keep values, in their order."""
        rows = [
            # Not the column's own JSON: that has no NaN, which losses of a training have.
            {"run_id": run_id, "name": one.name, "kind": one.kind, "value": json.dumps(one.value), "step": one.step}
            | {"created": time.time()}
            for one in values
        ]
        with self._database.write() as connection:
            connection.execute(metrics.insert(), rows)

    def metrics(self, run_id: str, name: str | None = None) -> tuple[Metric, ...]:
        """Return what a run has logged, in order."""
        query = sa.select(metrics).where(metrics.c.run_id == run_id).order_by(metrics.c.number)
        query = query.where(metrics.c.name == name) if name is not None else query
        with self._database.read() as connection:
            rows = connection.execute(query).mappings().all()
        return tuple(Metric(row["name"], row["kind"], json.loads(row["value"]), row["step"]) for row in rows)

    def folder(self, run_id: str) -> Path:
        """Return the folder of a run's files; it may not be there yet."""
        return self._folder / run_id

    def files(self, run_id: str) -> tuple[str, ...]:
        """Name a run's files, relative to its folder."""
        folder = self.folder(run_id)
        return tuple(sorted(name for name, empty in walk_tree(folder) if not empty)) if folder.is_dir() else ()

    def keep(self, run_id: str, name: str, source: Path | IO[bytes]) -> Path:
        """Copy a file, or what a stream holds, to a run's files; a name that is taken is refused."""
        place = self._place(run_id, name)
        if place.exists():
            raise UsageProblem(f"The run {run_id} has a file {name} already.", hint="Upload it under another name.")
        self._folder.mkdir(mode=0o700, exist_ok=True)
        place.parent.mkdir(parents=True, exist_ok=True)
        touch_private(place)
        with place.open("wb") as file:
            if isinstance(source, Path):
                with source.open("rb") as stream:
                    shutil.copyfileobj(stream, file)
            else:
                shutil.copyfileobj(source, file)
        return place

    def file(self, run_id: str, name: str) -> Path:
        """Find one of a run's files; :class:`~jupyter_deploy.errors.NotFound` lists those that there are."""
        place = self._place(run_id, name)
        if not place.is_file():
            known = self.files(run_id)
            listed = f"Its files: {', '.join(known[:20])}." if known else "No file was uploaded to it."
            raise NotFound(f"The run {run_id} has no file {name!r}.", hint=listed)
        return place

    def _place(self, run_id: str, name: str) -> Path:
        path = PurePosixPath(name)
        if not name.strip() or path.is_absolute() or ".." in path.parts:
            raise UsageProblem(f"{name!r} cannot be the name of a run's file.", hint="For example outputs/model.pkl.")
        return self.folder(run_id) / path

    def _set(self, run_id: str, **values: Any) -> RunRecord:
        with self._database.write() as connection:
            connection.execute(runs.update().where(runs.c.id == run_id).values(**values))
        return self.get(run_id)

    def _merge(self, run_id: str, column: sa.Column[Any], new: Mapping[str, str]) -> RunRecord:
        with self._database.write() as connection:
            old = connection.scalar(sa.select(column).where(runs.c.id == run_id)) or {}
            merged = {column.name: {**old, **{key: str(value) for key, value in new.items()}}}
            connection.execute(runs.update().where(runs.c.id == run_id).values(**merged))
        return self.get(run_id)


def _record(row: Any) -> RunRecord:
    values = dict(row)
    values["created"] = datetime.fromtimestamp(values["created"], UTC)
    values["ended"] = None if values["ended"] is None else datetime.fromtimestamp(values["ended"], UTC)
    return RunRecord(**values)
