"""The rows of endpoints and of their deployments."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any

import sqlalchemy as sa

from ..errors import DeployError, UsageProblem, not_found
from ..store import Database, deployments, endpoints, rollouts
from .records import DeploymentRecord, EndpointRecord, Limits, RunningRouter
from .rollout_rows import Rollouts
from .scaling import Scaling

_KEYS = {"name", "endpoint", "created"}


class Endpoints:
    """The rows of a workspace's endpoints."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.rollouts = Rollouts(database)

    def all(self) -> list[EndpointRecord]:
        """Return every endpoint, sorted by name."""
        with self._database.read() as connection:
            found = connection.execute(sa.select(endpoints).order_by(endpoints.c.name)).mappings()
            return [_endpoint(row) for row in found]

    def find(self, name: str) -> EndpointRecord | None:
        """Return an endpoint, or None."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(endpoints).where(endpoints.c.name == name)).mappings().first()
        return _endpoint(row) if row else None

    def get(self, name: str) -> EndpointRecord:
        """Return an endpoint; the hint of the error is the nearest name."""
        found = self.find(name) if isinstance(name, str) else None
        if found is None:
            raise self._missing(name)
        return found

    def _missing(self, name: object) -> DeployError:
        names = [one.name for one in self.all()]
        return not_found("endpoint", str(name), names, empty="Create one: jupyter model endpoint create churn")

    def put(self, record: EndpointRecord) -> None:
        """Store an endpoint's row; two names never differ in their case alone."""
        content = {key: value for key, value in asdict(record).items() if key not in _KEYS}
        with self._database.write() as connection:
            this = endpoints.c.name == record.name
            if connection.execute(endpoints.update().where(this).values(content=content)).rowcount:
                return
            _refuse_twin(record.name, connection.scalars(sa.select(endpoints.c.name)).all(), "An endpoint")
            created = record.created or time.time()
            connection.execute(endpoints.insert().values(name=record.name, content=content, created=created))

    def remove(self, name: str) -> None:
        """Remove the rows of an endpoint, of its deployments and of its rollouts."""
        with self._database.write(frees=True) as connection:
            connection.execute(deployments.delete().where(deployments.c.endpoint == name))
            connection.execute(rollouts.delete().where(rollouts.c.endpoint == name))
            connection.execute(endpoints.delete().where(endpoints.c.name == name))

    def deployments(self, endpoint: str | None = None) -> list[DeploymentRecord]:
        """Return the deployments of an endpoint, or all of them, oldest first."""
        query = sa.select(deployments).order_by(deployments.c.created, deployments.c.name)
        if endpoint is not None:
            query = query.where(deployments.c.endpoint == endpoint)
        with self._database.read() as connection:
            return [_deployment(row) for row in connection.execute(query).mappings()]

    def find_deployment(self, endpoint: str, name: str) -> DeploymentRecord | None:
        """Return a deployment, or None."""
        return next((one for one in self.deployments(endpoint) if one.name == name), None)

    def get_deployment(self, endpoint: str, name: str) -> DeploymentRecord:
        """Return a deployment; the hint of the error is the nearest name."""
        self.get(endpoint)
        found = self.find_deployment(endpoint, name)
        if found is None:
            names = [one.name for one in self.deployments(endpoint)]
            empty = f"Deploy one: jupyter model deploy --endpoint {endpoint} --deployment blue --script SCRIPT"
            raise not_found("deployment", str(name), names, empty=empty)
        return found

    def put_deployment(self, record: DeploymentRecord, *, frees: bool = False) -> None:
        """Store a deployment's row."""
        content = {key: value for key, value in asdict(record).items() if key not in _KEYS}
        with self._database.write(frees=frees) as connection:
            this = (deployments.c.endpoint == record.endpoint) & (deployments.c.name == record.name)
            if connection.execute(deployments.update().where(this).values(content=content)).rowcount:
                return
            here = sa.select(deployments.c.name).where(deployments.c.endpoint == record.endpoint)
            _refuse_twin(record.name, connection.scalars(here).all(), "A deployment")
            created = record.created or time.time()
            values = {"endpoint": record.endpoint, "name": record.name, "content": content, "created": created}
            connection.execute(deployments.insert().values(**values))

    def remove_deployment(self, endpoint: str, name: str) -> None:
        """Remove a deployment's row, if it exists."""
        with self._database.write(frees=True) as connection:
            this = (deployments.c.endpoint == endpoint) & (deployments.c.name == name)
            connection.execute(deployments.delete().where(this))


def _refuse_twin(name: str, names: Any, what: str) -> None:
    twin = next((other for other in names if other.lower() == name.lower()), None)
    if twin:
        raise UsageProblem(f"{what} is named {twin!r} already; {name!r} differs in its case alone.", hint="Rename it.")


def _endpoint(row: Any) -> EndpointRecord:
    content = _known(row["content"], EndpointRecord)
    router = content.pop("router", None)
    found = EndpointRecord(name=row["name"], created=row["created"], **content)
    return replace(found, router=RunningRouter(**_known(router, RunningRouter))) if router else found


def _deployment(row: Any) -> DeploymentRecord:
    content = _known(row["content"], DeploymentRecord)
    limits = Limits(**_known(content.pop("limits", {}), Limits))
    content["instances"] = tuple(content.get("instances", ()))
    bounds = content.pop("scaling", None)
    content["scaling"] = Scaling(**_known(bounds, Scaling)) if bounds else None
    return DeploymentRecord(
        endpoint=row["endpoint"], name=row["name"], limits=limits, created=row["created"], **content
    )


def _known(values: Mapping[str, Any], kind: type) -> dict[str, Any]:
    """Leave out the fields that a newer package has written."""
    return {key: value for key, value in values.items() if key in kind.__dataclass_fields__}  # type: ignore[attr-defined]
