"""Registered data sets: a copy of their files, and how to read them."""

from __future__ import annotations

import hashlib
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ..errors import NotFound, UsageProblem, not_found
from ..store import Database, datasets
from .reading import Reading

_NAME = re.compile(r"[\w\- .]{1,255}")


@dataclass(frozen=True)
class DatasetRecord:
    """One version of a data set; ``kind`` is ``"tabular"`` or ``"file"``."""

    name: str
    version: int
    kind: str
    reading: Reading
    digest: str
    description: str
    tags: Mapping[str, str] = field(hash=False)
    created: datetime

    @property
    def id(self) -> str:
        """``name:version``."""
        return f"{self.name}:{self.version}"


class Datasets:
    """The registered data sets. A version's files are a copy: it stays what it was when its source changes."""

    def __init__(self, database: Database, folder: Path) -> None:
        self._database = database
        self._folder = folder

    def names(self) -> tuple[str, ...]:
        """Name them all."""
        with self._database.read() as connection:
            return tuple(connection.scalars(sa.select(datasets.c.name).distinct().order_by(datasets.c.name)))

    def versions(self, name: str) -> tuple[DatasetRecord, ...]:
        """Return all versions of a data set, oldest first."""
        query = sa.select(datasets).where(datasets.c.name == name).order_by(datasets.c.version)
        with self._database.read() as connection:
            return tuple(_record(row) for row in connection.execute(query).mappings())

    def get(self, name: str, version: int | None = None) -> DatasetRecord:
        """Find a version, the newest where none is named.

        Raises
        ------
        NotFound
            With the nearest name, or the versions that there are.
        """
        found = self.versions(name)
        if not found:
            raise not_found("dataset", name, self.names())
        if version is None:
            return found[-1]
        for record in found:
            if record.version == version:
                return record
        known = ", ".join(str(record.version) for record in found)
        raise NotFound(f"The dataset {name!r} has no version {version}.", hint=f"Its versions: {known}.")

    def files(self, record: DatasetRecord) -> tuple[Path, ...]:
        """Return a version's files, in the order in which they were registered."""
        return tuple(sorted(self._place(record.name, record.version).iterdir()))

    def register(
        self,
        name: str,
        kind: str,
        files: Sequence[Path],
        reading: Reading,
        *,
        description: str = "",
        tags: Mapping[str, str] | None = None,
        new_version: bool = False,
    ) -> DatasetRecord:
        """Copy files and give them a name's first version, or its next one.

        Raises
        ------
        UsageProblem
            If the name is taken by other content and ``new_version`` is False; the same content is that version again.
        """
        if not _NAME.fullmatch(name):
            raise UsageProblem(f"{name!r} cannot be a dataset's name.", hint="For example 'sample_request_data'.")
        digest = _digest(files, reading)
        known = self.versions(name)
        if known and not new_version:
            if known[-1].digest == digest:
                return known[-1]
            raise UsageProblem(
                f"There is already a dataset registered under name {name!r}.", hint="Give create_new_version=True."
            )
        with self._database.write() as connection:
            newest = connection.scalar(sa.select(sa.func.max(datasets.c.version)).where(datasets.c.name == name))
            version = int(newest or 0) + 1
            self._copy(files, self._place(name, version))
            values: dict[str, Any] = {"name": name, "version": version, "kind": kind, "reading": asdict(reading)}
            values |= {"digest": digest, "description": description, "tags": dict(tags or {}), "created": time.time()}
            connection.execute(datasets.insert().values(**values))
        return _record(values)

    def is_other(self, record: DatasetRecord, files: Sequence[Path], reading: Reading) -> bool:
        """Whether these files differ from those of a version."""
        return record.digest != _digest(files, reading)

    def _copy(self, files: Sequence[Path], place: Path) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        if place.exists():
            # Left by a process that ended before its row was written.
            shutil.rmtree(place)
        place.mkdir(parents=True)
        width = len(str(len(files)))
        for number, path in enumerate(files):
            shutil.copyfile(path, place / f"{number:0{width}}-{path.name}")

    def unregister(self, name: str) -> None:
        """Remove all versions of a data set, and their files."""
        self.get(name)
        with self._database.write(frees=True) as connection:
            connection.execute(datasets.delete().where(datasets.c.name == name))
        shutil.rmtree(self._folder / _folder_name(name), ignore_errors=True)

    def _place(self, name: str, version: int) -> Path:
        return self._folder / _folder_name(name) / str(version)


def _folder_name(name: str) -> str:
    # A name may be ".." or differ from another in case only.
    return hashlib.sha256(name.encode()).hexdigest()[:16]


def _digest(files: Sequence[Path], reading: Reading) -> str:
    total = hashlib.sha256(repr(reading).encode())
    for path in files:
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def _record(row: Any) -> DatasetRecord:
    values = dict(row)
    values["reading"] = Reading(**values["reading"])
    values["created"] = datetime.fromtimestamp(values["created"], UTC)
    return DatasetRecord(**values)
