"""The database holds intent. SQLAlchemy Core on SQLite in WAL mode; every write takes the write lock at its start."""

from __future__ import annotations

import sqlite3
import time
import uuid
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa

from ..errors import StoreProblem

SCHEMA_VERSION = 3
_ONLY_ADDED_TO = ("1", "2")
_BUSY_SECONDS = 30
metadata = sa.MetaData()

meta = sa.Table("meta", metadata, sa.Column("key", sa.String, primary_key=True), sa.Column("value", sa.String))

model_names = sa.Table(
    "model_names",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("last_version", sa.Integer, nullable=False),
)

models = sa.Table(
    "models",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("digest", sa.String, nullable=False, index=True),
    sa.Column("entry", sa.String, nullable=False),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("framework", sa.String, nullable=False),
    sa.Column("framework_version", sa.String, nullable=False),
    sa.Column("tags", sa.JSON, nullable=False),
    sa.Column("properties", sa.JSON, nullable=False),
    sa.Column("description", sa.String, nullable=False),
    sa.Column("run_id", sa.String, nullable=False),
    sa.Column("requirements", sa.JSON, nullable=False),
    sa.Column("modules", sa.JSON, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Index("newest_models", sa.desc("created"), sa.desc("version")),
)

scripts = sa.Table(
    "scripts",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("folder", sa.String, nullable=False),
    sa.Column("updated", sa.Float, nullable=False),
    sa.Column("origins", sa.JSON),
    sa.Column("models", sa.JSON),
)

services = sa.Table(
    "services",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("spec", sa.JSON, nullable=False),
    sa.Column("bundle", sa.String, nullable=False),
    sa.Column("models", sa.JSON, nullable=False),
    sa.Column("handle", sa.JSON, nullable=False),
    sa.Column("desired", sa.String, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
    sa.Column("updated", sa.Float, nullable=False),
)

environments = sa.Table(
    "environments",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("version", sa.Integer, primary_key=True),
    sa.Column("content", sa.JSON, nullable=False),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("created", sa.Float, nullable=False),
)


class Database:
    """One workspace's rows.

    Parameters
    ----------
    url : str or sqlalchemy.URL
        An SQLAlchemy URL. Other engines get an ordinary transaction for a write.
    """

    def __init__(self, url: str | sa.URL) -> None:
        self.url = url

    @classmethod
    def at(cls, path: Path) -> Database:
        """Use the SQLite file at a path.

        Parameters
        ----------
        path : pathlib.Path
            The file; created with its tables on first use.

        Returns
        -------
        Database
            Not yet connected.
        """
        return cls(sa.URL.create("sqlite", database=str(path)))

    @cached_property
    def engine(self) -> sa.Engine:
        """The engine, its tables made and its schema version checked on first use."""
        engine = sa.create_engine(
            self.url,
            json_deserializer=orjson.loads,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            poolclass=sa.NullPool,
        )
        if engine.dialect.name == "sqlite":
            sa.event.listen(engine, "connect", _configure_sqlite)
            sa.event.listen(engine, "begin", _begin_sqlite)
        try:
            self._prepare(engine)
        except (sa.exc.OperationalError, sa.exc.DatabaseError) as error:
            raise StoreProblem(
                f"The workspace's database cannot be used: {error.orig}.",
                hint=f"It is {self.url}; check that its folder is writable and the file undamaged, "
                "or point JUPYTER_DEPLOY_HOME elsewhere.",
            ) from error
        if engine.dialect.name == "sqlite" and engine.url.database:
            _hold_open(self, engine.url.database)
        return engine

    @cached_property
    def workspace_id(self) -> str:
        """What tells this workspace's things from another's, for example on a Docker engine that both use."""
        with self.read() as connection:
            return str(connection.scalar(sa.select(meta.c.value).where(meta.c.key == "workspace")))

    @property
    def dialect(self) -> str:
        """The kind of database, for example ``"sqlite"``."""
        return self.engine.dialect.name

    def _prepare(self, engine: sa.Engine) -> None:
        with engine.connect() as connection, connection.begin():
            known = sa.inspect(connection).has_table("meta")
            found = connection.scalar(sa.select(meta.c.value).where(meta.c.key == "schema")) if known else None
        if found is None or found in _ONLY_ADDED_TO:
            with engine.connect().execution_options(write=True) as connection, connection.begin():
                _add_columns(connection)
                metadata.create_all(connection)
                rows = {row.key: row.value for row in connection.execute(sa.select(meta.c.key, meta.c.value))}
                wanted = {"schema": str(SCHEMA_VERSION), "workspace": rows.get("workspace", uuid.uuid4().hex[:12])}
                connection.execute(meta.delete().where(meta.c.key.in_(wanted)))
                connection.execute(meta.insert(), [{"key": key, "value": value} for key, value in wanted.items()])
        elif int(found) != SCHEMA_VERSION:
            raise StoreProblem(
                f"The workspace was written by another version of this package (schema {found}, not {SCHEMA_VERSION}).",
                hint="Upgrade jupyter-model-deploy, or point JUPYTER_DEPLOY_HOME at another folder.",
            )

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Open a transaction that only reads.

        Yields
        ------
        sqlalchemy.Connection
            One consistent view of the rows.
        """
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """Open a transaction that holds the write lock from its start; committed at the end, undone on an error.

        Yields
        ------
        sqlalchemy.Connection
            No other writer runs while it is open.
        """
        with self.engine.connect().execution_options(write=True) as connection, connection.begin():
            yield connection


def _add_columns(connection: sa.Connection) -> None:
    """Add what tables that are there have got since they were made; all of it may be null."""
    inspector = sa.inspect(connection)
    for table in metadata.sorted_tables:
        if inspector.has_table(table.name):
            there = {column["name"] for column in inspector.get_columns(table.name)}
            for column in table.columns:
                if column.name not in there:
                    kind = column.type.compile(connection.dialect)
                    connection.exec_driver_sql(f'ALTER TABLE "{table.name}" ADD COLUMN "{column.name}" {kind}')


def _hold_open(database: Database, path: str) -> None:
    """Keep one connection open: SQLite clears its log away whenever the last one closes, which costs milliseconds."""
    held = sqlite3.connect(path, check_same_thread=False)
    held.execute("SELECT count(*) FROM sqlite_master").close()
    weakref.finalize(database, held.close)


def _configure_sqlite(connection: Any, _record: Any) -> None:
    # The sqlite3 module would open transactions by itself, and too late for the write lock: _begin_sqlite does it.
    connection.isolation_level = None
    for pragma in (f"busy_timeout={_BUSY_SECONDS * 1000}", "synchronous=normal", "foreign_keys=on"):
        connection.execute(f"PRAGMA {pragma}").close()
    end = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=wal").close()
            return
        except sqlite3.OperationalError as error:
            # For the change of a new file's journal, SQLite does not wait for those who do the same.
            if "locked" not in str(error) or time.monotonic() > end:
                raise
            time.sleep(0.005)


def _begin_sqlite(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
