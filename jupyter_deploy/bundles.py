"""A bundle is all that crosses from the notebook to the runtime: an immutable folder named by its digest."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .config import Home
from .errors import StoreProblem
from .files import fsync_folder, link_tree, remove_tree
from .models import Model
from .scripts import Script
from .serving.layout import MODELS_FOLDER
from .store.artifacts import ArtifactStore
from .store.staging import Stage

FORMAT = 1


@dataclass(frozen=True)
class Bundle:
    """A built bundle.

    Parameters
    ----------
    digest : str
        SHA-256 of its manifest, which names everything in it by digest.
    folder : pathlib.Path
        ``bundle.json``, ``code/``, ``models/<name>/<version>/``, ``requirements.txt``.
    """

    digest: str
    folder: Path

    def verify(self) -> None:
        """Check that the files a service needs are there.

        Raises
        ------
        StoreProblem
            Naming what is missing or changed.
        """
        try:
            manifest: dict[str, Any] = json.loads((self.folder / "bundle.json").read_text())
            for name, digest in manifest["code"].items():
                if hashlib.sha256((self.folder / "code" / name).read_bytes()).hexdigest() != digest:
                    raise StoreProblem(f"code/{name} was changed", hint="A bundle is never edited in place.")
            for model in manifest["models"]:
                place = self.folder / "models" / model["name"] / str(model["version"]) / model["entry"]
                if not place.exists():
                    raise StoreProblem(f"{place} is missing")
        except (OSError, ValueError, KeyError, StoreProblem) as error:
            raise StoreProblem(
                f"Bundle {self.digest[:12]} is damaged: {error}.", hint="It will be built anew."
            ) from error


def captured_in(bundle: Path) -> tuple[str, ...]:
    """Tell which of a bundle's models the script took from its notebook.

    Parameters
    ----------
    bundle : pathlib.Path
        Its folder.

    Returns
    -------
    tuple of str
        ``name:version`` each; empty where the bundle is not there any more.
    """
    try:
        manifest: dict[str, Any] = json.loads((bundle / "bundle.json").read_text())
    except (OSError, ValueError):
        return ()
    return tuple(manifest.get("captured", ()))


def build(
    home: Home,
    artifacts: ArtifactStore,
    stage: Stage,
    script: Script,
    models: Sequence[Model],
    requirements: Sequence[str],
    preload: Sequence[str] | None,
) -> Bundle:
    """Build a bundle, or take the one with the same content that is there.

    Parameters
    ----------
    home : Home
        The workspace's folders.
    artifacts : ArtifactStore
        Where model files come from; they are hard-linked, not copied.
    stage : Stage
        Claims the bundle until the service's row names it.
    script : Script
        The entry script.
    models : sequence of Model
        The models it gets.
    requirements : sequence of str
        The lines of ``requirements.txt``.
    preload : sequence of str or None
        Modules to import ahead of the script; None for none ever.

    Returns
    -------
    Bundle
        In its place.
    """
    files = script.files()
    manifest = _manifest(script, files, models, requirements)
    manifest["preload"] = None if preload is None else list(preload)
    text = json.dumps(manifest, indent=1, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    bundle = Bundle(digest, home.bundles / digest)
    stage.claim(digest)
    if bundle.folder.exists():
        try:
            bundle.verify()
        except StoreProblem:
            remove_tree(bundle.folder, trash=home.staging)
        else:
            return bundle
    half = stage.folder / "bundle"
    _fill(half, files, models, artifacts)
    (half / "requirements.txt").write_text("".join(f"{line}\n" for line in manifest["requirements"]))
    (half / "bundle.json").write_text(text)
    try:
        half.rename(bundle.folder)
    except OSError:
        # Another process built the same content meanwhile.
        bundle.verify()
    fsync_folder(home.bundles)
    return bundle


def _fill(half: Path, files: Mapping[str, bytes], models: Sequence[Model], artifacts: ArtifactStore) -> None:
    for name, data in files.items():
        place = half / "code" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    (half / "models").mkdir()
    for model in models:
        link_tree(artifacts.local(model.digest), half / "models" / model.name / str(model.version))
    (half / "code" / MODELS_FOLDER).symlink_to(Path("..") / "models", target_is_directory=True)


def _manifest(
    script: Script, files: Mapping[str, bytes], models: Sequence[Model], requirements: Sequence[str]
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "entry": script.file_name,
        "label": script.label,
        "code": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())},
        "models": [
            {"name": model.name, "version": model.version, "entry": model.entry, "digest": model.digest}
            for model in sorted(models, key=lambda model: (model.name, model.version))
        ],
        "requirements": sorted(requirements),
        # Only where there is something to say: what a plain script's bundle is called stays as it was.
        **({"origins": [list(origin) for origin in script.origins]} if script.origins else {}),
        **({"captured": list(script.models)} if script.models else {}),
    }
