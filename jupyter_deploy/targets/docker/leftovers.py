"""What a workspace has left on a Docker engine: containers of no service, images that no service needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ...environments import Environment
from ...services import Leftover, Server
from .daemon import engine
from .facts import ContainerFacts
from .images import LABEL, base_of, environment_tag, runtime_tag
from .installation import CACHE_VOLUME
from .routers import ROLE

# Another process may be creating a container that it has not recorded yet.
_YOUNG_SECONDS = 600.0
_PRODUCT = "package"
TARGET = "docker"


def images_of(environment: Environment) -> set[str]:
    """Return the images of an environment: its own, the one with the server, and a base that a Dockerfile makes."""
    names = {environment_tag(environment), runtime_tag(environment)}
    return names | ({base_of(environment)} if environment.dockerfile else set())


def containers(client: Any, workspace: str, known: Iterable[Server]) -> Iterator[tuple[str, str]]:
    """Yield id and name of a workspace's containers that no service of any target knows."""
    ours = client.api.containers(all=True, filters={"label": f"{LABEL}.workspace={workspace}"})
    facts = [ContainerFacts.of(server) for server in known if server.target == TARGET]
    ids = {identity for one in facts for identity in (one.container, one.network)}
    now = datetime.now(UTC).timestamp()
    for container in ours:
        if _of_a_router(container["Labels"]) or container["Labels"].get(f"{LABEL}.of") in ids:
            continue
        if container["Id"] not in ids and now - container["Created"] > _YOUNG_SECONDS:
            yield container["Id"], container["Names"][0].lstrip("/") if container["Names"] else container["Id"][:12]


def _of_a_router(labels: Mapping[str, str]) -> bool:
    """Whether a container is that of a router whose endpoint is there."""
    place = labels.get(f"{LABEL}.plan", "")
    return labels.get(f"{LABEL}.role") == ROLE and Path(place).is_file()


def images(client: Any, workspace: str, needed: Iterable[Environment]) -> Iterator[tuple[str, str, int]]:
    """Yield id, name and bytes of a workspace's images that no service needs, dependent ones first.

    Packaged images are the user's and stay.
    """
    keep = {name for environment in needed for name in images_of(environment)}
    running = {container["ImageID"] for container in client.api.containers(all=True)}
    ours = client.api.images(filters={"label": f"{LABEL}.workspace={workspace}"})
    found = []
    for image in ours:
        names = [name for name in image.get("RepoTags") or () if name != "<none>:<none>"]
        packaged = (image.get("Labels") or {}).get(f"{LABEL}.role") == _PRODUCT
        if not packaged and image["Id"] not in running and not keep.intersection(names):
            found.append((image["Created"], image["Id"], names[0] if names else image["Id"][7:19], image["Size"]))
    for _, identity, name, size in sorted(found, reverse=True):
        yield identity, name, size


def leftovers(
    workspace: str, servers: Iterable[Server], environments: Iterable[Environment], *, cache: bool
) -> Iterator[Leftover]:
    """List what :meth:`jupyter_deploy.services.Target.leftovers` lists, containers first: they hold images."""
    with engine() as client:
        for identity, name in containers(client, workspace, servers):
            yield Leftover("container", name, 0, identity, TARGET)
        for identity, name, size in images(client, workspace, environments):
            yield Leftover("image", name, size, identity, TARGET)
    if cache:
        yield Leftover("cache", CACHE_VOLUME, 0, CACHE_VOLUME, TARGET)


def remove(items: Iterable[Leftover]) -> list[Leftover]:
    """Remove items of :func:`leftovers`, and return those that are gone."""
    with engine() as client:
        return [item for item in items if _removed(client, item)]


def _removed(client: Any, item: Leftover) -> bool:
    if item.kind == "image":
        return remove_image(client, item.identity)
    if item.kind == "container":
        remove_container(client, item.identity)
    else:
        remove_cache(client)
    return True


def remove_container(client: Any, identity: str) -> None:
    """Remove a container, if it exists."""
    from docker.errors import NotFound

    try:
        client.api.remove_container(identity, v=True, force=True)
    except NotFound:
        return


def remove_image(client: Any, name: str) -> bool:
    """Remove an image; false if it is gone, or something still needs it."""
    from docker.errors import APIError, ImageNotFound

    try:
        client.api.remove_image(name)
    except ImageNotFound:
        return False
    except APIError as error:
        if error.status_code == 409:
            return False
        raise
    return True


def remove_images_of(environment: Environment) -> list[str]:
    """Remove the images of one environment that no container needs, and return them."""
    order = [runtime_tag(environment), environment_tag(environment)]
    order += [base_of(environment)] if environment.dockerfile else []
    with engine() as client:
        return [name for name in order if remove_image(client, name)]


def remove_cache(client: Any) -> None:
    """Remove the volume with the installer's downloads."""
    from docker.errors import NotFound

    try:
        client.api.remove_volume(CACHE_VOLUME)
    except NotFound:
        return
