"""A service's server as its target knows it, for tests that look at the process or the container itself."""

from __future__ import annotations

from jupyter_deploy.services import Server
from jupyter_deploy.targets.docker.facts import ContainerFacts
from jupyter_deploy.targets.process.facts import ProcessFacts
from jupyter_deploy.workspace import Service


def server_of(service: Service) -> Server:
    """The server that runs a service, or ran it last."""
    server = service.record.server
    assert server is not None
    return server


def process_of(service: Service) -> ProcessFacts:
    """The process that runs a service, or ran it last."""
    return ProcessFacts.of(server_of(service))


def container_of(service: Service) -> ContainerFacts:
    """The container that runs a service, or ran it last."""
    return ContainerFacts.of(server_of(service))
