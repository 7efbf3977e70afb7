"""A service as a package: its content, and the protocol of what makes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ..bundles import Bundle
    from ..environments import Environment
    from ..home import Home
    from .records import Setting


@dataclass(frozen=True)
class PackageContents:
    """What is packaged."""

    name: str
    bundle: Bundle  # code and models
    environment: Environment  # what they run on
    workers: int  # processes that run the script
    settings: Mapping[str, Setting] = field(hash=False)  # those that differ from the server's defaults
    models: tuple[str, ...]  # name:version of the models
    auth: str = "none"  # what its clients must show; it gets its keys when it is started


class Packager(Protocol):
    """Makes packages that serve on their own.

    Attributes
    ----------
    target : str
        The target that runs the same.
    """

    target: str

    def write(self, contents: PackageContents, folder: Path, home: Home) -> tuple[str, ...]:
        """Write all that a package is built from into an empty folder; returns what was left out, for people."""

    def build(
        self,
        contents: PackageContents,
        image: str,
        folder: Path,
        home: Home,
        workspace: str,
        say: Callable[[str], None],
    ) -> tuple[str, ...]:
        """Build an image through an empty folder; returns what was left out, for people."""

    def command(self, name: str, location: str, given: Sequence[str], *, is_image: bool) -> str:
        """Return the command that builds a written package, or that serves a built one with the shell's variables."""
