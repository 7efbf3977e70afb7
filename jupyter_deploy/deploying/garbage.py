"""Artifacts and bundles that nothing names any more: removed after a change or a deletion, and by ``prune``."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import TYPE_CHECKING

import sqlalchemy as sa

from ..errors import DiskFull, Locked, ReadOnly
from ..files import remove_tree
from ..scripts.shipment import Contents
from ..store import ArtifactStore, Database, models

if TYPE_CHECKING:
    from ..home import Home
    from ..services import Services

_PATIENCE_SECONDS = 1.0
# Digests of artifacts, and of bundles.
Digests = tuple[set[str], set[str]]


class Garbage:
    """Finds and removes artifacts and bundles that no row names and no open stage claims."""

    def __init__(self, home: Home, database: Database, rows: Services, artifacts: ArtifactStore) -> None:
        self._home = home
        self._database = database
        self._rows = rows
        self._artifacts = artifacts
        self._contents = Contents(home.contents)

    def find(self) -> list[tuple[str, str]]:
        """List all garbage as ``"artifact"`` or ``"bundle"`` and digest; this lists the whole artifact store."""
        return self._unnamed(self._everything)

    def collect(self) -> None:
        """Remove all garbage; this lists the whole artifact store."""
        self._remove(self._everything)

    def collect_artifact(self, digest: str) -> None:
        """Remove one artifact, unless another row names it."""
        self._remove(lambda: self._these({digest}))

    def collect_bundles(self, *, spare: int = 0) -> None:
        """Remove the bundles that no service runs from, as far as the disk and other processes permit.

        Up to ``spare`` of them stay for the next time: removing one takes 5 ms on some disks.
        """
        with contextlib.suppress(Locked, DiskFull, ReadOnly):
            self._remove(lambda: (set(), self._bundles()), _PATIENCE_SECONDS, spare)

    def collect_left_behind(self) -> None:
        """Remove the stages of killed processes, and what they published without a row that names it."""
        left = self._database.claims.left_behind()
        if left.digests:
            try:
                # Cleaning up does not wait for a lock: the next one will find the stage.
                self._remove(lambda: self._these(left.digests), 0.0)
            except Locked:
                return
        left.remove()

    def _everything(self) -> Digests:
        return self._artifacts.digests(), self._bundles()

    def _bundles(self) -> set[str]:
        return {entry.name for entry in self._home.bundles.glob("*")}

    def _these(self, digests: set[str] | frozenset[str]) -> Digests:
        # Half an upload has no marker: remove it without a test whether it exists.
        return set(digests), self._bundles() & digests

    def _remove(self, find: Callable[[], Digests], patience: float | None = None, spare: int = 0) -> None:
        if len(self._unnamed(find)) <= spare:
            return
        with self._database.write(frees=True, patience=patience), self._database.claims.settled():
            # Under the write lock no row can appear, and no claim on what is there already.
            for kind, digest in self._unnamed(find):
                if kind == "artifact":
                    self._artifacts.remove(digest)
                else:
                    remove_tree(self._home.bundles / digest, trash=self._home.staging)
        self._contents.sweep()

    def _unnamed(self, find: Callable[[], Digests]) -> list[tuple[str, str]]:
        # This order: an object that is made later is not listed, and a claim ends only after its row exists.
        artifacts, bundles = find()
        claimed = self._database.claims.living()
        found = [("artifact", digest) for digest in artifacts - self._registered(artifacts) - claimed]
        return found + [("bundle", digest) for digest in bundles - self._served(bundles) - claimed]

    def _registered(self, artifacts: set[str]) -> set[str]:
        if not artifacts:
            return set()
        query = sa.select(models.c.digest).distinct()
        if len(artifacts) == 1:
            query = query.where(models.c.digest == next(iter(artifacts)))
        with self._database.read() as connection:
            return set(connection.scalars(query))

    def _served(self, bundles: set[str]) -> set[str]:
        used: set[str] = set()
        for record in self._rows.all() if bundles else ():
            used.update(record.bundles)
        return used
