"""Registered environments: named, versioned, found by what users write."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from ..errors import EnvironmentProblem, NotFound, UsageProblem, not_found
from ..home import Home
from ..store import Database, environments
from .environment import Environment, checked, from_stored, stored
from .private import refuse_where_shared
from .wheels import Wheels


class Environments(Mapping[str, Environment]):
    """The registered environments; ``workspace.environments["NAME"]`` or ``["NAME:VERSION"]``."""

    def __init__(self, database: Database, home: Home) -> None:
        self._database = database
        self.wheels = Wheels(home)

    def __iter__(self) -> Iterator[str]:
        with self._database.read() as connection:
            names = connection.scalars(sa.select(environments.c.name).distinct().order_by(environments.c.name)).all()
        return iter(names)

    def get(self, reference: str, default: Any = None) -> Any:
        """Return the environment ``NAME`` or ``NAME:VERSION``, or the default if there is none."""
        try:
            return self[reference]
        except NotFound:
            return default

    def __len__(self) -> int:
        return sum(1 for _ in iter(self))

    def __contains__(self, reference: object) -> bool:
        return isinstance(reference, str) and bool(re.match(r"[\w.\-]+(:\d+)?$", reference)) and self._has(reference)

    def _has(self, reference: str) -> bool:
        try:
            self[reference]
        except NotFound:
            return False
        return True

    def __getitem__(self, reference: str) -> Environment:
        name, colon, version = reference.partition(":")
        if colon and not version.isdecimal():
            raise UsageProblem(f"{reference!r} is not NAME or NAME:VERSION.", hint="For example 'sklearn:2'.")
        return self.get_version(name, int(version) if colon else None)

    def get_version(self, name: str, version: int | None = None) -> Environment:
        """Return an environment, by default its newest version.

        Raises
        ------
        NotFound
            With the nearest name, or the versions that there are.
        """
        versions = self.versions(name)
        if not versions:
            raise not_found("environment", name, self, empty="Register one, or leave it out to have it inferred.")
        if version is None:
            return versions[-1]
        for found in versions:
            if found.version == version:
                return found
        known = ", ".join(str(found.version) for found in versions)
        raise NotFound(f"Environment {name!r} has no version {version}.", hint=f"Its versions: {known}.")

    def versions(self, name: str) -> list[Environment]:
        """List the versions of an environment, oldest first; empty if there are none."""
        query = sa.select(environments).where(environments.c.name == name).order_by(environments.c.version)
        with self._database.read() as connection:
            return [from_stored(row["content"]) for row in connection.execute(query).mappings()]

    def register(self, environment: Environment, *, number: int | None = None) -> Environment:
        """Store an environment under its name and return it with its version; the same content is the same version.

        ``number`` is a version in place of the next one.

        Raises
        ------
        EnvironmentProblem, ConfigProblem
            If it cannot be made, or the number has other content.
        """
        wanted = replace(checked(environment), version=0)
        if self._database.path:
            refuse_where_shared(self._database.path.parent, wanted, {}, f"environment {wanted.name}")
        with self._database.write() as connection:
            query = sa.select(environments).where(environments.c.name == wanted.name)
            known = [from_stored(row["content"]) for row in connection.execute(query).mappings()]
            for found in known:
                if replace(found, version=0) == wanted and number in {None, found.version}:
                    return found
                if found.version == number:
                    raise EnvironmentProblem(
                        f"{wanted.name}:{number} is there already, with other content: a version never changes.",
                        hint="Register it without a version: the next one is given.",
                    )
            version = number or max((found.version for found in known), default=0) + 1
            made = replace(wanted, version=version)
            values: dict[str, Any] = {"content": stored(made), "digest": made.digest, "created": time.time()}
            connection.execute(environments.insert().values(name=made.name, version=version, **values))
        return made

    def digests(self) -> set[str]:
        """List the registered digests: these installations are in use without any service."""
        with self._database.read() as connection:
            return set(connection.scalars(sa.select(environments.c.digest)))
