"""What no service needs is found and removed; what one needs stays."""

from __future__ import annotations

import docker
import pytest

from jupyter_deploy.environments import Environment
from jupyter_deploy.targets.docker.leftovers import images_of
from jupyter_deploy.workspace import Workspace

ECHO = "def run(data):\n    return data\n"


def tags(engine: docker.DockerClient) -> set[str]:
    """The names of all images."""
    return {tag for image in engine.images.list() for tag in image.tags}


@pytest.fixture
def own(workspace: Workspace, request: pytest.FixtureRequest) -> Environment:
    """An environment that only this test has: a package that installs in no time, and the test's name in a comment."""
    name = request.node.name.replace("_", "-")[:40]
    return Environment(name, requirements=("iniconfig>=2",), constraints=(f"jdtest-{name}==1",))


def test_prune_removes_what_no_service_needs_and_nothing_else(
    workspace: Workspace, engine: docker.DockerClient, own: Environment
) -> None:
    workspace.score_script("echo", ECHO)
    workspace.deploy("echo", target="docker", environment=own)
    needed = images_of(own)
    assert needed <= tags(engine)
    assert not [item for item in workspace.housekeeping.leftovers() if item.kind in {"image", "container"}]
    workspace.services["echo"].stop()
    assert needed <= tags(engine)
    assert not [item for item in workspace.housekeeping.leftovers() if item.kind == "image"]
    workspace.services["echo"].delete()
    found = workspace.housekeeping.leftovers()
    assert {item.name for item in found if item.kind == "image"} == needed
    gone = workspace.housekeeping.remove(found)
    assert {item.name for item in gone if item.kind == "image"} == needed
    assert not needed & tags(engine)
    assert workspace.housekeeping.leftovers() == []


def test_another_workspaces_images_are_not_touched(
    workspace: Workspace, tmp_path: object, engine: docker.DockerClient, own: Environment
) -> None:
    workspace.score_script("echo", ECHO)
    workspace.deploy("echo", target="docker", environment=own)
    other = Workspace(f"{tmp_path}/other")
    assert not [item for item in other.housekeeping.leftovers() if item.kind in {"image", "container"}]
    workspace.services["echo"].delete()
    assert set(workspace.housekeeping.remove_images(own)) == images_of(own)


def test_images_go_with_the_service_on_request_unless_another_needs_them(
    workspace: Workspace, engine: docker.DockerClient, own: Environment
) -> None:
    workspace.score_script("echo", ECHO)
    for name in ("echo", "second"):
        workspace.deploy(name, script="echo", target="docker", environment=own)
    workspace.services["second"].delete()
    assert workspace.housekeeping.remove_images(own) == []
    assert images_of(own) <= tags(engine)
    workspace.services["echo"].delete()
    assert set(workspace.housekeeping.remove_images(own)) == images_of(own)


def test_virtual_environments_that_are_not_needed(workspace: Workspace, own: Environment) -> None:
    workspace.score_script("echo", ECHO)
    workspace.deploy("echo", target="process", environment=own)
    place = workspace.home.environments / own.digest
    assert place.is_dir()
    assert not workspace.housekeeping.leftovers()
    workspace.services["echo"].delete()
    found = [item for item in workspace.housekeeping.leftovers() if item.kind != "bundle"]
    assert [(item.kind, item.identity) for item in found] == [("environment", str(place))]
    assert found[0].size > 100_000
    workspace.housekeeping.remove(found)
    assert not place.exists()
