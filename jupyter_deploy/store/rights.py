"""A workspace is for its owner only: rights are corrected when it is opened; otherwise secrets are refused."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

from ..errors import StoreProblem

_OTHERS = 0o077
_WRITABLE_BY_OTHERS = 0o022
_TOLD = ".shared"
_SECRET_FILES = (
    *(
        "state.db*",
        "reserve",
        "token.secret",
        "services/*/admin.token",
        "services/*/config.json",
        "services/*/failure.json",
    ),
    *("services/*/keys.json", "services/*/tls/*", "services/*/servers/*/config.json", "services/*/servers/*/auth.json"),
    *("services/*/containers/*/service/admin.token", "services/*/containers/*/service/config.json"),
    "services/*/containers/*/service/auth.json",
    *("logs/*.log", "logs/*.log.1", "environments/*/requirements.txt", "environments/*/*.json"),
)


def is_private(root: Path) -> bool:
    """Whether only the current user can read a workspace; always true on Windows, where a user's folder is private."""
    return not _why_not_private(root)


def _why_not_private(root: Path) -> str:
    if sys.platform == "win32":
        return ""
    try:
        status = root.stat()
    except FileNotFoundError:
        return ""
    if status.st_uid != os.geteuid():
        return f"it belongs to {_name_of(status.st_uid)}"
    mode = stat.S_IMODE(status.st_mode)
    return f"its mode is {mode:04o}" if mode & _OTHERS else ""


def _name_of(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"


def make_private(root: Path) -> list[str]:
    """Remove the rights of others to a workspace, and return what to tell the user.

    That it cannot be done is told once per workspace.
    """
    if sys.platform == "win32" or is_private(root):
        return []
    before = stat.S_IMODE(root.stat().st_mode)
    with contextlib.suppress(OSError):
        root.chmod(0o700)
    left = _why_not_private(root)
    if left:
        return _told_once(root, left)
    for path in _secrets(root):
        with contextlib.suppress(OSError):
            if not path.is_symlink() and stat.S_IMODE(path.stat().st_mode) & _OTHERS:
                path.chmod(0o600)
    what = "others could replace what services run" if before & _WRITABLE_BY_OTHERS else "others could read it"
    notices = [f"The mode of {root} was {before:04o}: {what}. It is 0700 now."]
    foreign = sorted(path.name for path in _entries(root) if path.lstat().st_uid not in {os.geteuid(), 0})
    if before & _WRITABLE_BY_OTHERS and foreign:
        notices.append(f"Other users own files in {root}: {', '.join(foreign[:5])}. Check them, or delete them.")
    return notices


def _secrets(root: Path) -> Iterator[Path]:
    for pattern in _SECRET_FILES:
        yield from root.glob(pattern)


def _entries(root: Path) -> Iterator[Path]:
    for folder in (root, root / "bundles", root / "artifacts", root / "services", root / "environments"):
        with contextlib.suppress(OSError):
            yield from folder.iterdir()


def _told_once(root: Path, why: str) -> list[str]:
    mark = root / _TOLD
    try:
        mark.touch(exist_ok=False)
    except OSError as error:
        # It exists, so the user was told; or the folder is read-only, so no secret can get in.
        if error.errno in {errno.EEXIST, errno.EROFS}:
            return []
    return [
        f"{root} cannot be made private: {why}. Others may read what is in it, so no secrets are stored there. "
        "Point JUPYTER_DEPLOY_HOME at a folder of your own, on a disk that keeps file modes."
    ]


def refuse_secrets(root: Path, what: str) -> None:
    """Refuse to store a secret where others could read it; ``what`` names it in the message."""
    why = _why_not_private(root)
    if why:
        raise StoreProblem(
            f"{what} cannot be stored in {root}, because others may read it: {why}.",
            hint="Point JUPYTER_DEPLOY_HOME at a folder of your own, on a disk that keeps file modes.",
        )


def secrets_folder(root: Path, folder: Path) -> Path:
    """Choose the folder of a server's secrets: the service's own, or a new private one in Jupyter's runtime folder."""
    if is_private(root):
        return folder
    import hashlib

    from jupyter_core.paths import jupyter_runtime_dir

    own = Path(jupyter_runtime_dir()) / "jupyter_deploy"
    own.mkdir(mode=0o700, parents=True, exist_ok=True)
    refuse_secrets(own, f"The admin token of {folder.name}")
    place = own / hashlib.sha256(os.fsencode(folder)).hexdigest()[:16]
    place.mkdir(mode=0o700, exist_ok=True)
    return place
