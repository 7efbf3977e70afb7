"""The rows of services: what should run, and how a target finds it again."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from ..errors import NotFound, UsageProblem, not_found
from ..store import Database, endpoints, meta, scripts, services
from .names import derived
from .records import OwnImage, ServiceRecord, ServiceSpec
from .server import from_json, to_json

# The fields of ``spec`` that packages of schema 3 read; another field would make the row unreadable for them.
_SPEC_OF_SCHEMA_3 = {
    *("name", "script", "script_is_file", "models", "target", "port", "environment"),
    *("workers", "settings", "variables", "memory", "cpus", "image"),
}
_DEFAULTS = asdict(ServiceSpec("", ""))
_LATER = _DEFAULTS.keys() - _SPEC_OF_SCHEMA_3


class Services:
    """The rows of a workspace's services."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @property
    def workspace_id(self) -> str:
        """See :attr:`.Database.workspace_id`."""
        return self._database.workspace_id

    def all(self) -> list[ServiceRecord]:
        """Return every service, sorted by name."""
        with self._database.read() as connection:
            return self.within(connection)

    @staticmethod
    def within(connection: sa.Connection) -> list[ServiceRecord]:
        """Return every service as a transaction sees it, sorted by name."""
        return [_record(row) for row in connection.execute(sa.select(services).order_by(services.c.name)).mappings()]

    def unproven(self) -> list[ServiceRecord]:
        """Return the services with the mark of a first deployment, usually none, without reading the others."""
        handle = sa.cast(services.c.handle, sa.String)
        with self._database.read() as connection:
            query = sa.select(services).where(handle.like('%"unproven":%'))
            return [record for record in map(_record, connection.execute(query).mappings()) if record.rollout.unproven]

    def find(self, name: str) -> ServiceRecord | None:
        """Return a service, or None."""
        with self._database.read() as connection:
            row = connection.execute(sa.select(services).where(services.c.name == name)).mappings().first()
        return _record(row) if row else None

    def get(self, name: str) -> ServiceRecord:
        """Return a service; the hint is the nearest name, or the command that serves the script of that name."""
        record = self.named(name)
        if record is None:
            records = self.all()
            if self._is_endpoint(name):
                raise NotFound(f"{name} is an endpoint, not a service.", hint=f"jupyter model endpoint show {name}")
            if self._is_script(name):
                raise self._not_served(name, records)
            raise not_found(
                "service", name, [other.name for other in records], empty="Deploy one: jupyter model deploy --help"
            )
        return record

    def script_text(self, name: str) -> str | None:
        """Return the text of a stored script, or None."""
        with self._database.read() as connection:
            return connection.scalar(sa.select(scripts.c.source).where(scripts.c.name == name))

    def named(self, name: str) -> ServiceRecord | None:
        """Find a service by its own name, or by the script's name that its own is derived from.

        None if the service of the derived name serves another script.
        """
        record = self.find(name)
        own = derived(name) if record is None else name
        if own == name:
            return record
        record = self.find(own) if own else None
        another = record is not None and record.spec.script != name and self._is_script(name)
        return None if another else record

    @staticmethod
    def _not_served(name: str, records: list[ServiceRecord]) -> NotFound:
        serving = next(scripts_services(records, name), None)
        if serving is not None:
            message = f"No service is named {name!r}; the script of that name is served by {serving.name}."
            return NotFound(message, hint=f"jupyter model state {serving.name}")
        same = next((other for other in records if other.name == derived(name)), None)
        if same is not None:
            message = f"Service {same.name} serves the script {same.spec.script}, not {name}."
            return NotFound(message, hint=f"Use its own name: jupyter model state {same.name}")
        return NotFound(
            f"No service named {name!r}: its script is stored, but not served.", hint=f"jupyter model deploy {name}"
        )

    def _is_endpoint(self, name: str) -> bool:
        with self._database.read() as connection:
            return connection.scalar(sa.select(endpoints.c.name).where(endpoints.c.name == name)) is not None

    def refuse_name_of_endpoint(self, name: str) -> None:
        """Refuse a new service with the name of an endpoint: clients and commands could not tell them apart."""
        if self._is_endpoint(name):
            raise UsageProblem(
                f"An endpoint is named {name!r}: a service of that name could not be told from it.",
                hint=f"Give the service another name, or make it a deployment: --endpoint {name} --deployment blue",
            )

    def _is_script(self, name: str) -> bool:
        with self._database.read() as connection:
            return connection.execute(sa.select(scripts.c.name).where(scripts.c.name == name)).first() is not None

    def put(
        self,
        record: ServiceRecord,
        check: Callable[[sa.Connection], None] = lambda _: None,
        *,
        frees: bool = False,
    ) -> None:
        """Store a service's row.

        ``check`` gets the write transaction before anything is changed, and raises to refuse. ``frees`` says that the
        change ends something; a full disk has a reserve for it.
        """
        # An empty object: earlier packages do not accept null here.
        spec = {**asdict(record.spec), "image": asdict(record.spec.image) if record.spec.image else {}}
        values = {
            "spec": {key: value for key, value in spec.items() if key in _SPEC_OF_SCHEMA_3},
            # Default values are left out, so that a package without the field can read most rows.
            "more": {key: value for key, value in spec.items() if key in _LATER and value != _DEFAULTS[key]},
            "bundle": record.bundle,
            "models": list(record.models),
            "handle": to_json(record.server, record.rollout),
            "desired": record.desired,
            "updated": time.time(),
        }
        with self._database.write(frees=frees) as connection:
            check(connection)
            this = services.c.name == record.name
            if not connection.execute(services.update().where(this).values(**values)).rowcount:
                created = record.created or time.time()
                connection.execute(services.insert().values(name=record.name, created=created, **values))

    def remove(self, name: str) -> None:
        """Remove a service's row, if it exists."""
        with self._database.write(frees=True) as connection:
            connection.execute(services.delete().where(services.c.name == name))

    def ensure_writable(self) -> None:
        """Refuse a change that could not be recorded, before anything is done.

        Raises
        ------
        DiskFull, ReadOnly, Locked
            If no row can be changed.
        """
        with self._database.write(frees=True) as connection:
            # Holding the lock proves nothing: only a written page does.
            connection.execute(meta.update().where(meta.c.key == "schema").values(value=meta.c.value))

    @staticmethod
    def using(connection: sa.Connection, name: str, version: int) -> list[str]:
        """Return the sorted names of the services that need a model, within a transaction."""
        rows = connection.execute(sa.select(services.c.name, services.c.models).order_by(services.c.name))
        return [row.name for row in rows if f"{name}:{version}" in row.models]


def scripts_services(records: list[ServiceRecord], script: str) -> Iterator[ServiceRecord]:
    """Yield the services that run a stored script and should be running.

    An endpoint's deployment is not among them: it serves what it was deployed with until it is deployed again.
    """
    for record in records:
        spec = record.spec
        if spec.script == script and not spec.script_is_file and not spec.endpoint and not record.is_stopped:
            yield record


def _record(row: Any) -> ServiceRecord:
    values = dict(row)
    spec = {**values["spec"], **(values.pop("more") or {})}
    # A newer package may have written a field that this one does not know.
    spec = {key: value for key, value in spec.items() if key in ServiceSpec.__dataclass_fields__}
    spec["models"] = None if spec["models"] is None else tuple(spec["models"])
    spec["image"] = OwnImage(**spec["image"]) if spec.get("image") else None
    spec["on_change"] = tuple(spec.get("on_change", ()))
    server, rollout = from_json(values["handle"], spec["target"], values["bundle"])
    return ServiceRecord(
        spec=ServiceSpec(**spec),
        bundle=values["bundle"],
        models=tuple(values["models"]),
        server=server,
        rollout=rollout,
        desired=values["desired"],
        created=values["created"],
        updated=values["updated"],
    )
