"""Model files by content: ``<digest>/<the registered file or folder>``, on any file system of fsspec."""

from __future__ import annotations

import contextlib
import errno
import re
import shutil
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from blake3 import blake3

from ..errors import StoreProblem, redacted
from ..files import fsync_folder, remove_tree, walk_tree
from .hashing import HashingFile, copy_hashed
from .staging import scratch

_DIGEST = re.compile(r"[0-9a-f]{64}")
_WHOLE = ".whole"


@dataclass(frozen=True)
class Tree:
    """Files gathered in a stage, with what identifies them."""

    folder: Path  # holds the one registered file or folder
    digest: str  # BLAKE3 over the sorted relative paths and the files' own BLAKE3
    size: int  # sum of the files' sizes in bytes


class TreeWriter:
    """Fills a folder while hashing, so that no file is read a second time."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._entries: dict[str, tuple[str, int]] = {}

    @contextlib.contextmanager
    def open(self, name: str) -> Iterator[HashingFile]:
        """Create a file by its relative path; on an error nothing of it stays."""
        place = self.folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        file = HashingFile(place)
        try:
            with file:
                yield file
        except BaseException:
            place.unlink(missing_ok=True)
            raise
        self._entries[name] = (file.hexdigest(), file.size)

    def copy(self, source: Path, names: Iterable[tuple[str, bool]], prefix: str = "") -> None:
        """Copy files into the folder, below ``prefix``.

        ``names`` are relative paths, and whether each is an empty folder, as :func:`jupyter_deploy.files.walk_tree`
        yields.
        """
        for name, empty_folder in names:
            place = self.folder / prefix / name
            key = f"{prefix}/{name}" if prefix else name
            if key in self._entries:
                continue
            if empty_folder:
                place.mkdir(parents=True, exist_ok=True)
                self._entries[key.rstrip("/") + "/"] = ("", 0)
                continue
            if not (source / name).is_file():
                raise OSError(errno.EINVAL, "neither a file nor a folder", str(source / name))
            place.parent.mkdir(parents=True, exist_ok=True)
            self._entries[key] = copy_hashed(source / name, place)

    def finish(self) -> Tree:
        """Make the files read-only and compute the digest of the whole."""
        total = blake3()
        for name in sorted(self._entries):
            total.update(f"{self._entries[name][0]} {name}\n".encode("utf-8", "surrogateescape"))
            if not name.endswith("/"):
                (self.folder / name).chmod(0o444)
        for folder in {(self.folder / name).parent for name in self._entries}:
            fsync_folder(folder)
        return Tree(self.folder, total.hexdigest(), sum(size for _, size in self._entries.values()))


class ArtifactStore:
    """The content-addressed folder.

    ``url`` returns a folder, or any URL that fsspec opens (object stores included); it is asked each time. The files
    of a remote store are linked from ``cache``; ``staging`` is a folder on the same file system for half-done work.
    """

    def __init__(self, url: Callable[[], str], *, cache: Path, staging: Path) -> None:
        self._url = url
        self._opened: tuple[str, Any, str] | None = None
        self.cache = cache
        self.staging = staging

    @property
    def url(self) -> str:
        """Where the files are now."""
        return self._url()

    @property
    def _filesystem(self) -> tuple[Any, str]:
        url = self.url
        if self._opened is None or self._opened[0] != url:
            import fsspec

            filesystem, path = fsspec.core.url_to_fs(url)
            self._opened = (url, filesystem, path.rstrip("/"))
        return self._opened[1:]

    @property
    def is_local(self) -> bool:
        """Whether the files are on this machine, where a rename publishes and a link reads."""
        filesystem, _ = self._filesystem
        protocol = filesystem.protocol
        return "file" in ((protocol,) if isinstance(protocol, str) else protocol)

    def _place(self, digest: str) -> str:
        return f"{self._filesystem[1]}/{digest}"

    def exists(self, digest: str) -> bool:
        """Whether the content is stored."""
        filesystem, _ = self._filesystem
        if self.is_local:
            return bool(filesystem.exists(self._place(digest)))
        # A remote upload is not atomic: the marker is written last and removed first.
        return bool(filesystem.exists(self._place(digest)) and filesystem.exists(f"{self._place(digest)}{_WHOLE}"))

    def publish(self, tree: Tree) -> None:
        """Put a finished tree in its place, unless the same content exists; a local store renames its folder."""
        if self.exists(tree.digest):
            return
        filesystem, root = self._filesystem
        if self.is_local:
            Path(root).mkdir(parents=True, exist_ok=True)
            self._publish_local(tree, Path(root))
        else:
            if filesystem.exists(self._place(tree.digest)):
                filesystem.rm(self._place(tree.digest), recursive=True)
            filesystem.put(f"{tree.folder}/", f"{self._place(tree.digest)}/", recursive=True)
            filesystem.touch(f"{self._place(tree.digest)}{_WHOLE}")

    def _publish_local(self, tree: Tree, root: Path) -> None:
        try:
            tree.folder.rename(root / tree.digest)
        except OSError as error:
            if error.errno != errno.EXDEV:
                raise
            # The folder may be on another disk: copy beside the place first, so that the place is complete or absent.
            beside = root / f".{tree.digest}.{uuid.uuid4().hex}"
            shutil.copytree(tree.folder, beside)
            beside.rename(root / tree.digest)
        fsync_folder(root)

    def local(self, digest: str) -> Path:
        """Return a local folder with the tree's files, which must not be changed.

        A remote store's are fetched first.
        """
        if not self.exists(digest):
            raise StoreProblem(
                f"The files of artifact {digest[:12]} are missing from {redacted(self.url)}.",
                hint="Register the model again; its content was removed by hand.",
            )
        if self.is_local:
            return Path(self._place(digest))
        target = self.cache / digest
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            with scratch(self.staging) as folder:
                self._filesystem[0].get(f"{self._place(digest)}/", f"{folder}/tree/", recursive=True)
                if not target.exists():
                    (folder / "tree").rename(target)
        return target

    def files(self, digest: str) -> list[tuple[str, int]]:
        """List a tree's files by their relative paths, with their sizes; none are fetched."""
        filesystem, place = self._filesystem[0], self._place(digest)
        found = filesystem.find(place, detail=True)
        return sorted((path.removeprefix(place).lstrip("/"), int(facts["size"])) for path, facts in found.items())

    def digests(self) -> set[str]:
        """List the digests of all stored trees, whether a model names them or not."""
        filesystem, root = self._filesystem
        if not filesystem.exists(root):
            return set()
        names = {str(path).rstrip("/").rpartition("/")[2] for path in filesystem.ls(root, detail=False)}
        # Only what this store made: the folder may hold other files, which are never removed.
        return {name.removesuffix(_WHOLE) for name in names if _DIGEST.fullmatch(name.removesuffix(_WHOLE))}

    def remove(self, digest: str) -> None:
        """Remove a tree, if it exists."""
        if self.is_local:
            remove_tree(Path(self._place(digest)), trash=self.staging)
            return
        filesystem, _ = self._filesystem
        for path in (f"{self._place(digest)}{_WHOLE}", self._place(digest)):
            if filesystem.exists(path):
                filesystem.rm(path, recursive=True)
        remove_tree(self.cache / digest, trash=self.staging)


def copy_tree(source: Path, folder: Path, *, prefix: str = "", only: Iterable[str] | None = None) -> TreeWriter:
    """Copy a folder into a new tree below ``prefix``; ``only`` selects relative paths. The tree is not finished."""
    writer = TreeWriter(folder)
    if only is None:
        writer.copy(source, walk_tree(source), prefix)
        return writer
    for child in only:
        if (source / child).is_dir():
            names = list(walk_tree(source / child)) or [("", True)]
            writer.copy(source / child, names, f"{prefix}/{child}".strip("/"))
        else:
            writer.copy(source, [(child, False)], prefix)
    return writer
