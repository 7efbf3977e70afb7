"""A bundle as one file, for a server that does not see its folder: the same bytes for the same bundle; no links."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import tarfile
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import IO, Any

from ..files import link_tree
from .layout import BUNDLE_LISTING, MANIFEST, NOTICES, link_bundle

DIGEST_RULE = re.compile(r"[0-9a-f]{64}")
_BESIDE = {MANIFEST, NOTICES, "requirements.txt", BUNDLE_LISTING}
_FOLDERS = ("code", "models")
_PIECE = 1 << 20


class Refusal(Exception):
    """The archive is not the bundle of its digest."""


def pack_bundle(bundle: Path, file: IO[bytes], without: Collection[str] = ()) -> None:
    """Write a bundle into a file at its position, without the models of some digests.

    Links are left out: :func:`link_bundle` makes them from the manifest.
    """
    skipped = [place for digest, place in models_in(bundle).items() if digest in without]
    with tarfile.open(fileobj=file, mode="w|", format=tarfile.GNU_FORMAT, bufsize=_PIECE) as tar:
        for name in sorted(_entries(bundle)):
            place = bundle / name
            if any(place.is_relative_to(model) for model in skipped):
                continue
            entry = tarfile.TarInfo(name)
            if place.is_dir():
                entry.type, entry.mode = tarfile.DIRTYPE, 0o755
                tar.addfile(entry)
                continue
            status = place.stat()
            # Owner and time are no part of the content.
            entry.size, entry.mode = status.st_size, 0o755 if status.st_mode & 0o100 else 0o644
            with place.open("rb") as content:
                tar.addfile(entry, content)


def models_in(bundle: Path) -> dict[str, Path]:
    """Return the folders of a bundle's models, by the models' digests."""
    models = json.loads((bundle / MANIFEST).read_text())["models"]
    return {model["digest"]: bundle / "models" / model["name"] / str(model["version"]) for model in models}


def _entries(bundle: Path) -> Iterator[str]:
    yield from (name for name in _BESIDE if (bundle / name).is_file())
    for top in _FOLDERS:
        for folder, folders, files in os.walk(bundle / top):
            here = Path(folder).relative_to(bundle)
            # Bytecode beside the code is no part of the bundle.
            folders[:] = [name for name in folders if name != "__pycache__" and not Path(folder, name).is_symlink()]
            yield here.as_posix()
            yield from ((here / name).as_posix() for name in files if not Path(folder, name).is_symlink())


def content_digest(file: IO[bytes]) -> str:
    """Return the value of ``Content-Digest`` (RFC 9530) for the rest of a file."""
    total = hashlib.sha256()
    while piece := file.read(_PIECE):
        total.update(piece)
    return content_digest_of(total.digest())


def content_digest_of(sha256: bytes) -> str:
    """Write a SHA-256 as a value of ``Content-Digest``."""
    return f"sha-256=:{base64.b64encode(sha256).decode()}:"


def unpack_bundle(file: IO[bytes], folder: Path, digest: str, known: Mapping[str, Path]) -> None:
    """Unpack an archive into a new folder, and check that it is the bundle of that digest.

    Models that the archive lacks are linked from the ``known`` folders, by their digests.

    The digest checks the manifest, and the manifest checks code and listed files. A server may lack the algorithm of
    the models' digests: the archive's own ``Content-Digest`` covers them. Names that lead elsewhere, links, special
    files and other content raise :class:`Refusal`.
    """
    folder.mkdir()
    try:
        with tarfile.open(fileobj=file, mode="r:") as tar:
            for entry in tar:
                _place(tar, entry, folder)
    except tarfile.TarError as error:
        raise Refusal(f"it is not an archive: {error}") from None
    link_bundle(folder, _checked(folder, digest, known))


def _place(tar: tarfile.TarFile, entry: tarfile.TarInfo, folder: Path) -> None:
    parts = PurePosixPath(entry.name).parts
    if not _leads_inside(entry.name) or (parts[0] not in _FOLDERS and entry.name not in _BESIDE):
        raise Refusal(f"{entry.name[:200]!r} is no place in a bundle")
    place = folder.joinpath(*parts)
    if entry.isdir():
        place.mkdir(parents=True, exist_ok=True)
        return
    if entry.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
        raise Refusal(f"{entry.name[:200]!r} is neither a file nor a folder")
    content = tar.extractfile(entry)
    assert content is not None
    place.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Every folder here was made by this loop, which makes no links.
        with place.open("xb") as copy:
            while piece := content.read(_PIECE):
                copy.write(piece)
    except FileExistsError:
        raise Refusal(f"{entry.name[:200]!r} is in it twice") from None
    place.chmod(0o755 if entry.mode & 0o100 else 0o644)


def _leads_inside(name: str) -> bool:
    path = PurePosixPath(name)
    return bool(path.parts) and ".." not in path.parts and not path.is_absolute() and "\0" not in name


def _checked(folder: Path, digest: str, known: Mapping[str, Path]) -> dict[str, Any]:
    try:
        text = (folder / MANIFEST).read_bytes()
        if hashlib.sha256(text).hexdigest() != digest:
            raise Refusal("its manifest is another bundle's")
        manifest: dict[str, Any] = json.loads(text)
        for name in (*filter(None, [manifest.get("cwd")]), *manifest.get("names", ())):
            if not _leads_inside(name):
                raise Refusal(f"{name[:200]!r} leads out of it")
        code: Mapping[str, str] = manifest["code"]
        for name, sha256 in code.items():
            if hashlib.sha256((folder / "code" / name).read_bytes()).hexdigest() != sha256:
                raise Refusal(f"code/{name} differs from the manifest")
        _check_names(folder / "code", {*code, *_listed(folder, manifest)})
        for model in manifest["models"]:
            name = f"models/{model['name']}/{model['version']}"
            if not _leads_inside(name):
                raise Refusal(f"{name[:200]!r} leads out of it")
            if not (folder / name).exists() and model["digest"] in known:
                link_tree(known[model["digest"]], folder / name)
            if not (folder / name / model["entry"]).exists():
                raise Refusal(f"{name} is not whole")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Refusal(f"it is not a whole bundle: {error}") from None
    return manifest


def _listed(folder: Path, manifest: Mapping[str, Any]) -> Iterator[str]:
    if "files" not in manifest:
        return
    listing = (folder / BUNDLE_LISTING).read_bytes()
    if hashlib.sha256(listing).hexdigest() != manifest["files"]["digest"]:
        raise Refusal(f"{BUNDLE_LISTING} differs from the manifest")
    for line in os.fsdecode(listing).split("\0")[:-1]:
        _, size, name = line.split(" ", 2)
        if (folder / "code" / name).stat().st_size != int(size):
            raise Refusal(f"code/{name} differs from {BUNDLE_LISTING}")
        yield name


def _check_names(code: Path, known: set[str]) -> None:
    for folder, _, files in os.walk(code):
        for name in files:
            path = Path(folder, name).relative_to(code).as_posix()
            if path not in known:
                raise Refusal(f"code/{path} is not in the manifest")
