"""The latest profile of each name."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping

import sqlalchemy as sa

from ..errors import not_found
from ..store import Database, profiles
from .profile import Profile, from_stored, stored


class Profiles(Mapping[str, Profile]):
    """The latest profile of each name; ``workspace.profiles["churn"]``."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def __iter__(self) -> Iterator[str]:
        with self._database.read() as connection:
            return iter(connection.scalars(sa.select(profiles.c.name).order_by(profiles.c.name)).all())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, name: str) -> Profile:
        found = self._find(name)
        if found is None:
            empty = f"Measure one: jupyter model profile {name} --data FILE"
            raise not_found("profile", name, self, empty=empty)
        return found

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._find(name) is not None

    def _find(self, name: str) -> Profile | None:
        with self._database.read() as connection:
            content = connection.scalar(sa.select(profiles.c.content).where(profiles.c.name == name))
        return from_stored(content) if content else None

    def put(self, profile: Profile) -> None:
        """Keep a profile instead of the one that has its name."""
        this = profiles.c.name == profile.name
        with self._database.write() as connection:
            connection.execute(profiles.delete().where(this))
            row = {"name": profile.name, "content": stored(profile), "created": time.time()}
            connection.execute(profiles.insert().values(**row))
