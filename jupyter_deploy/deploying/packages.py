"""Package a service: a self-contained image, or a build context that makes one."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from ..environments import INFERRED, KERNEL
from ..errors import UsageProblem
from ..files import in_home, remove_tree
from ..home import Home
from ..services import PackageContents, Services, ServiceSpec, check_service_name
from ..serving import MOUNTED_KEYS, PRIMARY_VARIABLE
from ..store import Database, told
from ..targets import packager
from .asked import Asked
from .resolution import Resolver
from .specifying import specified
from .telemetry import check_telemetry

_IMAGE_RULE = re.compile(r"[a-z0-9]+(?:[._/:\-]+[a-z0-9]+)*(?::\w[\w.\-]{0,127})?")
_MARK = "Dockerfile"
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Package:
    """The result of packaging; the facts behind azureml-core's ``ModelPackage``."""

    name: str  # the service's
    location: str  # the image's name, or the context's folder
    is_image: bool  # which of the two
    models: tuple[str, ...]  # name:version of the models in it
    environment: tuple[str, ...]  # the requirements that are installed
    milliseconds: float  # how long it took
    notices: tuple[str, ...] = ()  # what was left out, and how to include it
    given: tuple[str, ...] = ()  # the variables that it must get where it runs: keys, and those of the script

    def as_dict(self) -> dict[str, Any]:
        """Return all fields for JSON."""
        return asdict(self)

    @property
    def how(self) -> str:
        """The command that makes it serve."""
        return packager().command(self.name, self.location, self.given, is_image=self.is_image)


class Packages:
    """Packages services; ``database`` has the workspace's id and the open stages."""

    def __init__(self, home: Home, rows: Services, resolver: Resolver, database: Database) -> None:
        self._home = home
        self._rows = rows
        self._resolver = resolver
        self._database = database

    def make(
        self, name: str, asked: Asked, image: str | None, folder: str | Path | None, progress: Progress
    ) -> Package:
        """Package a service as it is described, whether it runs or not.

        If there is no service of that name, script and model have it. ``asked`` replaces parts of the service's own.
        The image's default name is the service's with the bundle's digest as its tag. ``folder`` gets a build context
        instead of an image.

        Raises
        ------
        UsageProblem
            For an impossible image's name, or a folder with something else in it.
        EnvironmentProblem
            With the installer's words.
        """
        started = time.perf_counter()
        spec = self._described(name, asked)
        with self._database.claims.open() as opened:
            resolved = self._resolver.resolve(spec, opened, large=True)
            check_telemetry(resolved, "package")
            contents = PackageContents(
                name, resolved.bundle, resolved.environment, spec.workers, spec.settings, resolved.model_ids, spec.auth
            )
            if folder is not None:
                location = str(in_home(folder).absolute())
                notices = self._write(contents, Path(location), opened.folder)
            else:
                location = _image_name(image or f"{name}:{resolved.bundle.digest[:12]}")
                notices = self._build(contents, location, opened.folder, progress)
        if resolved.variables:
            names = " ".join(f"-e {key}" for key in sorted(resolved.variables))
            notices += (f"variables are not part of it; give them when it runs: docker run {names} …",)
        notices += _about_keys(spec.auth)
        if specified(name, self._rows.find(name), asked).tls:
            notices += ("TLS is not part of it: it speaks plain HTTP to the router in front of it",)
        took = (time.perf_counter() - started) * 1000
        requirements = resolved.environment.requirements
        given = (*([PRIMARY_VARIABLE] if spec.auth != "none" else []), *sorted(resolved.variables))
        return Package(name, location, folder is None, resolved.model_ids, requirements, took, notices, given)

    def _described(self, name: str, asked: Asked) -> ServiceSpec:
        check_service_name(name)
        record = self._rows.find(name)
        spec = specified(name, record, asked)
        if spec.image:
            raise UsageProblem(
                f"{name} runs an image of its own, {spec.image.name}: that is the package.",
                hint=f"docker save {spec.image.name} writes it to a file.",
            )
        # An image has no kernel: it gets what the script needs, in the kernel's versions.
        environment = INFERRED if spec.environment in {"", KERNEL} else spec.environment
        return replace(spec, environment=environment, target=packager().target, tls="")

    def _write(self, contents: PackageContents, folder: Path, staging: Path) -> tuple[str, ...]:
        if folder.exists() and (not folder.is_dir() or (any(folder.iterdir()) and not (folder / _MARK).exists())):
            raise UsageProblem(
                f"{folder} holds something else than a package.",
                hint="Give a new folder, or that of a package.",
            )
        half = staging / "package"
        half.mkdir()
        notices = packager().write(contents, half, self._home)
        beside = folder.with_name(f".{folder.name}.{staging.name}")
        with told(folder.parent):
            folder.parent.mkdir(parents=True, exist_ok=True)
            try:
                # The folder may be on another disk: keep the old content until the new one is complete.
                shutil.move(half, beside)
                remove_tree(folder, trash=staging)
                beside.rename(folder)
            finally:
                shutil.rmtree(beside, ignore_errors=True)
        return notices

    def _build(self, contents: PackageContents, image: str, staging: Path, progress: Progress) -> tuple[str, ...]:
        half = staging / "package"
        half.mkdir()
        return packager().build(contents, image, half, self._home, self._database.workspace_id, progress)


def _about_keys(auth: str) -> tuple[str, ...]:
    if auth == "none":
        return ()
    one = f"keys are not part of it, and it does not start without: docker run -e {PRIMARY_VARIABLE} …, or a file"
    given = (f"{one} with one or two keys, one a line, mounted as {MOUNTED_KEYS}",)
    tokens = ("tokens are made by this workspace only: the package takes keys instead",)
    return (*given, *tokens) if auth == "token" else given


def _image_name(given: str) -> str:
    if not _IMAGE_RULE.fullmatch(given):
        raise UsageProblem(f"{given!r} cannot be an image's name.", hint="For example churn:1, in lower case.")
    return given if ":" in given.rpartition("/")[2] else f"{given}:latest"
