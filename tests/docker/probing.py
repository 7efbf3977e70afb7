"""A service that runs whatever code it is sent, to look at a container from inside."""

from __future__ import annotations

import subprocess
from textwrap import dedent
from typing import Any

import docker

from jupyter_deploy.workspace import Service, Workspace

from ..servers import container_of

# The code sets `found`. Nothing but the standard library, so that one image serves all tests.
PROBE = """def run(raw_data):
    names = {}
    exec(raw_data, names)
    return names["found"]
"""


def probing(workspace: Workspace, name: str = "probe", **options: Any) -> Service:
    """Deploy the probe into a container."""
    workspace.score_script(name, PROBE)
    return workspace.deploy(name, target="docker", **options)


def inside(service: Service, code: str) -> Any:
    """Run code in the service's worker and return what it calls ``found``; one expression may stand alone."""
    text = dedent(code).strip()
    return service.invoke(text if "found" in text else f"import os\nfound = {text}")


def read(service: Service, *paths: str) -> str:
    """The first of some files that is there, inside: control groups have other names in their second version."""
    found: str = inside(
        service, f"found = next(open(path).read() for path in {paths!r} if __import__('os').path.exists(path))"
    )
    return found.strip()


def identity(service: Service) -> str:
    """The id of the container that the service runs in now."""
    found: str = container_of(service).container
    return found


def facts(engine: docker.DockerClient, service: Service) -> dict[str, Any]:
    """What ``docker inspect`` tells of it."""
    found: dict[str, Any] = engine.api.inspect_container(identity(service))
    return found


def its_containers(engine: docker.DockerClient, workspace: Workspace) -> list[str]:
    """The names of all containers of a workspace, running or not."""
    label = f"jupyter-deploy.workspace={workspace._database.workspace_id}"
    return [one["Names"][0] for one in engine.api.containers(all=True, filters={"label": label})]


def docker_says(*words: str) -> str:
    """What the command line says: users type it, so it is what must be honest."""
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True, timeout=60).stdout
