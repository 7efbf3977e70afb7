"""Environments of the SDK: what a folder keeps of them, and what is refused instead of ignored."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from jupyter_deploy.environments import Environment as Described
from jupyter_deploy.errors import EnvironmentProblem
from jupyter_deploy.sdk.v1 import (
    ContainerRegistry,
    DockerBuildContext,
    Environment,
    UserErrorException,
    Workspace,
)


def test_images_survive_the_way_through_a_folder(ws: Workspace, folder: Path) -> None:
    registry = ContainerRegistry()
    registry.address, registry.password = "registry.example/", "pa55word"
    with pytest.warns(UserWarning, match="docker login registry.example/"):
        imaged = Environment.from_docker_image("mine", "team/image:1", container_registry=registry)
    assert imaged._described().base_image == "registry.example/team/image:1"  # type: ignore[union-attr]
    imaged.save_to_directory("imaged")
    (folder / "source").mkdir()
    (folder / "source" / "Dockerfile").write_text("FROM python:3.11-slim\nRUN true\n")
    filed = Environment.from_dockerfile("mine", "source/Dockerfile")
    filed.save_to_directory("filed")
    contexts = Environment.from_docker_build_context("mine", DockerBuildContext.from_local_directory(ws, "source"))
    contexts.save_to_directory("contexts")
    for env, place in ((imaged, "imaged"), (filed, "filed"), (contexts, "contexts")):
        assert Environment.load_from_directory(place)._described() == env._described()
        assert "pa55word" not in (folder / place / "azureml_environment.json").read_text()
    said = {"name": "mine", "python": {"userManagedDependencies": True}}
    said["docker"] = {"buildContext": {"locationType": "git", "location": "../source", "dockerfilePath": "Dockerfile"}}
    (folder / "contexts" / "azureml_environment.json").write_text(json.dumps(said))
    assert Environment.load_from_directory("contexts")._described() == filed._described()
    (folder / "contexts" / "azureml_environment.json").write_text(
        json.dumps(said).replace("../source", "https://a.b/c")
    )
    with pytest.raises(UserErrorException, match=r"the build context 'https://a.b/c' is no folder"):
        Environment.load_from_directory("contexts")
    with pytest.raises(UserErrorException, match="container_registry must be a ContainerRegistry"):
        Environment.from_docker_image("mine", "image", "registry.example")


@pytest.mark.parametrize(
    ("steps", "copies"),
    [
        ("COPY data.txt /data.txt", True),
        ("  add --chown=1 ./data /data", True),
        ("COPY --from=build /a /b", False),
        ("COPY --chown=1:1 --from=build /a /b", False),
        ("ADD https://example.org/a /a", False),
        ("ADD --checksum=sha256:0 https://example.org/a /a", False),
        ("RUN echo COPY data", False),
        ("# COPY data.txt /data.txt", False),
    ],
)
def test_a_dockerfile_that_copies_files_is_refused_with_the_step(
    ws: Workspace, folder: Path, steps: str, copies: bool
) -> None:
    (folder / "my context").mkdir()
    (folder / "my context" / "Dockerfile").write_text(f"FROM python:3.12 AS build\n{steps}\n")
    place = DockerBuildContext.from_local_directory(ws, "my context")
    env = Environment.from_docker_build_context("Built", place)
    if not copies:
        assert steps in env._described().dockerfile  # type: ignore[union-attr]
        return
    with pytest.raises(
        UserErrorException, match="The Dockerfile of Built copies files, and it is built without"
    ) as caught:
        env.register(ws)
    assert steps.strip() in caught.value.message
    assert "docker build -t built:1 'my context' makes an image of it" in caught.value.message
    with pytest.raises(EnvironmentProblem, match="copies files"):
        Described.from_dockerfile("built", folder / "my context" / "Dockerfile")


@pytest.mark.parametrize(
    ("put", "words"),
    [
        (lambda env: setattr(env.python, "conda_dependencies", "env.yml"), "conda_dependencies cannot be 'env.yml'"),
        (lambda env: setattr(env.python, "conda_dependencies", None), "conda_dependencies cannot be None"),
        (lambda env: setattr(env, "docker", None), "docker of mine cannot be None"),
        (lambda env: setattr(env.docker, "base_image", 7), "docker.base_image of mine cannot be 7"),
        (lambda env: setattr(env.docker, "base_dockerfile", "RUN true\n"), "has no FROM line"),
        (lambda env: setattr(env, "environment_variables", ["A"]), "environment_variables of mine cannot be"),
        (lambda env: env.python.conda_dependencies.add_pip_package(["a", "b"]), "a package is a text, not.*'a'"),
        (lambda env: env.python.conda_dependencies.add_conda_package(None), "a package is a text, not None"),
        (lambda _: Environment.from_docker_image("mine", " "), "names no image"),
    ],
)
def test_an_attribute_with_something_else_in_it_is_refused(
    ws: Workspace, put: Callable[[Environment], object], words: str
) -> None:
    env = Environment("mine")
    with pytest.raises(UserErrorException, match=words):
        put(env)
        env.register(ws)


def test_what_has_no_meaning_here_is_said(ws: Workspace, folder: Path) -> None:
    env = Environment("mine")
    env.register(ws)
    assert Environment.get(ws, "mine", label="latest").version == "1"
    for wrong in ({"label": "prod"}, {"label": "latest", "version": "1"}):
        with pytest.raises(UserErrorException, match="by its version or by the label 'latest'"):
            Environment.get(ws, "mine", **wrong)
    env.docker.base_image, env.python.interpreter_path = "team/image:1", "/opt/miniconda/bin/python"
    with pytest.warns(UserWarning, match="interpreter_path='/opt/miniconda/bin/python' is not used"):
        env._described()
    plain = Environment("plain")
    plain.environment_variables = {"A": 1, "B": None}
    with pytest.raises(UserErrorException, match="environment_variables of plain: B is None"):
        plain.register(ws)
    plain.environment_variables = None  # type: ignore[assignment]
    assert plain.register(ws).environment_variables == {}
    with pytest.raises(UserErrorException, match=r"name what Environment.add_private_pip_wheel\(ws, path\) returns"):
        env.python.conda_dependencies.add_pip_package("./dist/mine-1.0-py3-none-any.whl")
