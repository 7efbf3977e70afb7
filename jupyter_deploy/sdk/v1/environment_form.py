"""Between an ``Environment`` of the SDK's and this package's description of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ...environments import Environment as Described
from ...environments import check_dockerfile, from_conda
from ...errors import EnvironmentProblem, refuse_unknown_keys
from ...files import in_home
from ..images import is_plain_image, is_too_old
from .conda_dependencies import CondaDependencies
from .environment_sections import DockerBuildContext, DockerSection, PythonSection

_USUAL = (None, "", "python", "python3")


def described_of(name: str, python: PythonSection, docker: DockerSection, variables: Mapping[str, str]) -> Described:
    """Write an environment as a description; its notices tell what is otherwise here."""
    _check_kinds(name, docker, variables)
    packages = python.packages()
    image, dockerfile, notices = _image(docker, name)
    if python.interpreter_path not in _USUAL:
        notices.append(f"interpreter_path={python.interpreter_path!r} is not used: python3 is, as the PATH has it")
    if python.user_managed_dependencies:
        found = Described(name)
    else:
        version = packages.python_version or ""
        if is_too_old(version):
            notices.append(f"Python {version} is too old for the server: this notebook's version is used")
            packages = packages.with_python("")
        found = from_conda(name, packages)
    said = {**packages.variables, **(variables or {})}
    if lacking := [str(key) for key, value in said.items() if value is None]:
        raise EnvironmentProblem(
            f"environment_variables of {name}: {lacking[0]} is None.",
            hint=f"environment_variables[{lacking[0]!r}] = 'a text', or leave it out.",
        )
    given = {str(key): str(value) for key, value in said.items()}
    return replace(found, base_image=image, dockerfile=dockerfile, variables=given, notices=(*found.notices, *notices))


def _check_kinds(name: str, docker: DockerSection, variables: object) -> None:
    """Refuse what was put into an attribute that holds something else."""
    for what, value, kind, example in (
        ("docker", docker, DockerSection, "env.docker.base_image = 'IMAGE'"),
        ("environment_variables", variables, (Mapping, type(None)), "env.environment_variables = {'NAME': 'a text'}"),
        (
            "docker.base_image",
            getattr(docker, "base_image", None),
            (str, type(None)),
            "env.docker.base_image = 'IMAGE'",
        ),
    ):
        if not isinstance(value, kind):
            raise EnvironmentProblem(f"{what} of {name} cannot be {value!r}.", hint=example)


def _dockerfile(docker: DockerSection) -> str:
    if docker.build_context is not None:
        return _text(Path(docker.build_context.location or ".") / docker.build_context.dockerfile_path)
    if docker.base_dockerfile is None:
        return ""
    given = str(docker.base_dockerfile)
    return given if "\n" in given or given.lstrip().upper().startswith("FROM ") else _text(Path(given))


def _image(docker: DockerSection, name: str) -> tuple[str, str, list[str]]:
    if dockerfile := _dockerfile(docker):
        check_dockerfile(dockerfile, name, (docker.build_context and docker.build_context.location) or "FOLDER")
        return "", dockerfile, []
    image = docker.base_image or ""
    address = (docker.base_image_registry.address or "").rstrip("/")
    if image and address and not image.startswith(f"{address}/"):
        image = f"{address}/{image}"
    if is_plain_image(image):
        return "", "", [f"{image} holds no packages: the usual base image is used"]
    return image, "", []


def _text(path: Path) -> str:
    try:
        return in_home(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        raise EnvironmentProblem(f"{path} cannot be read.", hint="Give a Dockerfile, or its text.") from error


def fill_from(found: Described, python: PythonSection, docker: DockerSection) -> None:
    """Write a description into the parts of an ``Environment``."""
    packages = python.conda_dependencies
    packages.set_pip_requirements([*found.options, *found.requirements])
    if found.python_version:
        packages.set_python_version(found.python_version)
    else:
        python.conda_dependencies = packages.with_python("")
    docker.base_image = found.base_image or None
    docker.base_dockerfile = found.dockerfile or None
    python.user_managed_dependencies = found.needs_image and not found.requirements


def file_of(
    name: str, version: str | None, python: PythonSection, docker: DockerSection, variables: Mapping[str, str]
) -> dict[str, Any]:
    """Write an environment under the keys of the SDK's files; the packages lie beside it."""
    return {
        "name": name,
        "version": version,
        "environmentVariables": dict(variables),
        "python": {
            "condaDependenciesFile": "conda_dependencies.yml",
            "interpreterPath": python.interpreter_path,
            "userManagedDependencies": python.user_managed_dependencies,
        },
        "docker": {
            "baseImage": docker.base_image,
            # Its text: a path would be another one from the folder that is written to.
            "baseDockerfile": _dockerfile(docker) or None,
            "baseImageRegistry": {"address": docker.base_image_registry.address},
        },
    }


_KEYS = (
    *("name", "version", "environmentVariables", "python", "docker", "spark", "r", "databricks", "assetId"),
    *("inferencingStackVersion", "autosaveEnabled"),
)
_PYTHON_KEYS = (
    *("condaDependencies", "condaDependenciesFile", "interpreterPath", "userManagedDependencies"),
    *("baseCondaEnvironment", "_base_conda_environment"),
)
_DOCKER_KEYS = (
    *("baseImage", "baseDockerfile", "baseImageRegistry", "arguments", "enabled", "sharedVolumes", "shmSize"),
    *("platform", "buildContext", "gpuSupport"),
)


def fill_from_file(
    values: Mapping[str, Any], folder: Path, where: str, python: PythonSection, docker: DockerSection
) -> None:
    """Read what the SDK's files say of an environment; a key that nothing reads is refused."""
    said, image = values.get("python") or {}, values.get("docker") or {}
    refuse_unknown_keys(values, _KEYS, where)
    refuse_unknown_keys(said, _PYTHON_KEYS, f"{where}: python")
    refuse_unknown_keys(image, _DOCKER_KEYS, f"{where}: docker")
    if said.get("condaDependencies"):
        python.conda_dependencies = CondaDependencies.of(said["condaDependencies"], f"{where}: condaDependencies")
    elif said.get("condaDependenciesFile"):
        python.conda_dependencies = CondaDependencies(folder / said["condaDependenciesFile"])
    python.user_managed_dependencies = bool(said.get("userManagedDependencies"))
    python.interpreter_path = said.get("interpreterPath") or python.interpreter_path
    docker.base_image = image.get("baseImage")
    dockerfile = image.get("baseDockerfile")
    if dockerfile:
        text = "\n" in dockerfile or dockerfile.lstrip().upper().startswith("FROM ")
        docker.base_dockerfile = dockerfile if text else folder / dockerfile
    if image.get("buildContext"):
        docker.build_context = _context_of(image["buildContext"], folder, where)
    docker.enabled = bool(image.get("enabled"))
    docker.arguments = list(image.get("arguments") or ())
    docker.shm_size = image.get("shmSize")
    for key, text in (image.get("baseImageRegistry") or {}).items():
        setattr(docker.base_image_registry, key, text)


def _context_of(said: Mapping[str, Any], folder: Path, where: str) -> DockerBuildContext:
    refuse_unknown_keys(said, ("locationType", "location", "dockerfilePath"), f"{where}: docker: buildContext")
    place = str(said.get("location") or "")
    if not (folder / place).is_dir():
        raise EnvironmentProblem(
            f"{where}: the build context {place!r} is no folder of this machine.",
            hint="Give its Dockerfile's text as baseDockerfile.",
        )
    return DockerBuildContext("local", str(folder / place), said.get("dockerfilePath") or "Dockerfile")
