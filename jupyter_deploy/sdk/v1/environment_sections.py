"""The parts of an ``Environment``: ``python`` and ``docker``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .conda_dependencies import CondaDependencies
from .container_registry import ContainerRegistry
from .exceptions import UserErrorException
from .vocabulary import Vocabulary
from .workspace import Workspace


class PythonSection(metaclass=Vocabulary):
    """The packages; with ``user_managed_dependencies`` those of the image, or of this notebook where there is none."""

    def __init__(self, **_: Any) -> None:
        self.conda_dependencies = CondaDependencies()
        self.user_managed_dependencies = False
        self.interpreter_path = "python"
        self.conda_dependencies_file: str | None = None
        self.base_conda_environment: str | None = None

    def __repr__(self) -> str:
        return f"PythonSection(user_managed_dependencies={self.user_managed_dependencies})"

    def packages(self) -> CondaDependencies:
        """Return what is to be installed: of the file, where one is named."""
        if self.conda_dependencies_file:
            return CondaDependencies(self.conda_dependencies_file)
        if not isinstance(self.conda_dependencies, CondaDependencies):
            raise UserErrorException(
                f"python.conda_dependencies cannot be {self.conda_dependencies!r}.",
                hint="env.python.conda_dependencies = CondaDependencies('env.yml'), or CondaDependencies.create(…)",
            )
        return self.conda_dependencies


class DockerBuildContext(metaclass=Vocabulary, error=UserErrorException):
    """A folder with a Dockerfile."""

    def __init__(
        self, location_type: str | None = None, location: str | None = None, dockerfile_path: str = "Dockerfile"
    ) -> None:
        self.location_type, self.location, self.dockerfile_path = location_type, location, dockerfile_path

    @staticmethod
    def from_local_directory(
        workspace: Workspace, path: str | Path, dockerfile_path: str = "Dockerfile"
    ) -> DockerBuildContext:
        """Take a folder of this machine."""
        return DockerBuildContext("local", str(path), dockerfile_path)


class DockerSection(metaclass=Vocabulary):
    """The image. ``enabled`` and ``arguments`` mean nothing here: where a service runs is said when it is deployed."""

    def __init__(self, **_: Any) -> None:
        self.base_image: str | None = None
        self.base_dockerfile: str | Path | None = None
        self.base_image_registry = ContainerRegistry()
        self.build_context: DockerBuildContext | None = None
        self.platform: object = None
        self.enabled = False
        self.arguments: list[str] = []
        self.shm_size: str | None = None
        self.shared_volumes = True
        self.gpu_support = False

    def __repr__(self) -> str:
        return f"DockerSection(base_image={self.base_image!r})"


class SparkSection(metaclass=Vocabulary):
    """What notebooks say of Spark. It means nothing here."""

    def __init__(self, **_: Any) -> None:
        self.repositories: list[str] = []
        self.packages: list[str] = []
        self.precache_packages = True
