"""The files of a run: uploaded ones, and those that lie in the notebook's folder."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

from ...errors import UsageProblem, nearest
from ...files import in_home, walk_tree
from ...runs import Runs
from .exceptions import ModelPathNotFoundException

_OUTPUTS = "outputs"
_SHOWN = 20


def locate(runs: Runs, run_id: str, path: str) -> Path:
    """Find what a run means by a path: among its uploaded files, in the current folder, in ``outputs`` there.

    Raises
    ------
    ModelPathNotFoundException
        Listing the files that there are.
    """
    given = in_home(path)
    places = (runs.folder(run_id) / given, given, Path(_OUTPUTS) / given)
    for place in places:
        if place.exists():
            return place
    uploaded, here = runs.files(run_id), _outputs()
    close = nearest(path, [*uploaded, *here])
    lines = [f"Uploaded to the run: {', '.join(uploaded[:_SHOWN]) or 'nothing'}."]
    lines += [f"In {Path.cwd()}: {', '.join(here[:_SHOWN]) or f'no folder {_OUTPUTS} with files'}."]
    raise ModelPathNotFoundException(
        f"Could not locate the provided model_path {path} in the set of files uploaded to the run, or in this folder.",
        details="\n".join(lines),
        hint=f"Did you mean model_path={close!r}?"
        if close
        else "Save the model first, for example to outputs/model.pkl.",
    )


def _outputs() -> list[str]:
    folder = Path(_OUTPUTS)
    return sorted(f"{_OUTPUTS}/{name}" for name, empty in walk_tree(folder) if not empty) if folder.is_dir() else []


def outputs_of(runs: Runs, run_id: str) -> list[str]:
    """Name the files that a run has in ``outputs``: uploaded ones, else those in the current folder."""
    return [name for name in runs.files(run_id) if name.startswith(f"{_OUTPUTS}/")] or _outputs()


def picture(runs: Runs, run_id: str, name: str, path: str | None, plot: Any) -> str:
    """Keep a picture with a run; returns the name that its file has there."""
    if (path is None) == (plot is None):
        raise UsageProblem("log_image takes a path or a plot.", hint="run.log_image('roc', plot=plt)")
    if path is not None:
        source = in_home(path)
        if not source.is_file():
            raise UsageProblem(f"Path does not exist: {source}", hint=f"The current folder is {Path.cwd()}.")
        kept = _free(runs, run_id, name, source.suffix or ".png")
        runs.keep(run_id, kept, source)
        return kept
    stream = io.BytesIO()
    plot.savefig(stream, format="png")
    stream.seek(0)
    kept = _free(runs, run_id, name, ".png")
    runs.keep(run_id, kept, stream)
    return kept


def _free(runs: Runs, run_id: str, name: str, suffix: str) -> str:
    taken = set(runs.files(run_id))
    candidates = (f"{name}{number or ''}{suffix}" for number in range(len(taken) + 1))
    return next(candidate for candidate in candidates if candidate not in taken)
