"""Upgrade an older workspace's database: a copy first, then every step, in one write transaction.

Tables only get new tables and nullable columns, and rows keep what older packages read. So the packages of two
environments can share a workspace; ``meta.schema`` is the oldest package that can, ``meta.revision`` the last step.
An older package must not remove what it does not know: its garbage collection takes every folder of ``artifacts/``
that no row of ``models`` names, and every folder of ``bundles/`` that no row of ``services`` names.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from ..errors import StoreProblem

SCHEMA_VERSION = 9
_KEPT_COPIES = 3
_UPGRADE = "Upgrade jupyter-model-deploy, or point JUPYTER_DEPLOY_HOME at another folder."


@dataclass(frozen=True)
class Step:
    """What one revision changes; new tables and columns are added anyway."""

    revision: int  # the revision that it leads to
    readable_by: int  # the oldest schema whose package can still use the database afterwards
    # changes rows within the transaction; running it again must do no harm
    run: Callable[[sa.Connection], None] = lambda _: None


# Scripts got ``taken``: what they took from their notebooks. Services got ``more``: fields that a package of schema 3
# would not accept in ``spec``.
# Runs, data sets, compute targets and the names of workspaces got tables; models got ``more``, as services have it.
# Profiles got a table. Notes about assets got a table; endpoints and deployments got theirs. Rollouts
# got one.
STEPS = (Step(4, 3), Step(5, 3), Step(6, 3), Step(7, 3), Step(8, 3), Step(9, 3))


def known_facts(connection: sa.Connection) -> dict[str, str]:
    """Read ``schema``, ``revision``, ``package`` and ``workspace`` of a database; empty for a new one."""
    if not sa.inspect(connection).has_table("meta"):
        return {}
    return {row.key: row.value for row in connection.execute(sa.text("SELECT key, value FROM meta"))}


def revision_of(facts: dict[str, str]) -> int:
    """Return the revision of a database, 0 for a new one, or refuse one that this package cannot use."""
    schema = facts.get("schema")
    if schema is None:
        return 0
    if not schema.isdecimal() or not 1 <= int(schema) <= SCHEMA_VERSION:
        raise too_new(schema, facts.get("package", ""))
    revision = facts.get("revision", schema)
    return int(revision) if revision.isdecimal() else int(schema)


def too_new(schema: object, package: str) -> StoreProblem:
    """Make the error for a database of a newer package, whose version may be empty."""
    by = f"version {package} of this package" if package else "another version of this package"
    return StoreProblem(
        f"The workspace was written by {by} (schema {schema}, not {SCHEMA_VERSION}).",
        hint=f"{_UPGRADE} In a notebook, restart the kernel after that.",
    )


def upgrade(connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Bring a database to this package's revision, within a write transaction."""
    facts = known_facts(connection)
    revision = revision_of(facts)
    if revision >= SCHEMA_VERSION:
        return
    _add_columns(connection, metadata)
    metadata.create_all(connection)
    for step in STEPS:
        if step.revision > revision:
            step.run(connection)
    readable_by = max(step.readable_by for step in STEPS)
    wanted = {
        "schema": str(readable_by),
        "revision": str(SCHEMA_VERSION),
        "package": _package(),
        "workspace": facts.get("workspace", uuid.uuid4().hex[:12]),
    }
    meta = metadata.tables["meta"]
    connection.execute(meta.delete().where(meta.c.key.in_(wanted)))
    connection.execute(meta.insert(), [{"key": key, "value": value} for key, value in wanted.items()])
    if connection.dialect.name == "sqlite":
        # Reading user_version costs no query, so every transaction can check it.
        connection.exec_driver_sql(f"PRAGMA user_version = {readable_by}")


def _package() -> str:
    from importlib import metadata

    try:
        return metadata.version("jupyter-model-deploy")
    except metadata.PackageNotFoundError:
        # Only the files are here, as in a service's own environment.
        return ""


def _add_columns(connection: sa.Connection, metadata: sa.MetaData) -> None:
    """Add the columns that existing tables lack; all of them are nullable."""
    inspector = sa.inspect(connection)
    for table in metadata.sorted_tables:
        if inspector.has_table(table.name):
            there = {column["name"] for column in inspector.get_columns(table.name)}
            for column in table.columns:
                if column.name not in there:
                    kind = column.type.compile(connection.dialect)
                    connection.exec_driver_sql(f'ALTER TABLE "{table.name}" ADD COLUMN "{column.name}" {kind}')


def back_up(path: Path, source: sqlite3.Connection) -> Path:
    """Copy a database before an upgrade to a private ``state.db.before-4``; the three newest copies are kept.

    ``source`` is open on it for reading; the upgrade holds the write lock, so nothing changes meanwhile.
    """
    half = path.with_name(f".{path.name}.{os.getpid()}.{uuid.uuid4().hex[:8]}")
    try:
        os.close(os.open(half, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        half.chmod(0o600)
        with contextlib.closing(sqlite3.connect(half)) as copy:
            source.backup(copy)
            # A single file, which can be moved: a copy in WAL mode would have a log of its own.
            copy.execute("PRAGMA journal_mode=delete").close()
        with half.open("rb") as file:
            os.fsync(file.fileno())
        number, place = 1, path.with_name(f"{path.name}.before-{SCHEMA_VERSION}")
        while place.exists():
            number += 1
            place = path.with_name(f"{path.name}.before-{SCHEMA_VERSION}.{number}")
        half.rename(place)
    finally:
        for left in (half, Path(f"{half}-journal"), Path(f"{half}-wal"), Path(f"{half}-shm")):
            left.unlink(missing_ok=True)
    copies = sorted(path.parent.glob(f"{path.name}.before-*"), key=lambda copy: copy.stat().st_mtime)
    for old in copies[:-_KEPT_COPIES]:
        old.unlink(missing_ok=True)
    return place
