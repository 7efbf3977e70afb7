"""``azureml.core.model.InferenceConfig``: an entry script and its environment."""

from __future__ import annotations

import ast
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import nearest
from ...files import in_home
from ..notices import notice
from .container_registry import ContainerRegistry
from .environment import Environment
from .exceptions import UserErrorException
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    from ...deploying import Options

_RUNTIMES = ("python", "spark-py")
_OLD = "runtime conda_file extra_docker_file_steps enable_gpu base_image base_image_registry cuda_version"


class InferenceConfig(metaclass=Vocabulary, error=UserErrorException):
    """What serves a model. The older form (``runtime``, ``conda_file``, …) becomes an environment.

    Parameters
    ----------
    entry_script, conda_file, extra_docker_file_steps : str
        Paths relative to ``source_directory``, or to the current folder where there is none.
    """

    def __init__(
        self,
        entry_script: str,
        runtime: str | None = None,
        conda_file: str | None = None,
        extra_docker_file_steps: str | None = None,
        source_directory: str | Path | None = None,
        enable_gpu: bool | None = None,
        description: str | None = None,
        base_image: str | None = None,
        base_image_registry: ContainerRegistry | None = None,
        cuda_version: str | None = None,
        environment: Environment | None = None,
    ) -> None:
        self.entry_script = entry_script
        self.source_directory = source_directory
        self.description = description
        self.runtime, self.conda_file, self.extra_docker_file_steps = runtime, conda_file, extra_docker_file_steps
        self.enable_gpu, self.cuda_version = enable_gpu, cuda_version
        self.base_image, self.base_image_registry = base_image, base_image_registry
        self.environment = environment
        if isinstance(runtime, Environment):
            raise UserErrorException(
                "runtime cannot be an Environment.", hint="InferenceConfig(entry_script, environment=environment)"
            )
        old = [name for name in _OLD.split() if getattr(self, name)]
        if environment is not None and old:
            raise UserErrorException(
                f"environment= excludes {', '.join(old)}.", hint="Say it in the environment: env.python, env.docker."
            )
        if environment is not None and not isinstance(environment, Environment):
            raise UserErrorException(
                f"environment cannot be a {type(environment).__name__}.",
                hint=f"environment=Environment.get(ws, {environment if isinstance(environment, str) else 'name'!r})",
            )
        if old:
            notice(f"{', '.join(old)}: an Environment says it from SDK 1.0.85 on.", DeprecationWarning)
        self.validate_configuration()
        if environment is None and old:
            self.environment = self._environment_of_old()

    def __repr__(self) -> str:
        return (
            f"InferenceConfig(entry_script={self.entry_script!r}, source_directory={self.source_directory!r}, "
            f"environment={self.environment!r})"
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, InferenceConfig):
            return NotImplemented
        return self._options("") == other._options("") and self.description == other.description

    __hash__ = object.__hash__

    @property
    def _root(self) -> Path:
        return in_home(self.source_directory or ".")

    @property
    def _script(self) -> Path:
        return self._root / self.entry_script

    def validate_configuration(self) -> None:
        """Check that the script is there and can be read as Python, and that the runtime is Python's."""
        if self.runtime is not None and str(self.runtime).lower() not in _RUNTIMES:
            raise UserErrorException(f"runtime cannot be {self.runtime!r}.", hint="runtime='python'")
        if str(self.runtime).lower() == "spark-py":
            raise UserErrorException("Spark is not there.", hint="runtime='python'")
        if self.source_directory is not None and not self._root.is_dir():
            raise UserErrorException(f"source_directory: there is no folder {self._root}.", hint=_near(self._root))
        if not isinstance(self.entry_script, (str, Path)) or not str(self.entry_script):
            raise UserErrorException(
                f"entry_script must be the path of a script, not {self.entry_script!r}.",
                hint="InferenceConfig(entry_script='score.py', environment=environment)",
            )
        if not self._script.is_file():
            raise UserErrorException(
                f"The entry script {self._script} is not there.",
                hint=self._below_the_source("entry_script") or _near(self._script, ".py"),
            )
        if self._script.suffix != ".py":
            raise UserErrorException(f"The entry script {self.entry_script} must end in .py.")
        self.validation_script_content()
        for what in ("conda_file", "extra_docker_file_steps"):
            given = getattr(self, what)
            if given and not (self._root / given).is_file():
                raise UserErrorException(
                    f"{what}: {self._root / given} is not there.",
                    hint=self._below_the_source(what) or _near(self._root / given),
                )

    def _below_the_source(self, what: str) -> str:
        """Say how a path is meant that was given from the current folder, not from the source directory."""
        given = Path(getattr(self, what))
        if self.source_directory is None or not given.is_file():
            return ""
        place, root = given.resolve(), self._root.resolve()
        if not place.is_relative_to(root):
            return f"{what} is relative to source_directory: put the file there."
        return f"{what} is relative to source_directory: {what}={str(place.relative_to(root))!r}"

    def validation_script_content(self) -> None:
        """Read the script as Python, without running it."""
        try:
            ast.parse(self._script.read_bytes(), str(self._script))
        except (SyntaxError, ValueError) as error:
            said = f", line {error.lineno}: {error.msg}" if isinstance(error, SyntaxError) else f": {error}"
            raise UserErrorException(f"{self._script}{said}", hint="Correct the script.") from error

    def _environment_of_old(self) -> Environment:
        name = f"{self._script.stem}-env"
        made = Environment(name)
        if self.conda_file:
            made = Environment.from_conda_specification(name, self._root / self.conda_file)
        made.docker.base_image = self.base_image
        if self.base_image_registry is not None:
            made.docker.base_image_registry = self.base_image_registry
        if self.extra_docker_file_steps:
            base = self.base_image or "python:{}.{}-slim".format(*sys.version_info)
            steps = (self._root / self.extra_docker_file_steps).read_text()
            made.docker.base_image, made.docker.base_dockerfile = None, f"FROM {base}\n{steps}"
        if self.enable_gpu or self.cuda_version:
            notice("enable_gpu and cuda_version mean nothing here.")
        return made

    def _options(self, name: str) -> Options:
        """Say it as options of ``Workspace.deploy``; ``name`` is the service's."""
        options: Options = {"script": Path(self.entry_script)}
        if self.source_directory is not None:
            options["source"] = self._root
        if self.environment is not None:
            options["environment"] = self.environment._described(f"{name}-env" if self.runtime and name else "")
        if isinstance(options.get("environment"), str) and self.environment and self.environment.environment_variables:
            options["variables"] = dict(self.environment.environment_variables)
        return options

    def build_create_payload(self, *_: Any, **__: Any) -> None:
        """Refused: nothing is sent to a cloud."""
        raise UserErrorException("There is no cloud to send this to.", hint="Model.deploy(ws, name, models, config)")


def _near(place: Path, ending: str = "") -> str:
    folder = place.absolute().parent
    if not folder.is_dir():
        return f"The current folder is {Path.cwd()}."
    names = sorted(entry.name for entry in folder.iterdir() if not entry.name.startswith("."))
    close = nearest(place.name, [name for name in names if name.endswith(ending)])
    return f"Did you mean {close!r}?" if close else f"{folder} holds: {', '.join(names[:10]) or 'nothing'}."
