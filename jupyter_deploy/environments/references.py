"""Turn what a user writes for an environment into the environment."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path

from ..errors import DeployError, EnvironmentProblem, NotFound, nearest
from ..files import in_home
from .conda import read_requirements
from .environment import INFERRED, KERNEL, Environment, read_file
from .rows import Environments

# The inferred environment with additional packages: inferred+xgboost==2.1.4,lightgbm.
_MORE = f"{INFERRED}+"
_FILE_ENDINGS = (".yml", ".yaml", ".txt")


def reference_of(given: str | Path, registered: Environments) -> str:
    """Normalise what a user gave for an environment; a file's path becomes absolute.

    It is ``"kernel"``, ``"inferred"``, ``"inferred+PACKAGE"``, a registered environment's name, or a file.
    """
    text = str(given)
    if text in {"", KERNEL, INFERRED}:
        return text
    if text.startswith(_MORE):
        form = read_requirements("\n".join(_more(text)), text, None)
        if form.options or form.constraints or not form.requirements:
            raise EnvironmentProblem(
                f"{text!r} names no packages.", hint="For example: --environment inferred+xgboost==2.1.4,lightgbm"
            )
        return f"{_MORE}{','.join(form.requirements)}"
    path = Path(os.path.abspath(in_home(given)))  # noqa: PTH100 - resolve() would follow links
    if isinstance(given, Path) or os.sep in text or text.endswith(_FILE_ENDINGS) or "dockerfile" in text.lower():
        if path.is_file():
            return str(path)
        if text not in registered:
            raise EnvironmentProblem(f"{path} is not there.", hint="Give a conda file, requirements or a Dockerfile.")
        return text
    try:
        registered[text]
    except NotFound as error:
        close = nearest(text, [KERNEL, INFERRED, *registered])
        hint = f"Did you mean {close!r}?" if close else _choices(registered)
        raise NotFound(
            error.message, hint=error.hint if ":" in text and text.split(":", maxsplit=1)[0] in registered else hint
        ) from error
    return text


def _more(reference: str) -> list[str]:
    """Read the packages behind ``inferred+``; a comma within brackets belongs to the package."""
    names = reference.removeprefix(_MORE) if reference.startswith(_MORE) else ""
    return [name.strip() for name in re.split(r",(?![^\[]*\])(?=\s*[A-Za-z])", names) if name.strip()]


def _with(found: list[str], more: list[str]) -> tuple[str, ...]:
    """Merge the user's packages into those that were found; the user's win."""

    def library(line: str) -> str:
        return re.split(r"[^A-Za-z0-9._-]", line.strip(), maxsplit=1)[0].lower().replace("_", "-")

    named = {library(line) for line in more}
    return tuple(sorted([*more, *(line for line in found if library(line) not in named)]))


def _choices(registered: Environments) -> str:
    names = ", ".join(list(registered)[:8])
    own = f" Registered: {names}." if names else ""
    return f"--environment kernel, inferred, inferred+PACKAGE, a conda or requirements file, or a registered name.{own}"


def environment_of(reference: str, registered: Environments, requirements: Callable[[], list[str]]) -> Environment:
    """Look up what a reference from :func:`reference_of` means now; a file is read each time.

    ``requirements`` infers them.
    """
    if reference == KERNEL:
        return Environment(KERNEL)
    if reference == INFERRED or reference.startswith(_MORE):
        return Environment(INFERRED, requirements=_with(requirements(), _more(reference)))
    if os.sep in reference:
        try:
            return read_file(Path(reference))
        except DeployError as error:
            error.hint = error.hint or "The service keeps its environment until the file can be read."
            raise
    return registered[reference]
