"""The database holds intent. SQLAlchemy Core on SQLite in WAL mode; every write takes the write lock at its start."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import orjson
import sqlalchemy as sa

from ..errors import StoreProblem
from .connections import FULL, Connection, Connections
from .faults import code_of, is_about_room, told
from .locks import lock
from .migrations import SCHEMA_VERSION, back_up, known_facts, revision_of, too_new, upgrade
from .room import Reserve
from .snapshot import snapshot
from .staging import Claims
from .tables import meta, metadata

BUSY_SECONDS = 30.0


class Database:
    """The rows of one workspace, at an SQLAlchemy URL.

    Engines other than SQLite get an ordinary transaction for a write. ``busy_seconds`` is the wait for another
    process's lock, by default :data:`BUSY_SECONDS`.
    """

    def __init__(self, url: str | sa.URL, *, busy_seconds: float | None = None) -> None:
        self.url = sa.make_url(url)
        self._busy_seconds = busy_seconds
        self.upgraded_from = ""

    @classmethod
    def at(cls, path: Path) -> Database:
        """Use the SQLite file at a path, created with its tables on first use; it is not yet connected."""
        return cls(sa.URL.create("sqlite", database=str(path)))

    @property
    def path(self) -> Path | None:
        """SQLite's file; None for another engine."""
        is_file = self.url.get_backend_name() == "sqlite" and self.url.database not in {None, "", ":memory:"}
        return Path(str(self.url.database)) if is_file else None

    @property
    def busy_seconds(self) -> float:
        """How long to wait for another process's lock."""
        return BUSY_SECONDS if self._busy_seconds is None else self._busy_seconds

    @cached_property
    def _reserve(self) -> Reserve | None:
        return Reserve(self.path.parent) if self.path else None

    @cached_property
    def engine(self) -> sa.Engine:
        """The engine, its tables made and its schema version checked on first use."""
        with self._told():
            engine = self._made(self._connect) if self.path else self._made(None)
            self._prepare(engine)
            if self.path:
                self._connections.hold_open()
            return engine

    def open(self) -> None:
        """Create missing tables, upgrade older ones, and refuse newer ones."""
        _ = self.engine

    def _made(self, creator: Callable[[], sqlite3.Connection] | None) -> sa.Engine:
        options: dict[str, Any] = {"creator": creator} if creator else {}
        engine = sa.create_engine(
            self.url,
            json_deserializer=orjson.loads,
            json_serializer=lambda value: orjson.dumps(value).decode(),
            poolclass=sa.NullPool,
            **options,
        )
        if engine.dialect.name == "sqlite":
            sa.event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _told(self) -> contextlib.AbstractContextManager[None]:
        return told(self.path, self.url, self.busy_seconds)

    def lock(
        self, kind: Literal["service", "endpoint", "score"], name: str, seconds: float
    ) -> contextlib.AbstractContextManager[None]:
        """Hold a lock between processes, or raise :class:`~jupyter_deploy.store.Held` after so many seconds.

        On one machine it ends with its process.
        """
        folder = self._folder / f"{kind}s"
        folder.mkdir(mode=0o700, exist_ok=True)
        return lock(folder / f"{name}.lock", seconds)

    @cached_property
    def claims(self) -> Claims:
        """The open stages, and what they claim."""
        return Claims(self._folder / "staging")

    @property
    def _folder(self) -> Path:
        if self.path is None:
            raise StoreProblem(
                f"Processes cannot be kept apart by a {self.dialect} database yet.",
                hint="Use the database file in the workspace's folder.",
            )
        return self.path.parent

    @cached_property
    def workspace_id(self) -> str:
        """An id that tells this workspace's objects from another's, for example on a shared Docker engine."""
        with self.read() as connection:
            return str(connection.scalar(sa.select(meta.c.value).where(meta.c.key == "workspace")))

    @property
    def dialect(self) -> str:
        """The kind of database, for example ``"sqlite"``."""
        return str(self.url.get_backend_name())

    @cached_property
    def _connections(self) -> Connections:
        assert self.path is not None
        return Connections(self.path)

    def _connect(self) -> sqlite3.Connection:
        return self._connections.take(self.busy_seconds)

    def _prepare(self, engine: sa.Engine) -> None:
        with engine.connect() as connection, connection.begin():
            facts = known_facts(connection)
            revision = revision_of(facts)
        if revision >= SCHEMA_VERSION:
            return
        with engine.connect().execution_options(write=True) as connection, connection.begin():
            facts = known_facts(connection)
            # Another process may have done it since the last look.
            if self.path and 0 < revision_of(facts) < SCHEMA_VERSION:
                with contextlib.closing(self._connect()) as source:
                    self.upgraded_from = str(back_up(self.path, source))
            upgrade(connection, metadata)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """Open a transaction that only reads one consistent view.

        It reads a copy if nothing can be written beside the database (a full disk, a read-only folder).
        """
        with self._told(), contextlib.ExitStack() as stack:
            yield self._opened(stack)

    def _opened(self, stack: contextlib.ExitStack) -> sa.Connection:
        try:
            with contextlib.ExitStack() as trial:
                connection = trial.enter_context(self.engine.connect())
                trial.enter_context(connection.begin())
                self._check(connection)
                stack.push(trial.pop_all())
                return connection
        except (sa.exc.DBAPIError, sqlite3.Error, StoreProblem) as error:
            if self.path is None or not is_about_room(error):
                raise
        path = self.path
        # Closing a copied file lets go of the locks that this process's connections have on it.
        self._connections.end()
        connection = stack.enter_context(self._made(lambda: snapshot(path)).connect())
        with connection.begin():
            upgrade(connection, metadata)
        stack.enter_context(connection.begin())
        return connection

    @contextmanager
    def write(self, *, frees: bool = False, patience: float | None = None) -> Iterator[sa.Connection]:
        """Open a transaction that holds the write lock from its start; committed at the end, undone on an error.

        ``frees`` says that it ends or removes something; then a full disk's reserve may be given up. ``patience`` is
        the wait for another process's lock in seconds, by default :attr:`busy_seconds`.
        """
        with self._told(), contextlib.ExitStack() as stack:
            reserve = self._reserve if frees else None
            if reserve:
                reserve.make_room()
            connection = self._begun(stack, reserve, patience)
            yield connection

    def _begun(self, stack: contextlib.ExitStack, reserve: Reserve | None, patience: float | None) -> sa.Connection:
        while True:
            try:
                with contextlib.ExitStack() as trial:
                    connection = trial.enter_context(self.engine.connect().execution_options(write=True))
                    driver = connection.connection.driver_connection
                    if isinstance(driver, Connection):
                        driver.reserve = reserve
                        if patience is not None:
                            driver.wait(patience)
                    trial.enter_context(connection.begin())
                    self._check(connection)
                    stack.push(trial.pop_all())
                    return connection
            except (sa.exc.DBAPIError, sqlite3.Error, StoreProblem) as error:
                if reserve is None or code_of(error) not in FULL or not reserve.give_up():
                    raise

    @staticmethod
    def _check(connection: sa.Connection) -> None:
        """Refuse a database that a newer package has changed since this process opened it."""
        driver = connection.connection.driver_connection
        if not isinstance(driver, Connection):
            return
        cursor = driver.execute("PRAGMA user_version")
        needs = cursor.fetchone()[0]
        cursor.close()
        if needs > SCHEMA_VERSION:
            facts = known_facts(connection)
            raise too_new(facts.get("schema", needs), facts.get("package", ""))


def _begin_sqlite(connection: sa.Connection) -> None:
    write = connection.get_execution_options().get("write", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
