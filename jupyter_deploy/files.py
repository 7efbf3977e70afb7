"""Files that exist whole or not at all: fsync, rename, hard links. And the user's home in their paths."""

from __future__ import annotations

import os
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

_TAIL_BYTES = 4 << 20
_TAIL_FIRST = 64 << 10
_LINE_LIMIT = 4000


def in_home(path: str | os.PathLike[str]) -> Path:
    """Put the user's home in place of ``~``; a name like ``~draft.py`` is that of a file where no user has it.

    ``Path.expanduser`` raises RuntimeError for one.
    """
    return Path(os.path.expanduser(path))  # noqa: PTH111 - see above


def fsync_folder(folder: Path) -> None:
    """Make renames inside a folder durable; does nothing where folders cannot be opened (Windows)."""
    if os.name == "nt":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def owner_of(folder: Path) -> tuple[int, int] | None:
    """Return the user and group that what root makes in a folder must be given to; None where it may stay ours."""
    if os.name == "nt" or os.geteuid() != 0:
        return None
    found = folder.stat()
    return (found.st_uid, found.st_gid) if found.st_uid else None


def write_atomic(path: Path, data: bytes | str, *, mode: int = 0o644, owner: tuple[int, int] | None = None) -> None:
    """Replace a file's content so that a reader sees the old or the new, never a part.

    Text is written as UTF-8. The file has its mode and its owner from the first moment on; 0o600 is for secrets.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    try:
        if not mode & 0o077 and hasattr(os, "fchmod"):
            # Independent of the umask and of an existing file's mode.
            os.fchmod(handle, mode)
        if owner is not None:
            os.fchown(handle, *owner)
        with os.fdopen(handle, "wb") as file:
            file.write(data.encode() if isinstance(data, str) else data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except BaseException:
        beside.unlink(missing_ok=True)
        raise
    fsync_folder(path.parent)


def touch_private(path: Path) -> None:
    """Make a file for its owner only, whatever the umask is, unless it exists."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    try:
        if hasattr(os, "fchmod"):
            os.fchmod(handle, 0o600)
    finally:
        os.close(handle)


def walk_tree(folder: Path) -> Iterator[tuple[str, bool]]:
    """Yield relative paths below a folder in a fixed order, and whether each is an empty folder.

    Links are followed, a link back to a parent only once. Parts are separated by ``/``.
    """
    start = Path(folder)
    for current, folders, names in os.walk(start, followlinks=True):
        folders.sort()
        below = Path(current).relative_to(start)
        above = [start, *(start / part for part in list(below.parents)[-2::-1])] if below.parts else []
        if Path(current).resolve() in {parent.resolve() for parent in above}:
            folders.clear()
            continue
        if not folders and not names and current != str(folder):
            yield below.as_posix(), True
        for name in sorted(names):
            yield (below / name).as_posix(), False


def link_tree(source: Path, target: Path) -> None:
    """Show the files of ``source``, which never change, in ``target``.

    By hard links, or by copies if there are none.
    """
    target.mkdir(parents=True, exist_ok=True)
    for name, empty_folder in walk_tree(source):
        place = target / name
        if empty_folder:
            place.mkdir(parents=True)
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source / name, place)
        except OSError:
            shutil.copy2(source / name, place)


def remove_tree(folder: Path, *, trash: Path) -> None:
    """Remove a folder, if it exists, so that no process sees a half of it: rename it to ``trash``, then delete it.

    ``trash`` is on the same file system.
    """
    gone = trash / f"trash-{folder.name}-{os.getpid()}-{threading.get_ident()}"
    try:
        folder.rename(gone)
    except FileNotFoundError:
        return
    except OSError:
        # On another file system, no half of it can be mistaken for a whole: the removing process holds the lock.
        gone = folder
    shutil.rmtree(gone, ignore_errors=True)


def tail(path: Path, lines: int, until: int | None = None, most: int = _TAIL_BYTES) -> str:
    """Return the last lines of a file before byte ``until``; long lines are cut, and a missing file is empty.

    ``most`` bytes are read, by default 4 MB.
    """
    if lines <= 0 or not path.exists():
        return ""
    with path.open("rb") as file:
        end = file.seek(0, 2) if until is None else until
        size = min(_TAIL_FIRST, most)
        while True:
            start = max(0, end - size)
            file.seek(start)
            data = file.read(end - start)
            # One more line break than lines: the first line may be incomplete.
            if start == 0 or size == most or data.count(b"\n") > lines:
                break
            size = min(size * 8, most)
    kept = data.decode("utf-8", "replace").splitlines()[-lines:]
    cut = [line if len(line) <= _LINE_LIMIT else f"{line[:_LINE_LIMIT]} … ({len(line):,} characters)" for line in kept]
    return "".join(f"{line}\n" for line in cut)


def older_log(path: Path) -> Path:
    """Return the path of a log's older part, which need not exist."""
    return path.with_name(f"{path.name}.1")


def tail_of_log(path: Path, lines: int, until: int | None = None) -> str:
    """Return the last lines of a log before byte ``until``, oldest first, also from its older part."""
    text = tail(path, lines, until)
    missing = lines - text.count("\n")
    whole = until is None or until <= _TAIL_BYTES
    return tail(older_log(path), missing) + text if missing > 0 and whole else text
