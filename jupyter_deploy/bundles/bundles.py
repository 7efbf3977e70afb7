"""A bundle is all that crosses from the notebook to the runtime: an immutable folder named by its digest."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ..errors import StoreProblem
from ..files import fsync_folder, link_tree, remove_tree
from ..home import Home
from ..registry import Model
from ..scripts import LOADED, Script
from ..scripts.shipment import Content, Contents, Shipment, is_whole
from ..serving import BUNDLE_LISTING, NOTICES, link_bundle
from ..store import ArtifactStore, Stage
from .manifest import MANIFEST, manifest_of, read

FORMAT = 1


@dataclass(frozen=True)
class Bundle:
    """A built bundle.

    Its digest is the SHA-256 of its manifest, which names everything in it by digest. The folder has ``bundle.json``,
    ``code/``, ``models/<name>/<version>/`` and ``requirements.txt``; ``files.list`` lists the users' files that were
    linked into ``code/``.
    """

    digest: str
    folder: Path

    def verify(self) -> None:
        """Check that the files of a service exist unchanged."""
        try:
            manifest: dict[str, Any] = json.loads((self.folder / MANIFEST).read_text())
            for name, digest in manifest["code"].items():
                if hashlib.sha256((self.folder / "code" / name).read_bytes()).hexdigest() != digest:
                    raise StoreProblem(f"code/{name} was changed", hint="A bundle is never edited in place.")
            for model in manifest["models"]:
                place = self.folder / "models" / model["name"] / str(model["version"]) / model["entry"]
                if not place.exists():
                    raise StoreProblem(f"{place} is missing")
            if "files" in manifest:
                self._verify_files(manifest["files"]["digest"])
        except (OSError, ValueError, KeyError, StoreProblem) as error:
            raise StoreProblem(
                f"Bundle {self.digest[:12]} is damaged: {error}.", hint="The next deployment builds it again."
            ) from error

    def publish(self, half: Path) -> None:
        """Move a complete bundle from ``half``, where it was made, to its place."""
        try:
            half.rename(self.folder)
        except OSError:
            # Another process built the same content meanwhile.
            self.verify()
        fsync_folder(self.folder.parent)

    def _verify_files(self, digest: str) -> None:
        # Size and time only: there may be thousands of files, and a reload waits for this.
        listing = (self.folder / BUNDLE_LISTING).read_bytes()
        if hashlib.sha256(listing).hexdigest() != digest:
            raise StoreProblem(f"{BUNDLE_LISTING} was changed")
        text = os.fsdecode(listing)
        code = f"{self.folder}/code/"
        for line in text.split("\0")[:-1]:
            _, size, name = line.split(" ", 2)
            if not is_whole(code + name, int(size)):
                raise StoreProblem(f"code/{name} was changed")


def captured_in(bundle: Path) -> tuple[str, ...]:
    """List the captured models of a bundle as ``name:version``; empty if the bundle no longer exists."""
    return manifest_of(bundle).captured


@lru_cache(maxsize=256)
def captured_names(bundle: Path) -> Mapping[str, str]:
    """Map the notebook's names to a bundle's captured models, as the script itself loads them.

    Raises
    ------
    OSError, ValueError, KeyError
        If the bundle is not there, or damaged.
    """
    manifest = read(bundle)
    source = (bundle / "code" / manifest.entry).read_text(encoding="utf-8") if manifest.captured else ""
    found = {name: f"{model}:{version}" for name, model, version in LOADED.findall(source)}
    return {name: model for name, model in found.items() if model in manifest.captured}


def build(
    home: Home,
    artifacts: ArtifactStore,
    stage: Stage,
    script: Script,
    shipment: Shipment,
    models: Sequence[Model],
    requirements: Sequence[str],
    preload: Sequence[str] | None,
) -> tuple[Bundle, Shipment]:
    """Build a bundle, or take the existing one with the same content; also return the shipment without refused files.

    Model files are hard-linked, not copied. The stage claims the bundle until the service's row names it.
    ``requirements`` are the lines of ``requirements.txt``; ``preload`` lists modules to import before the script,
    None for none ever.
    """
    contents = Contents(home.contents)
    found, left = contents.read(shipment, stage.folder)
    shipment = shipment.without(left)
    manifest = _manifest(script, shipment, models, requirements)
    manifest["preload"] = None if preload is None else list(preload)
    listing = os.fsencode("".join(f"{found[name].key} {found[name].size} {name}\0" for name in sorted(found)))
    manifest |= _about_files(listing, found) if found else {}
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
            return bundle, shipment
    half = stage.folder / "bundle"
    _fill(half, shipment, models, artifacts)
    _link(half, shipment, contents, found)
    link_bundle(half, manifest)
    _describe(half, listing, script, manifest["requirements"])
    (half / MANIFEST).write_text(text)
    bundle.publish(half)
    return bundle, shipment


def _fill(half: Path, shipment: Shipment, models: Sequence[Model], artifacts: ArtifactStore) -> None:
    for name, data in shipment.texts.items():
        place = half / "code" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    (half / "models").mkdir()
    for model in models:
        link_tree(artifacts.local(model.digest), half / "models" / model.name / str(model.version))


def _describe(half: Path, listing: bytes, script: Script, requirements: Sequence[str]) -> None:
    if listing:
        (half / BUNDLE_LISTING).write_bytes(listing)
    if script.notices:
        # A file of its own: a stored cell has no notices, and is the same script.
        (half / NOTICES).write_text(json.dumps(script.notices))
    (half / "requirements.txt").write_text("".join(f"{line}\n" for line in requirements))


def _link(half: Path, shipment: Shipment, contents: Contents, found: Mapping[str, Content]) -> None:
    for folder in {name.rpartition("/")[0] for name in found}:
        (half / "code" / folder).mkdir(parents=True, exist_ok=True)
    code = f"{half}/code/"
    for name, content in found.items():
        contents.place(content, shipment.files[name], code + name)


def _about_files(listing: bytes, found: Mapping[str, Content]) -> dict[str, Any]:
    digest = hashlib.sha256(listing).hexdigest()
    size = sum(content.size for content in found.values())
    return {"files": {"digest": digest, "count": len(found), "size": size}}


def _manifest(
    script: Script, shipment: Shipment, models: Sequence[Model], requirements: Sequence[str]
) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "entry": shipment.entry,
        "label": script.label,
        "code": {name: hashlib.sha256(data).hexdigest() for name, data in sorted(shipment.texts.items())},
        "models": [
            {"name": model.name, "version": model.version, "entry": model.entry, "digest": model.digest}
            for model in sorted(models, key=lambda model: (model.name, model.version))
        ],
        "requirements": sorted(requirements),
        # Omitted if empty, so that the digest of a plain script's bundle stays the same.
        **({"origins": [list(origin) for origin in script.origins]} if script.origins else {}),
        **({"captured": list(script.models)} if script.models else {}),
        **({"cwd": shipment.cwd} if shipment.cwd else {}),
        **({"source": shipment.source} if shipment.source else {}),
        **({"names": list(shipment.names)} if shipment.names else {}),
    }
