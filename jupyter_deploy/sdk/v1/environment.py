"""``azureml.core.Environment``: what a service's interpreter holds, written in the SDK's words."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn

from ...environments import INFERRED, KERNEL
from ...environments import Environment as Described
from ...errors import NotFound
from ..notices import notice
from .conda_dependencies import CondaDependencies
from .container_registry import ContainerRegistry
from .environment_form import described_of, file_of, fill_from, fill_from_file
from .environment_sections import DockerBuildContext, DockerSection, PythonSection, SparkSection
from .exceptions import UserErrorException
from .vocabulary import Vocabulary
from .workspace import Workspace

CURATED = ("azureml", "microsoft")
_FILE = "azureml_environment.json"


class Environment(metaclass=Vocabulary, error=UserErrorException):
    """An environment to be filled in, or a registered one (:attr:`version` is set then)."""

    def __init__(self, name: str, **_: Any) -> None:
        if not isinstance(name, str):
            raise TypeError(f"An environment's name is a text, not {name!r}.")
        self.name = name
        self.version: str | None = None
        self.python = PythonSection()
        self.docker = DockerSection()
        self.environment_variables: dict[str, str] = {}
        self.inferencing_stack_version: str | None = None
        self.spark = SparkSection()
        self.r: object = None

    def __repr__(self) -> str:
        image = f", base_image={self.docker.base_image!r}" if self.docker.base_image else ""
        return f"Environment(name={self.name!r}, version={self.version!r}{image})"

    @classmethod
    def _of(cls, found: Described) -> Environment:
        made = cls(found.name)
        made.version = str(found.version) if found.version else None
        fill_from(found, made.python, made.docker)
        made.environment_variables = dict(found.variables)
        return made

    def _described(self, name: str = "") -> Described | str:
        """Say it in this package's words: a description, or the word for one that is found out."""
        if self.name.lower().startswith(CURATED):
            more = [line for line in self.python.conda_dependencies.pip_packages if line != "azureml-defaults"]
            more += [*self.python.conda_dependencies.conda_packages]
            return f"{INFERRED}+{','.join(more)}" if more else INFERRED
        if self.python.user_managed_dependencies and not (self.docker.base_image or self._builds):
            return KERNEL
        found = described_of(name or self.name, self.python, self.docker, self.environment_variables)
        for said in found.notices:
            notice(f"{self.name}: {said}")
        return found

    @property
    def _builds(self) -> bool:
        return bool(self.docker.base_dockerfile or self.docker.build_context)

    @staticmethod
    def get(workspace: Workspace, name: str, version: str | int | None = None, label: str | None = None) -> Environment:
        """Find a registered environment, the newest where no version is named.

        Azure's own (``AzureML-…``) are not there: the packages of script and model take their place.
        """
        if name.lower().startswith(CURATED):
            notice(f"{name} is Azure's own: the packages that script and model need are installed instead.")
            return Environment(name)
        text = str(version) if version is not None else ""
        if label is not None and (text or label != "latest"):
            raise UserErrorException(
                f"An environment is found by its version or by the label 'latest', not by label={label!r}.",
                hint=f"Environment.get(ws, {name!r}, version={text or '1'!r})",
            )
        if text and not text.isdecimal():
            raise UserErrorException(f"{version!r} is not an environment's version.", hint="For example '1'.")
        try:
            return Environment._of(workspace._local.environments.get_version(name, int(text) if text else None))
        except NotFound as error:
            text = f"Environment {name} was not found. {error.message}" if text else error.message
            raise UserErrorException(text, hint=str(error.hint)) from error

    @staticmethod
    def list(workspace: Workspace) -> dict[str, Environment]:
        """Return the newest version of each registered environment, by name."""
        known = workspace._local.environments
        return {name: Environment._of(known[name]) for name in known}

    def register(self, workspace: Workspace) -> Environment:
        """Keep it under its name; the same content is the same version again. Returns what was kept."""
        found = self._described()
        if isinstance(found, str):
            word = "Azure's own" if found != KERNEL else "this notebook's own interpreter"
            raise UserErrorException(
                f"The environment {self.name} is {word}: there is nothing to register.",
                hint="Use it as it is: InferenceConfig(…, environment=env). Another name: env.clone('my-env').",
            )
        made = Environment._of(workspace._local.environments.register(found))
        self.version = made.version
        return made

    def clone(self, new_name: str) -> Environment:
        """Return a copy under another name, not registered."""
        made = copy.deepcopy(self)
        made.name, made.version = new_name, None
        return made

    @staticmethod
    def from_conda_specification(name: str, file_path: str | Path) -> Environment:
        """Read a conda file."""
        made = Environment(name)
        made.python.conda_dependencies = CondaDependencies(file_path)
        made.environment_variables = made.python.conda_dependencies.variables
        return made

    @staticmethod
    def from_pip_requirements(name: str, file_path: str | Path, pip_version: str | None = None) -> Environment:
        """Read a file of pip's requirements."""
        return Environment._of(Described.from_pip_requirements(name, file_path, pip_version))

    @staticmethod
    def from_docker_image(
        name: str,
        image: str,
        container_registry: object = None,
        conda_specification: str | Path | None = None,
        pip_requirements: str | Path | None = None,
    ) -> Environment:
        """Take an image with Python in it, and install packages into it where a file names some."""
        if not str(image or "").strip():
            raise UserErrorException(f"The environment {name} names no image.", hint="For example python:3.11-slim.")
        registry = container_registry if container_registry is not None else ContainerRegistry()
        if not isinstance(registry, ContainerRegistry):
            raise UserErrorException(
                f"container_registry must be a ContainerRegistry, not of the class {type(registry).__name__}.",
                hint="registry = ContainerRegistry(); registry.address = 'registry.example'",
            )
        if registry.username or registry.password:
            notice(f"Docker's own login is used for images: docker login {registry.address or ''}".rstrip())
        how = {"base_image": image, "base_image_registry": registry}
        return Environment._on_image(name, conda_specification, pip_requirements, **how)

    @staticmethod
    def from_dockerfile(
        name: str,
        dockerfile: str | Path,
        conda_specification: str | Path | None = None,
        pip_requirements: str | Path | None = None,
    ) -> Environment:
        """Make the image from a Dockerfile: a path, or its text."""
        return Environment._on_image(name, conda_specification, pip_requirements, base_dockerfile=dockerfile)

    @classmethod
    def _on_image(cls, name: str, conda: Any, pip: Any, **image: Any) -> Environment:
        if conda is not None and pip is not None:
            raise UserErrorException("Give conda_specification or pip_requirements, not both.")
        made = cls(name)
        if conda is not None:
            made = cls.from_conda_specification(name, conda)
        elif pip is not None:
            made = cls.from_pip_requirements(name, pip)
        else:
            made.python.user_managed_dependencies = True
        for key, value in image.items():
            setattr(made.docker, key, value)
        return made

    @staticmethod
    def from_docker_build_context(name: str, docker_build_context: DockerBuildContext) -> Environment:
        """Make the image from a folder's Dockerfile, which can copy nothing out of the folder."""
        made = Environment(name)
        made.docker.build_context = docker_build_context
        made.python.user_managed_dependencies = True
        return made

    @staticmethod
    def from_existing_conda_environment(name: str, conda_environment_name: str) -> NoReturn:
        """Refused: conda is not asked."""
        raise UserErrorException(
            "An environment of conda's is not looked into.",
            hint=f"conda env export -n {conda_environment_name} --from-history > env.yml, "
            "then Environment.from_conda_specification(name, 'env.yml').",
        )

    @staticmethod
    def add_private_pip_wheel(workspace: Workspace, file_path: str | Path, exist_ok: bool = False) -> str:
        """Keep a wheel that no index has, and return the requirement that installs it: ``add_pip_package`` takes it.

        The same content gives the same requirement. Other content under a kept wheel's name is refused, unless
        ``exist_ok``: environments that have the old one keep it then.
        """
        kept, others = workspace._local.environments.wheels.keep(file_path, exist_ok=exist_ok)
        if others:
            notice(
                f"A wheel {kept.file} is kept already, with other content: environments that have that one keep it. "
                "What is returned names the new one."
            )
        return kept.address

    def build(self, workspace: Workspace, image_build_compute: object = None) -> Environment:
        """Do nothing: it is made when a service needs it. Returns itself, which is complete."""
        return self

    def build_local(self, workspace: Workspace, platform: object = None, **_: Any) -> Environment:
        """Do nothing, as :meth:`build`."""
        return self

    def wait_for_completion(self, show_output: bool = True) -> None:
        """Return at once."""

    @property
    def status(self) -> str:
        """Of a build: always ``"Succeeded"``."""
        return "Succeeded"

    def save_to_directory(self, path: str | Path, overwrite: bool = False) -> None:
        """Write it to a folder: packages as a conda file, the rest as JSON."""
        place = Path(path)
        if place.exists() and any(place.iterdir()) and not overwrite:
            raise UserErrorException(f"The folder {place} is not empty.", hint="Give overwrite=True.")
        place.mkdir(parents=True, exist_ok=True)
        self.python.packages().save(place / "conda_dependencies.yml")
        (place / _FILE).write_text(
            json.dumps(file_of(self.name, self.version, self.python, self.docker, self.environment_variables), indent=2)
            + "\n"
        )

    @staticmethod
    def load_from_directory(path: str | Path) -> Environment:
        """Read what :meth:`save_to_directory` wrote, or the SDK."""
        place = Path(path) / _FILE
        if not place.is_file():
            raise UserErrorException(f"There is no {place}.", hint="Environment.save_to_directory writes one.")
        return Environment._of_file(json.loads(place.read_text()), place.parent, str(place))

    @classmethod
    def _of_file(cls, values: Mapping[str, Any], folder: Path, where: str) -> Environment:
        """Make one of what a file of the SDK's says; paths in it are relative to a folder."""
        made = cls(str(values.get("name") or "environment"))
        made.version = str(values["version"]) if values.get("version") else None
        fill_from_file(values, folder, where, made.python, made.docker)
        made.environment_variables = {str(k): str(v) for k, v in (values.get("environmentVariables") or {}).items()}
        return made

    @staticmethod
    def label(workspace: Workspace, name: str, version: str, labels: object) -> NoReturn:
        """Refused: environments are found by their versions."""
        raise UserErrorException("Labels are not kept.", hint=f"Environment.get(ws, {name!r}, version={version!r})")

    def get_image_details(self, workspace: Workspace) -> Mapping[str, Any]:
        """Return the name of the base image: the image itself is made when a service needs it."""
        return {"imageExistsInRegistry": False, "dockerImage": {"name": self.docker.base_image}}
