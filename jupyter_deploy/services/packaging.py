"""A service as something to hand on: what goes into a package, and the protocol of what makes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from ..bundles import Bundle
from ..environments import Environment
from ..home import Home
from .records import Setting


@dataclass(frozen=True)
class PackageContents:
    """What is packaged.

    Parameters
    ----------
    name : str
        What it is called.
    bundle : Bundle
        Code and models.
    environment : Environment
        What they run on.
    workers : int
        Processes that run the script.
    settings : mapping
        The server's settings that differ from its defaults.
    models : tuple of str
        ``name:version`` of the models.
    """

    name: str
    bundle: Bundle
    environment: Environment
    workers: int
    settings: Mapping[str, Setting] = field(hash=False)
    models: tuple[str, ...]


class Packager(Protocol):
    """Makes packages that serve on their own.

    Attributes
    ----------
    target : str
        The target that runs the same.
    """

    target: str

    def write(self, contents: PackageContents, folder: Path) -> tuple[str, ...]:
        """Fill an empty folder with all that a package is built from; returns what was left out, for people."""

    def build(
        self,
        contents: PackageContents,
        image: str,
        folder: Path,
        home: Home,
        workspace: str,
        say: Callable[[str], None],
    ) -> tuple[str, ...]:
        """Build an image of that name, by way of an empty folder; returns what was left out, for people."""

    def command(self, name: str, location: str, *, is_image: bool) -> str:
        """Return the command that builds a written package, or that serves a built one."""
