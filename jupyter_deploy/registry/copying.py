"""Copy a model's files out of the store, to a folder of the user's."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from ..errors import ModelProblem, StoreProblem
from ..files import walk_tree


def write_out(source: Path, place: Path, *, exist_ok: bool) -> None:
    """Copy a tree to a folder, which is made if missing.

    Raises
    ------
    ModelProblem
        If something is in the way and ``exist_ok`` is False; nothing was written.
    """
    names = list(walk_tree(source))
    taken = [name for name, empty in names if not empty and (place / name).exists()]
    if taken and not exist_ok:
        raise ModelProblem(
            f"File already exists. To overwrite, set exist_ok to True. {place / taken[0]}",
            hint="Give another folder with --to DIR, or overwrite with --exist-ok.",
        )
    _refuse_blocked(place, names)
    try:
        for name, empty in names:
            (place / name if empty else (place / name).parent).mkdir(parents=True, exist_ok=True)
            if not empty:
                (place / name).unlink(missing_ok=True)
                shutil.copyfile(source / name, place / name)
    except OSError as error:
        raise StoreProblem(f"{place} cannot be written: {error.strerror}.", hint="Give another folder.") from error


def _refuse_blocked(place: Path, names: Sequence[tuple[str, bool]]) -> None:
    for name, empty in names:
        target = place / name
        blocked = target if (target.exists() and target.is_dir() != empty) else None
        parts = [place, *(place / parent for parent in Path(name).parents)]
        blocked = blocked or next((part for part in parts if part.exists() and not part.is_dir()), None)
        if blocked is not None:
            kind = "folder" if blocked.is_dir() else "file"
            raise ModelProblem(f"A {kind} is in the way: {blocked}", hint="Give another folder with --to DIR.")
