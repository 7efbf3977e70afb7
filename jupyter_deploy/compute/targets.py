"""Compute targets: their names, kinds and sizes."""

from __future__ import annotations

import re
import time
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ..errors import UsageProblem, not_found
from ..store import Database, compute_targets

_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9\-]{1,15}")


@dataclass(frozen=True)
class Cluster:
    """A compute target.

    Parameters
    ----------
    kind : str
        ``"AKS"``, ``"AmlCompute"`` or ``"ComputeInstance"``.
    nodes : int
        How many machines were asked for; the least where it is a range.
    most_nodes : int
        The most where it is a range.
    size : str
        The machine's name in the cloud.
    purpose : str
        ``"FastProd"`` or ``"DevTest"``.
    certificate, key : str
        Paths of the files for TLS, where given; the files are not copied.
    """

    name: str
    kind: str = "AKS"
    nodes: int = 3
    most_nodes: int = 3
    size: str = ""
    location: str = ""
    purpose: str = "FastProd"
    host_name: str = ""
    certificate: str = ""
    key: str = ""
    created: datetime | None = None


class ComputeTargets:
    """The compute targets of a workspace."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self) -> list[Cluster]:
        """List them by name."""
        with self._database.read() as connection:
            rows = connection.execute(sa.select(compute_targets).order_by(compute_targets.c.name)).mappings()
            return [_cluster(row) for row in rows]

    def get(self, name: str) -> Cluster:
        """Find one; :class:`~jupyter_deploy.errors.NotFound` names the nearest."""
        known = {cluster.name: cluster for cluster in self.list()}
        if name not in known:
            raise not_found("compute target", name, known, empty="Create it: ComputeTarget.create(ws, name, config).")
        return known[name]

    def put(self, cluster: Cluster) -> Cluster:
        """Keep a compute target, in place of the one of its name."""
        if not _NAME.fullmatch(cluster.name):
            raise UsageProblem(
                f"{cluster.name!r} cannot be a compute target's name.",
                hint="2 to 16 letters, digits and '-', a letter first.",
            )
        settings = {key: value for key, value in asdict(cluster).items() if key not in {"name", "kind", "created"}}
        values = {"name": cluster.name, "kind": cluster.kind, "settings": settings, "created": time.time()}
        with self._database.write() as connection:
            connection.execute(compute_targets.delete().where(compute_targets.c.name == cluster.name))
            connection.execute(compute_targets.insert().values(**values))
        return _cluster(values)

    def delete(self, name: str) -> None:
        """Forget one."""
        self.get(name)
        with self._database.write(frees=True) as connection:
            connection.execute(compute_targets.delete().where(compute_targets.c.name == name))


def _cluster(row: Any) -> Cluster:
    known = {field.name for field in fields(Cluster)}
    settings = {key: value for key, value in row["settings"].items() if key in known}
    made = Cluster(row["name"], row["kind"], **settings)
    return replace(made, created=datetime.fromtimestamp(row["created"], UTC))
