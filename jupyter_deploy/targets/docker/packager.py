"""Packages as images, and as the folders that plain ``docker build`` makes them from."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ...environments import bar
from ...errors import TargetProblem
from ...home import Home
from ...services import PackageContents
from . import context, images
from .daemon import engine, unreachable

_PUBLISHED = 6789


class DockerPackager:
    """Makes images with the Docker engine; a folder is written without one."""

    target = "docker"

    def write(self, contents: PackageContents, folder: Path, home: Home) -> tuple[str, ...]:
        """Write a build context."""
        return context.write(contents, folder, home)

    def build(
        self,
        contents: PackageContents,
        image: str,
        folder: Path,
        home: Home,
        workspace: str,
        say: Callable[[str], None],
    ) -> tuple[str, ...]:
        """Add code and models to the image that services of this environment run in."""
        if why := unreachable():
            raise TargetProblem(
                f"An image is made by Docker: {why}.",
                hint="Start Docker, or point DOCKER_HOST at its socket. A build context needs none: "
                f"jupyter model package {contents.name} --dockerfile DIR",
            )
        labels = {
            f"{images.LABEL}.role": "package",
            f"{images.LABEL}.workspace": workspace,
            "org.opencontainers.image.created": datetime.now(UTC).isoformat(timespec="seconds"),
        }
        with engine(timeout=None) as client:
            base = images.ensure(client, home, contents.environment, workspace, say)
            say(bar(0.97, "adding code and models", "build"))
            notices = context.write(contents, folder, home, whole=False)
            images.build_folder(client, context.dockerfile(contents, base), folder, image, labels)
        return notices

    def command(self, name: str, location: str, given: Sequence[str], *, is_image: bool) -> str:
        """Return a line for a shell."""
        if is_image:
            variables = [word for name in given for word in ("-e", name)]
            return shlex.join(["docker", "run", "-p", f"{_PUBLISHED}:{images.PORT}", *variables, location])
        return shlex.join(["docker", "build", "-t", name, location])
