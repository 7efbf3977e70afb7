"""Conda environments: read from their files, and translated to pip requirements, which are installed here."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from typing import Any

from ..errors import ConfigProblem, redacted
from .conda_dependencies import CondaDependencies
from .conda_file import parse_conda
from .conda_names import (
    INTERPRETER_PARTS,
    PIP_NAMES,
    SELECTORS,
    CondaSpec,
    parse_spec,
    pip_requirement,
    pip_specifier,
    refusal,
)
from .requirements import PROVIDED, PipForm, parse_requirement, read_requirements

__all__ = ["CondaDependencies", "PipForm", "read_conda", "read_requirements", "to_pip"]
_USUAL_CHANNEL = re.compile(
    r"(https?://(repo|conda)\.anaconda\.(com|org)/)?(pkgs/)?(defaults|nodefaults|conda-forge|anaconda|main)/?"
)
_PYTHON_MINORS = range(14, 7, -1)
_TOO_LATE_PATCH = 99


def read_conda(text_or_mapping: str | Mapping[str, Any], where: str) -> CondaDependencies:
    """Read a conda environment from YAML or from its decoded form.

    The result holds only what the file says: no version of Python if the file names none.

    Raises
    ------
    ConfigProblem
        Naming the line or key, and the nearest right one.
    """
    found = CondaDependencies()
    found.load(parse_conda(text_or_mapping, where), where)
    return found


def to_pip(dependencies: CondaDependencies, where: str = "the conda environment") -> PipForm:
    """Translate a conda environment to pip requirements.

    Its notices name what has another name in pip, was left out or was cut.

    Raises
    ------
    ConfigProblem
        Naming the packages that pip does not have, or the version that it cannot express.
    """
    specs = [parse_spec(line, where) for line in dependencies.conda_packages]
    _refuse_what_pip_lacks(specs, where)
    version, cut = _python(dependencies.python_version or "", where)
    lines = {line: parse_requirement(line, where) for line in dependencies.pip_packages}
    # pip wins over conda, as it does in conda: it runs last and replaces packages.
    settled = {line.name for line in lines.values() if line.settles and not line.marker}
    requirements = []
    for spec in specs:
        line = "" if _is_left_out(spec.name) else pip_requirement(spec, where)
        if line and parse_requirement(line, where).name not in settled | PROVIDED:
            requirements.append(line)
    requirements += [line for line, parsed in lines.items() if parsed.name not in PROVIDED]
    notices = (cut, *_notices(specs, [*dependencies.conda_channels, *(spec.channel for spec in specs)]))
    return PipForm(
        python_version=version,
        requirements=tuple(dict.fromkeys(requirements)),
        options=tuple(dependencies.pip_options),
        notices=tuple(notice for notice in notices if notice),
    )


def _is_left_out(name: str) -> bool:
    return name == "pip" or name in SELECTORS or name in INTERPRETER_PARTS


def _refuse_what_pip_lacks(specs: list[CondaSpec], where: str) -> None:
    hints: dict[str, list[str]] = {}
    for spec in specs:
        hint = "" if _is_left_out(spec.name) or spec.name in PIP_NAMES else refusal(spec.name)
        if hint:
            hints.setdefault(hint, []).append(spec.name)
    names = [name for group in hints.values() for name in group]
    if not names:
        return
    # A single hint needs no names before it; each of several says what it is about.
    hint = "\n".join(f"{', '.join(group)}: {text}" if len(hints) > 1 else text for text, group in hints.items())
    verb = "is a conda package" if len(names) == 1 else "are conda packages"
    raise ConfigProblem(f"{where}: {', '.join(names)} {verb} without an equivalent for pip.", hint=hint)


def _notices(specs: list[CondaSpec], channels: list[str]) -> list[str]:
    mapped = [f"{spec.name} -> {PIP_NAMES[spec.name]}" for spec in specs if spec.name in PIP_NAMES]
    parts = [spec.name for spec in specs if spec.name in SELECTORS]
    own = [spec.name for spec in specs if spec.name in INTERPRETER_PARTS]
    builds = [f"{spec.name}={spec.build}" for spec in specs if spec.build.strip("*") and not _is_left_out(spec.name)]
    others = [redacted(name) for name in channels if name and not _USUAL_CHANNEL.fullmatch(name)]
    told = (
        ("conda packages are installed with pip", mapped),
        ("left out, since pip has no choice of builds", parts),
        ("left out, since every Python brings its own", own),
        ("conda's builds mean nothing to pip", builds),
        ("conda's channels mean nothing to pip", others),
    )
    return [f"{what}: {', '.join(dict.fromkeys(names))}" for what, names in told if names]


def _python(version: str, where: str) -> tuple[str, str]:
    """Choose X.Y for the requested Python, with a notice if a patch version was cut off."""
    spec = parse_spec(f"python{version if re.match('[<>=!~]', version) else f'={version}'}", where)
    specifier = pip_specifier(spec, where)
    exact = re.fullmatch(r"==(\d+)\.(\d+)((?:\.\d+)*)(\.\*)?", specifier)
    if exact:
        minor = f"{exact[1]}.{exact[2]}"
        return minor, f"python {minor}{exact[3]}: any {minor} will do for pip" if exact[3] else ""
    return (_newest_within(specifier, version, where) if specifier else ""), ""


def _newest_within(specifier: str, version: str, where: str) -> str:
    from packaging.specifiers import SpecifierSet

    allowed = SpecifierSet(specifier)
    running = sys.version_info
    # The running interpreter first: it reads best what was pickled here.
    if allowed.contains(f"{running.major}.{running.minor}.{running.micro}"):
        return f"{running.major}.{running.minor}"
    for minor in _PYTHON_MINORS:
        if any(allowed.contains(f"3.{minor}.{patch}") for patch in (0, _TOO_LATE_PATCH)):
            return f"3.{minor}"
    raise ConfigProblem(f"{where}: there is no Python {version!r}.", hint="For example 'python=3.11'.")
