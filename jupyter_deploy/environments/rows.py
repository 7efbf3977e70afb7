"""Registered environments: named, versioned, found again by what users write."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from ..errors import NotFound, UsageProblem, not_found
from ..store import Database, environments
from .environment import Environment, checked, from_stored, stored
from .private import refuse_where_shared


class Environments(Mapping[str, Environment]):
    """The registered environments; ``workspace.environments["NAME"]`` or ``["NAME:VERSION"]``.

    Parameters
    ----------
    database : Database
        Holds them.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def __iter__(self) -> Iterator[str]:
        with self._database.read() as connection:
            names = connection.scalars(sa.select(environments.c.name).distinct().order_by(environments.c.name)).all()
        return iter(names)

    def get(self, reference: str, default: Any = None) -> Any:
        """Look an environment up that may not be there.

        Parameters
        ----------
        reference : str
            ``NAME`` or ``NAME:VERSION``.
        default : object, optional
            What to return where it is not.

        Returns
        -------
        Environment or object
            The environment, or the default.
        """
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
        """Look an environment up.

        Parameters
        ----------
        name : str
            Its name.
        version : int, optional
            The newest by default.

        Returns
        -------
        Environment
            As it was registered.

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
        """List the versions of an environment.

        Parameters
        ----------
        name : str
            Its name.

        Returns
        -------
        list of Environment
            Oldest first; empty where there is none.
        """
        query = sa.select(environments).where(environments.c.name == name).order_by(environments.c.version)
        with self._database.read() as connection:
            return [from_stored(row["content"]) for row in connection.execute(query).mappings()]

    def register(self, environment: Environment) -> Environment:
        """Keep an environment under its name.

        Parameters
        ----------
        environment : Environment
            To be kept. The same content is the same version again.

        Returns
        -------
        Environment
            With its version.

        Raises
        ------
        EnvironmentProblem, ConfigProblem
            If it cannot be made.
        """
        wanted = replace(checked(environment), version=0)
        if self._database.path:
            refuse_where_shared(self._database.path.parent, wanted, {}, f"environment {wanted.name}")
        with self._database.write() as connection:
            query = sa.select(environments).where(environments.c.name == wanted.name)
            known = [from_stored(row["content"]) for row in connection.execute(query).mappings()]
            for found in known:
                if replace(found, version=0) == wanted:
                    return found
            version = max((found.version for found in known), default=0) + 1
            made = replace(wanted, version=version)
            values: dict[str, Any] = {"content": stored(made), "digest": made.digest, "created": time.time()}
            connection.execute(environments.insert().values(name=made.name, version=version, **values))
        return made

    def digests(self) -> set[str]:
        """List the digests that are registered.

        Returns
        -------
        set of str
            What is in use without any service.
        """
        with self._database.read() as connection:
            return set(connection.scalars(sa.select(environments.c.digest)))
