"""The registry: versions 1, 2, 3… under a name, found by name, version, tags and properties."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from ..errors import InUse, ModelProblem, NotFound, not_found
from ..store import ArtifactStore, Database, model_names, models
from .copying import write_out
from .filters import MAY_BE_CAPTURED, has_pair, pairs_of
from .lineage import Lineage, Resources, from_more, to_more
from .model import Model, check_pairs, model_of_columns, model_of_row, parse_reference
from .sources import Prepared

# Keep JSON columns as text: decoding them here costs less than in the driver's hook.
_COLUMNS = [sa.type_coerce(column, sa.String) if isinstance(column.type, sa.JSON) else column for column in models.c]


class Models:
    """The registry: a mapping from names to newest versions, and the ways to search and change it.

    ``used_by`` returns the services that need a version, within a write transaction.
    """

    def __init__(
        self,
        database: Database,
        artifacts: ArtifactStore,
        used_by: Callable[[sa.Connection, str, int], list[str]],
    ) -> None:
        self._database = database
        self._artifacts = artifacts
        self._used_by = used_by

    def __getitem__(self, name: str) -> Model:
        return self.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self.names())

    def __len__(self) -> int:
        return len(self.names())

    def __contains__(self, name: object) -> bool:
        return name in self.names()

    def names(self) -> list[str]:
        """List the names that have a registered version, sorted; names of captured values only are left out."""
        with self._database.read() as connection:
            found = set(connection.scalars(sa.select(models.c.name).where(~MAY_BE_CAPTURED).distinct()))
            other = connection.execute(sa.select(models).where(MAY_BE_CAPTURED)).mappings()
            return sorted(found.union(model.name for model in map(model_of_row, other) if not model.captured_by))

    def captured(self, connection: sa.Connection, name: str | None = None) -> list[Model]:
        """List captured values within a transaction, newest first; all of them, or those of one name."""
        query = sa.select(models).where(MAY_BE_CAPTURED).order_by(models.c.created.desc(), models.c.version.desc())
        rows = connection.execute(query if name is None else query.where(models.c.name == name)).mappings()
        return [model for model in map(model_of_row, rows) if model.captured_by]

    def add(
        self,
        name: str,
        prepared: Prepared,
        *,
        reuse: bool = False,
        version: int | None = None,
        lineage: Lineage | None = None,
        resources: Resources | None = None,
        **fields: Any,
    ) -> Model:
        """Publish prepared files as the name's next version, or do neither.

        ``name`` is checked already, and an open stage claims the files. ``reuse`` returns the captured value of that
        name with the same content, if there is one. ``version`` is a number in place of the next one; where it has the
        same content already, it is returned. Other fields are as in :class:`Model`.
        """
        tree = prepared.tree
        if not self._artifacts.is_local:
            self._artifacts.publish(tree)
        with self._database.write() as connection:
            taken = _of_version(connection, name, version)
            if taken is not None:
                return _same_content(taken, prepared)
            self._artifacts.publish(tree)
            same = self.captured(connection, name) if reuse else []
            for known in same:
                if (known.digest, known.entry) == (tree.digest, prepared.entry):
                    return replace(known, notices=prepared.notices)
            connection.execute(
                sa.text("INSERT INTO model_names VALUES (:name, 0) ON CONFLICT (name) DO NOTHING"), {"name": name}
            )
            values = {
                "name": name,
                "version": _numbered(connection, name, version),
                "framework": prepared.framework,
                "framework_version": prepared.framework_version,
                "digest": tree.digest,
                "entry": prepared.entry,
                "size": tree.size,
                "requirements": list(prepared.requirements),
                "modules": list(prepared.modules),
                "created": time.time(),
                "more": to_more(lineage or Lineage(), resources or Resources()),
                **fields,
            }
            connection.execute(models.insert().values(**values))
        return model_of_row(values, prepared.notices)

    def get(self, reference: str, version: int | str | None = None) -> Model:
        """Find one version.

        Parameters
        ----------
        reference : str
            ``NAME:VERSION``, or ``NAME`` for the newest registered version, or for the newest version of a captured
            value.
        version : int or str, optional
            Instead of a version in the reference.

        Raises
        ------
        NotFound
            With the nearest name or the versions that exist as its hint.
        """
        name, wanted = parse_reference(f"{reference}:{version}" if version is not None else reference)
        query = sa.select(models).where(models.c.name == name).order_by(models.c.version.desc())
        if wanted:
            # SQLite's integers end there; its driver raises for a larger number.
            query_one = query.where(models.c.version == min(wanted, (1 << 63) - 1))
        with self._database.read() as connection:
            rows = connection.execute(query_one if wanted else query.limit(1)).mappings()
            found = [model_of_row(row) for row in rows]
            if found and found[0].captured_by and not wanted:
                # A model may be registered under a captured value's name: then the name means that model.
                rows = connection.execute(query).mappings()
                found = sorted(map(model_of_row, rows), key=lambda model: (bool(model.captured_by), -model.version))
            if found:
                return found[0]
            versions = list(connection.scalars(query.with_only_columns(models.c.version)))
        if versions:
            known = ", ".join(str(number) for number in sorted(versions)[-10:])
            raise NotFound(
                f"ModelNotFound: Model with name {name} and version {wanted} not found in this workspace.",
                hint=f"Versions of {name}: {known}.",
            )
        missing = not_found("model", name, self.names(), empty="Register one with %register NAME OBJECT.")
        raise NotFound(f"ModelNotFound: Model with name {name} not found in this workspace.", hint=missing.hint)

    def list(
        self,
        name: str | None = None,
        *,
        tags: Mapping[str, str | None] | Sequence[Any] | None = None,
        properties: Mapping[str, str | None] | Sequence[Any] | None = None,
        framework: str | None = None,
        run_id: str | None = None,
        digest: str | None = None,
        latest: bool = False,
        captured: bool = False,
    ) -> list[Model]:
        """Search the registry, newest first; all filters must hold.

        Parameters
        ----------
        name, framework, run_id, digest : str, optional
            Exact values.
        tags, properties : mapping or list, optional
            ``{"stage": "trial"}``, ``{"stage": None}`` for any value; or Azure ML's list form
            ``["stage", ["team", "risk"]]``.
        latest : bool, optional
            Only the newest match of each name.
        captured : bool, optional
            Include captured values; one is also listed by its own name.
        """
        query = sa.select(*_COLUMNS).order_by(models.c.created.desc(), models.c.version.desc())
        for column, value in (
            (models.c.name, name),
            (models.c.framework, framework),
            (models.c.run_id, run_id),
            (models.c.digest, digest),
        ):
            query = query.where(column == value) if value is not None else query
        for json, wanted in (
            (models.c.tags, pairs_of(tags, "tags")),
            (models.c.properties, pairs_of(properties, "properties")),
        ):
            for key, text in wanted.items():
                query = query.where(has_pair(json, key, text, self._database.dialect))
        with self._database.read() as connection:
            # In parts: 10,000 rows at once cost the garbage collector more than reading them.
            parts = connection.execute(query).partitions(1000)
            found = [model_of_columns(*row) for part in parts for row in part]
        if not captured and name is None:
            found = [model for model in found if "captured_by" not in model.properties or not model.captured_by]
        if not latest:
            return found
        newest: dict[str, Model] = {}
        for model in found:
            newest.setdefault(model.name, model)
        return list(newest.values())

    def tag(self, reference: str, tags: Mapping[str, Any]) -> Model:
        """Add tags to ``NAME`` or ``NAME:VERSION``; an existing tag gets the new value. Values become text."""
        return self._merge(reference, "tags", check_pairs(tags, "tags"))

    def add_properties(self, reference: str, properties: Mapping[str, Any]) -> Model:
        """Add new properties to ``NAME`` or ``NAME:VERSION``.

        Raises
        ------
        ModelProblem
            If a key exists: properties are write-once.
        """
        return self._merge(reference, "properties", check_pairs(properties, "properties"))

    def _merge(self, reference: str, column: str, new: dict[str, str]) -> Model:
        model = self.get(reference)
        this = _this(model)
        with self._database.write() as connection:
            old = connection.scalar(sa.select(models.c[column]).where(this))
            if old is None:
                raise NotFound(f"{model.id} was unregistered meanwhile.", hint="Look with: jupyter model models")
            known = sorted(set(old) & set(new))
            if column == "properties" and known:
                raise ModelProblem(
                    "Error, properties are immutable, the following keys cannot be added/modified: " + ", ".join(known),
                    hint=f"Use a tag for what changes: jupyter model tag {model.id} KEY=VALUE",
                )
            connection.execute(models.update().where(this).values({column: {**old, **new}}))
        return self.get(model.id)

    def untag(self, reference: str, names: Iterable[str]) -> tuple[Model, tuple[str, ...]]:
        """Remove tags from a version; returns it as it is now, and the keys that it did not have."""
        model, gone = self.get(reference), list(names)
        with self._database.write() as connection:
            old = connection.scalar(sa.select(models.c.tags).where(_this(model))) or {}
            left = {key: value for key, value in old.items() if key not in gone}
            connection.execute(models.update().where(_this(model)).values(tags=left))
        return self.get(model.id), tuple(key for key in gone if key not in old)

    def change(
        self,
        reference: str,
        *,
        tags: Mapping[str, Any] | None = None,
        description: str | None = None,
        sample_input: str | None = None,
        sample_output: str | None = None,
        resources: Resources | None = None,
        datasets: Sequence[tuple[str, str]] = (),
    ) -> Model:
        """Replace what may be replaced of a version, all its tags among it; what is None stays as it is.

        ``datasets`` are added to those that are there.
        """
        model = self.get(reference)
        samples = {"sample_input": sample_input, "sample_output": sample_output}
        given: dict[str, Any] = {key: value for key, value in samples.items() if value is not None}
        with self._database.write() as connection:
            lineage, needs = from_more(connection.scalar(sa.select(models.c.more).where(_this(model))))
            given["datasets"] = tuple(dict.fromkeys((*lineage.datasets, *datasets)))
            values: dict[str, Any] = {"more": to_more(replace(lineage, **given), resources or needs)}
            values |= {"tags": check_pairs(tags, "tags")} if tags is not None else {}
            values |= {"description": description} if description is not None else {}
            connection.execute(models.update().where(_this(model)).values(**values))
        return self.get(model.id)

    def download(self, reference: str, target: str | Path = ".", *, exist_ok: bool = False) -> Path:
        """Copy a version's files to a folder.

        Parameters
        ----------
        target : str or pathlib.Path, optional
            The folder to write to; made if it is missing.
        exist_ok : bool, optional
            Replace existing files.

        Returns
        -------
        pathlib.Path
            The file or folder that was registered, in its new place.

        Raises
        ------
        ModelProblem
            If something is in the way and ``exist_ok`` is False; nothing was written.
        """
        model = self.get(reference)
        place = Path(target)
        write_out(self._artifacts.local(model.digest), place, exist_ok=exist_ok)
        return place / model.entry

    def files(self, model: Model) -> Sequence[tuple[str, int]]:
        """Return the files of a version by their relative paths, with their sizes."""
        return self._artifacts.files(model.digest)

    def unregister(self, reference: str) -> Model:
        """Remove one version, by default the newest of the name; its number is not given again.

        Raises
        ------
        InUse
            Naming the services that need it.
        """
        model = self.get(reference)
        with self._database.write(frees=True) as connection:
            users = self._used_by(connection, model.name, model.version)
            if users:
                needed = f"service {users[0]} uses it" if len(users) == 1 else f"services {', '.join(users)} use it"
                raise InUse(
                    f"{model.id} cannot be unregistered: {needed}.",
                    hint=f"Delete the service first (jupyter model delete {users[0]}), or give it another version.",
                )
            connection.execute(models.delete().where(_this(model)))
        return model


def _of_version(connection: sa.Connection, name: str, version: int | None) -> Model | None:
    if version is None:
        return None
    query = sa.select(models).where((models.c.name == name) & (models.c.version == version))
    row = connection.execute(query).mappings().first()
    return model_of_row(row) if row else None


def _same_content(known: Model, prepared: Prepared) -> Model:
    if (known.digest, known.entry) == (prepared.tree.digest, prepared.entry):
        return known
    raise ModelProblem(
        f"{known.id} is there already, with other content: a version never changes.",
        hint="Register it without a version: the next one is given.",
    )


def _numbered(connection: sa.Connection, name: str, version: int | None) -> int:
    """Return the next number of a name, or the one that is asked for."""
    last = model_names.c.last_version
    following = last + 1 if version is None else sa.case((last < version, version), else_=last)
    update = model_names.update().where(model_names.c.name == name).values(last_version=following).returning(last)
    found = connection.scalar(update)
    return int(found or 1) if version is None else version


def _this(model: Model) -> sa.ColumnElement[bool]:
    return (models.c.name == model.name) & (models.c.version == model.version)
