"""What the tests with Docker share: an engine that is there, and no container left on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import docker
import pytest

from tests.docker.engine import engine_problem, refuse

LABEL = "jupyter-deploy.workspace"


@pytest.fixture(scope="session", autouse=True)
def _engine_is_there() -> None:
    """Skip every test here with the reason where there is no engine, or fail them all where it is required."""
    problem = engine_problem()
    if problem:
        refuse(problem)


@pytest.fixture(scope="session")
def engine(_engine_is_there: None) -> Iterator[docker.DockerClient]:
    """A client of the machine's Docker daemon."""
    with closing(docker.from_env()) as client:
        yield client


@pytest.fixture(autouse=True)
def _no_container_left(engine: docker.DockerClient) -> Iterator[None]:
    """Compare before and after every test. It is set up before the test's own fixtures, so it looks after them."""
    before = _ours(engine).keys()
    yield
    left = [name for identity, name in _ours(engine).items() if identity not in before]
    assert not left, f"left behind: {', '.join(left)} (or another run uses this engine)"


def _ours(engine: docker.DockerClient) -> dict[str, str]:
    """The names of our containers by their ids: in one request, since another run may remove one between two."""
    found = engine.api.containers(all=True, filters={"label": LABEL})
    return {one["Id"]: f"{(one['Names'] or [one['Id']])[0].removeprefix('/')} ({one['State']})" for one in found}
