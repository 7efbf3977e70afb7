"""The workspace's endpoints as a mapping of live handles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ..deploying import (
    Copies,
    Deployment,
    EndpointAsked,
    EndpointChanges,
    Progress,
    References,
    Resolver,
    Rollout,
    supervise,
)
from ..endpoints import Endpoints
from ..home import Home
from ..services import Change, ServiceRecord, Services
from ..store import Database
from ..targets import target
from .endpoint import Endpoint
from .endpoint_rows import EndpointRows
from .service import Service


class LiveEndpoints(Mapping[str, Endpoint]):
    """The workspace's endpoints by name, each as a live handle."""

    def __init__(
        self,
        home: Home,
        database: Database,
        services: Services,
        resolver: Resolver,
        rollout: Rollout,
        deployment: Deployment,
        service: Callable[[str], Service],
        references: References,
        renewed: Callable[..., Change],
    ) -> None:
        self._rows = rows = Endpoints(database)
        self._services = services
        copies = Copies(services, database.claims, resolver, rollout, deployment, target)
        self._changes = EndpointChanges(home, database, rows, services, deployment, copies, target)
        self._service = service
        self._parts = (rows, self._changes, service, target, references, renewed)

    def __getitem__(self, name: str) -> Endpoint:
        return Endpoint(self._rows.get(name).name, *self._parts)

    def __iter__(self) -> Iterator[str]:
        return (record.name for record in self._rows.all())

    def __len__(self) -> int:
        return len(self._rows.all())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._rows.find(name) is not None

    def supervise(self, endpoint: str, say: Callable[[str], None]) -> None:
        """Look after an endpoint, in this process, until nothing of it wants that; another process may do it."""

        def health(member: ServiceRecord) -> tuple[str, str]:
            found = self._service(member.name).health
            return found.state, found.reason

        supervise(endpoint, self._rows, self._changes, health, say)

    def rows(self) -> dict[str, EndpointRows]:
        """Return the rows of all endpoints with those of their deployments and instances: nothing is asked."""
        members = {one.name: one for one in self._services.all() if one.spec.endpoint}
        all_deployments = self._rows.deployments()
        found = {}
        for record in self._rows.all():
            own = tuple(one for one in all_deployments if one.endpoint == record.name)
            instances = (members.get(name) for one in own for name in one.instances)
            found[record.name] = EndpointRows(record, own, tuple(one for one in instances if one))
        return found

    def create(
        self,
        name: str,
        *,
        auth: str | None = None,
        tags: Mapping[str, str | None] | None = None,
        properties: Mapping[str, str] | None = None,
        description: str | None = None,
        port: int | None = None,
        labels: Mapping[str, str] | None = None,
        tls: str | Path | None = None,
        tls_key: str | Path | None = None,
        sticky: str | None = None,
        progress: Progress = lambda _: None,
    ) -> Endpoint:
        """Create an endpoint, or change what is given of one that exists; its traffic stays.

        Parameters
        ----------
        name : str
            3 to 32 letters, digits and ``-``.
        auth : str, optional
            What clients must show: ``"key"`` (a new endpoint's), ``"token"`` or ``"none"``.
        tags, properties, description, labels : optional
            For people and tools, as of a service.
        port : int, optional
            1 to 65535; by default a free one, which stays.
        tls, tls_key : str or pathlib.Path, optional
            HTTPS only: ``"self-signed"``, or the file of a certificate and that of its key; ``"none"`` ends it.
        sticky : str, optional
            A header, for example ``"x-user-id"``: requests with the same value of it get the same deployment and
            instance, as long as the rules stay; ``"none"`` ends it.
        progress : callable, optional
            Gets the steps of the work.

        Raises
        ------
        PortBusy
            If the port is in use.
        TargetProblem
            If there is no router for this platform.
        """
        asked = EndpointAsked(auth, tags, properties, description, port, labels, tls, tls_key, sticky)
        self._changes.put(name, asked, progress)
        return self[name]
