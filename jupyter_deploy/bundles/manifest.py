"""What a bundle says of itself, read from its ``bundle.json``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

MANIFEST = "bundle.json"


@dataclass(frozen=True)
class Held:
    """A model's version in a bundle."""

    id: str  # name:version
    digest: str


@dataclass(frozen=True)
class Manifest:
    """A bundle's content; all is empty if the bundle no longer exists.

    Parameters
    ----------
    entry : str
        The script's path within ``code/``.
    code : mapping
        Digests of scripts and modules by path.
    models : tuple of Held
        All of them, the captured ones too.
    captured : tuple of str
        Captured models, as ``name:version``.
    names : tuple of str
        Names that the script uses for its own folder.
    files_digest : str
        Of the users' other files, all together; empty for none.
    files_count, files_size : int
        How many they are, and their bytes.
    """

    entry: str = ""
    code: Mapping[str, str] = field(default_factory=dict, hash=False)
    models: tuple[Held, ...] = ()
    captured: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    files_digest: str = ""
    files_count: int = 0
    files_size: int = 0

    def __bool__(self) -> bool:
        return bool(self.entry)

    def has_code_of(self, other: Manifest) -> bool:
        """Tell whether two bundles hold the same code and files."""
        one, two = ((held.code, held.files_digest, held.names) for held in (self, other))
        return one == two


def manifest_of(bundle: Path) -> Manifest:
    """Read a bundle's manifest; an empty one if the bundle no longer exists."""
    try:
        return read(bundle)
    except (OSError, ValueError, KeyError):
        return Manifest()


def read(bundle: Path) -> Manifest:
    """Read a bundle's manifest; raises OSError, ValueError or KeyError if it is not there or damaged."""
    content: dict[str, Any] = json.loads((bundle / MANIFEST).read_text())
    files: dict[str, Any] = content.get("files", {})
    return Manifest(
        content["entry"],
        content.get("code", {}),
        tuple(Held(f"{model['name']}:{model['version']}", model["digest"]) for model in content.get("models", ())),
        tuple(content.get("captured", ())),
        tuple(content.get("names", ())),
        files.get("digest", ""),
        files.get("count", 0),
        files.get("size", 0),
    )
