"""``Model.package`` and ``ModelPackage``: an image, or the folder that one is built from."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
import weakref
from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import chain, count
from pathlib import Path
from typing import Any

from ....errors import DeployError
from ....files import in_home
from ..container_registry import ContainerRegistry
from ..exceptions import WebserviceException
from ..vocabulary import Vocabulary
from ..workspace import Workspace
from .deploying import deployed_as

_POLL_SECONDS = 0.1
# A package's own folders, and the file by which one is known.
_FOLDERS = ("bundle", "jupyter_deploy", "wheels")
_BUNDLE = Path("bundle", "bundle.json")


class ModelPackage(metaclass=Vocabulary):
    """A package that is being made; :meth:`wait_for_creation` returns when it is there."""

    def __init__(self, workspace: Workspace, generate_dockerfile: bool, location: str) -> None:
        self.workspace = workspace
        self.generate_dockerfile = generate_dockerfile
        self.location = location
        self.state = "NotStarted"
        self.error: Exception | None = None
        self.package_build_log_uri: str | None = None
        self.environment: Any = None
        self._said: list[str] = []
        self._thread: threading.Thread | None = None

    def __repr__(self) -> str:
        return f"ModelPackage(location={self.location!r}, state={self.state!r})"

    def _start(self, make: Any) -> None:
        self._thread = threading.Thread(target=self._run, args=(make,), name="jupyter_deploy package", daemon=True)
        self.state = "Running"
        self._thread.start()

    def _run(self, make: Any) -> None:
        try:
            made = make(self._said.append)
        except Exception as error:  # noqa: BLE001 - the thread that waits for this one gets it
            self.error, self.state = error, "Failed"
        else:
            self._said.extend(made.notices)
            self.location, self.state = made.location, "Succeeded"

    def update_creation_state(self) -> None:
        """Do nothing: the state is always that of now."""

    def wait_for_creation(self, show_output: bool = False) -> None:
        """Return when the package is there; fails with the build's own words."""
        shown = 0
        while True:
            ended = self.state not in {"NotStarted", "Running"}
            if show_output:
                for line in self._said[shown:]:
                    print(line)  # noqa: T201 - the SDK prints the log
                    shown += 1
            if ended:
                break
            time.sleep(_POLL_SECONDS)
        if self.error is not None:
            known = self.error if isinstance(self.error, DeployError) else None
            raise WebserviceException(
                f"Package creation reached non-successful terminal state.\n{_said(self.error)}",
                details=known.details if known else "",
                hint=str(known.hint) if known else "",
            ) from self.error
        if show_output:
            print("Package creation Succeeded")  # noqa: T201

    def get_logs(self, decode: bool = True, offset: int = 0) -> str:
        """Return what was said while it was made."""
        return "\n".join(self._said)[offset:]

    def get_container_registry(self) -> ContainerRegistry:
        """Return a registry whose address, user and password are empty: the image is on this machine already."""
        found = ContainerRegistry()
        # Texts, since notebooks put commands together with them.
        found.address = found.username = found.password = ""
        return found

    def pull(self) -> str:
        """Return the image's name: it is on this machine already."""
        if self.generate_dockerfile:
            raise WebserviceException("A Dockerfile package cannot be pulled. Use save() instead.")
        self.wait_for_creation()
        print(f"Status: Image is up to date for {self.location}")  # noqa: T201 - docker's own line
        return self.location

    def save(self, output_directory: str | Path) -> None:
        """Copy the folder with Dockerfile, models and script, in place of a package that is there already.

        Other files in the folder stay.
        """
        if not self.generate_dockerfile:
            raise WebserviceException("Docker images cannot be saved to a local directory. Use pull() instead.")
        self.wait_for_creation()
        place = in_home(output_directory)
        if place.exists() and not place.is_dir():
            raise WebserviceException(f"{place} is no folder.", hint="package.save('imagefiles')")
        if (place / _BUNDLE).is_file():
            # What an older package held would go into the image, too.
            for name in _FOLDERS:
                shutil.rmtree(place / name, ignore_errors=True)
        shutil.copytree(self.location, place, dirs_exist_ok=True)

    def serialize(self) -> dict[str, Any]:
        """Return plain values under the SDK's keys."""
        return {
            "state": self.state,
            "location": self.location,
            "error": _said(self.error) if self.error else None,
            "generateDockerfile": self.generate_dockerfile,
            "packageBuildLogUri": None,
        }


def _folder_of(made: ModelPackage) -> Path:
    """Make a folder that is there as long as the package's object: :meth:`ModelPackage.save` copies it."""
    folder = Path(tempfile.mkdtemp(prefix="package-"))
    weakref.finalize(made, shutil.rmtree, folder, ignore_errors=True)
    return folder / "context"


def _image_name(name: str, label: str | None) -> str:
    """Name the image; a name that has a tag already keeps it, unless a label is given."""
    if ":" in name.rpartition("/")[2]:
        if label:
            raise WebserviceException(
                f"The image {name} has a tag already, and image_label is {label!r}.",
                hint=f"image_name={name.rpartition(':')[0]!r}, image_label={label!r}",
            )
        return name
    return f"{name}:{label or datetime.now(UTC).strftime('%Y%m%d%H%M%S')}"


def _free_name(workspace: Workspace) -> str:
    """Name what is packaged as no service and no script is named: theirs would be taken along."""
    local = workspace._local
    names = chain(["package"], (f"package-{number}" for number in count(2)))
    return next(name for name in names if name not in local.services and name not in local.scripts)


def _said(error: Exception) -> str:
    return error.message if isinstance(error, DeployError) else f"{type(error).__name__}: {error}"


def package(
    workspace: Workspace,
    models: Sequence[Any],
    inference_config: Any = None,
    generate_dockerfile: bool = False,
    image_name: str | None = None,
    image_label: str | None = None,
) -> ModelPackage:
    """Start to make a package; returns at once."""
    name = _image_name(image_name or "package", image_label)
    service = _free_name(workspace)
    options = deployed_as(workspace, service, models, inference_config)
    made = ModelPackage(workspace, generate_dockerfile, name)
    folder = _folder_of(made) if generate_dockerfile else None

    def make(say: Any) -> Any:
        return workspace._local.package(
            service,
            script=options.get("script"),
            models=options.get("models"),
            environment=options.get("environment"),
            source=options.get("source"),
            variables=options.get("variables"),
            image=None if folder else name,
            folder=folder,
            progress=say,
        )

    made._start(make)
    return made
