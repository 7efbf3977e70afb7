"""What a name means in the SDK: a service of its own, or an endpoint, which the SDK calls a service, too."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ....errors import NotFound
from ....services import ServiceRecord, ServiceSpec
from ....workspace import Endpoint, EndpointDeployment
from ..exceptions import WebserviceException
from ..vocabulary import of_v1
from ..workspace import Workspace
from .labels import CLASSES, ENDPOINT, kind_label


def found(workspace: Workspace, name: str) -> ServiceRecord | None:
    """Return the row of a service, or that of an endpoint in the form of one; None if there is neither."""
    try:
        return workspace._local.services[name].record
    except NotFound:
        live = endpoint_of(workspace, name)
        return record_of(live) if live else None


def endpoint_of(workspace: Workspace, name: str) -> Endpoint | None:
    """Return an endpoint; None if there is none of that name."""
    try:
        return workspace._local.endpoints[name]
    except NotFound:
        return None


def names_of(workspace: Workspace) -> list[str]:
    """List services and endpoints by name."""
    return sorted([*workspace._local.services, *workspace._local.endpoints])


def not_found(workspace: Workspace, name: str) -> WebserviceException:
    """Say that there is no such service, and which there are."""
    known = names_of(workspace)
    return WebserviceException(
        f"WebserviceNotFound: Webservice with name {name} not found in provided workspace",
        status_code=404,
        hint=f"Services here: {', '.join(known[:10])}." if known else "Deploy one: Model.deploy(ws, name, models, …)",
    )


def class_of(compute_type: str) -> Any:
    """Return the class of a kind of services."""
    return of_v1(CLASSES[compute_type])


def record_of(live: Endpoint, served: ServiceRecord | None = None) -> ServiceRecord:
    """Return an endpoint's row in the form of a service's.

    It has the models of all versions; the rest that an endpoint has not itself is that of ``served``, an instance of
    one of them.
    """
    row = live.record
    members = [one for each in live.deployments.values() if (one := each.served)]
    models = tuple(dict.fromkeys(model for one in members for model in one.models))
    instance = served or ServiceRecord(ServiceSpec(live.name, ""), "", ())
    spec = replace(
        instance.spec,
        name=live.name,
        auth=row.auth,
        tags=row.tags,
        properties=row.properties,
        description=row.description,
        labels={**instance.spec.labels, **kind_label(ENDPOINT)},
    )
    updated = max([row.created, *(one.updated for one in members)])
    return replace(instance, spec=spec, models=models, created=row.created, updated=updated)


def record_of_version(version: EndpointDeployment, served: ServiceRecord) -> ServiceRecord:
    """Return the row of a version in the form of a service's; ``served`` is one of its instances."""
    row = version.record
    labels: Mapping[str, str] = {**served.spec.labels, **row.labels}
    spec = replace(served.spec, name=version.name, tags=row.tags, description=row.description, labels=labels)
    return replace(served, spec=spec, created=row.created)
