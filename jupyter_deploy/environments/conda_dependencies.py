"""azureml-core's ``CondaDependencies``: an environment's packages, to be put together, read and written."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from copy import copy
from pathlib import Path
from typing import Any, Self

from ..errors import ConfigProblem
from ..files import write_atomic
from .conda_file import CondaFile, parse_conda, read_text
from .conda_names import parse_spec
from .requirements import EDITABLE, INCLUDES, Line, option_line, parse_options, parse_requirement

DEFAULT_NAME = "project_environment"
DEFAULT_FILE = "conda_dependencies.yml"
_HEADER = "# A conda environment; its packages are installed with pip.\n"


class CondaDependencies:
    """The packages of an environment: azureml-core's API, hence its many methods.

    Adding a package replaces the one of the same name. azureml-defaults is kept as written but has no effect: this
    package's own server takes its place.

    Parameters
    ----------
    conda_dependencies_file_path : str or pathlib.Path, optional
        A conda file; without it, the running interpreter's Python and azureml-defaults.

    Raises
    ------
    ConfigProblem
        For a file that is missing or no conda file.
    """

    def __init__(self, conda_dependencies_file_path: str | Path | None = None) -> None:
        self._name = DEFAULT_NAME
        self._channels = ["anaconda", "conda-forge"]
        self._python = f"python={sys.version_info.major}.{sys.version_info.minor}"
        self._conda: dict[str, str] = {}
        self._pip: dict[tuple[str, str], str] = {("azureml-defaults", ""): "azureml-defaults"}
        self._options: list[str] = []
        self._variables: dict[str, str] = {}
        self._path = Path(conda_dependencies_file_path) if conda_dependencies_file_path else None
        if self._path:
            self.load(parse_conda(read_text(self._path), str(self._path)), str(self._path))

    @staticmethod
    def create(
        pip_indexurl: str | None = None,
        pip_packages: Iterable[str] | None = None,
        conda_packages: Iterable[str] | None = None,
        python_version: str | None = None,
        pin_sdk_version: bool = True,
    ) -> CondaDependencies:
        """Make one from lists.

        Parameters
        ----------
        pip_indexurl : str, optional
            The index that takes PyPI's place.
        pip_packages : iterable of str, optional
            Requirements; azureml-defaults where omitted.
        python_version : str, optional
            The running interpreter's where omitted.
        pin_sdk_version : bool, optional
            Without effect: there is no SDK to pin.
        """
        made = CondaDependencies()
        if python_version:
            made.set_python_version(python_version)
        if pip_packages is not None:
            made.set_pip_requirements(pip_packages)
        if pip_indexurl:
            made.set_pip_index_url(pip_indexurl)
        for package in _lines(conda_packages or (), "conda_packages"):
            made.add_conda_package(package)
        return made

    @staticmethod
    def merge_requirements(requirements: Iterable[str]) -> list[str]:
        """Join the requirements of each package, their extras and versions, in the order of first appearance.

        A package with another marker counts as another one; URLs stay separate.
        """
        from packaging.requirements import Requirement

        merged: dict[tuple[str, str], Requirement] = {}
        lines: dict[tuple[str, str], str] = {}
        for line in requirements:
            parsed = parse_requirement(line, "requirements")
            key = _key(parsed, line)
            if not parsed.name or "://" in line or "--hash" in line:
                lines[key] = line
            elif key in merged:
                other = Requirement(line)
                merged[key].extras |= other.extras
                merged[key].specifier &= other.specifier
                lines[key] = str(merged[key])
            elif key not in lines:
                merged[key], lines[key] = Requirement(line), line
        return list(lines.values())

    @property
    def conda_packages(self) -> Iterator[str]:
        """The conda packages, without Python."""
        return iter([*self._conda.values()])

    @property
    def pip_packages(self) -> Iterator[str]:
        """The requirements for pip."""
        return iter([*self._pip.values()])

    @property
    def pip_options(self) -> Iterator[str]:
        """The options for pip, such as ``--extra-index-url URL``."""
        return iter([*self._options])

    @property
    def conda_channels(self) -> Iterator[str]:
        """The channels."""
        return iter([*self._channels])

    @property
    def python_version(self) -> str | None:
        """Python's version as it was given, for example ``"3.10.4"`` or ``">=3.10"``; None if it was not."""
        version = parse_spec(self._python, "").version.removeprefix("==").removeprefix("=") if self._python else ""
        return version or None

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables that the conda file sets."""
        return dict(self._variables)

    def add_conda_package(self, conda_package: str) -> None:
        """Add a conda package such as ``"scikit-learn=1.5"``, in place of the one of its name."""
        self._add_conda(conda_package, "conda packages")

    def remove_conda_package(self, conda_package: str) -> None:
        """Remove a conda package by name, if it is there; a version is ignored."""
        self._conda.pop(parse_spec(conda_package, "conda packages").key, None)

    def add_pip_package(self, pip_package: str) -> None:
        """Add a requirement, in place of the one of its name and marker."""
        self._add_pip(pip_package, "pip packages")

    def remove_pip_package(self, pip_package: str) -> None:
        """Remove the requirements of a name, if there are any; a version is ignored."""
        gone = parse_requirement(pip_package, "pip packages").name or pip_package
        self._pip = {key: line for key, line in self._pip.items() if key[0] != gone}

    def add_channel(self, channel: str) -> None:
        """Add a channel by name or address."""
        if channel not in self._channels:
            self._channels.append(channel)

    def remove_channel(self, channel: str) -> None:
        """Remove a channel, if it is there."""
        self._channels = [other for other in self._channels if other != channel]

    def set_python_version(self, version: str) -> None:
        """Choose Python's version, for example ``"3.11"``."""
        version = str(version).strip()
        if not re.fullmatch(r"\d+(\.\d+){0,2}", version):
            raise ConfigProblem(f"{version!r} is not a version of Python.", hint="For example '3.11'.")
        self._python = f"python={version}"

    def set_pip_requirements(self, pip_requirements: Iterable[str]) -> None:
        """Replace the whole pip section; lines may be options."""
        self._pip, self._options = {}, []
        for line in _lines(pip_requirements, "pip_requirements"):
            self._add_pip(line, "pip packages")

    def set_pip_option(self, pip_option: str) -> None:
        """Set a pip option such as ``"--extra-index-url https://a.example/simple"``.

        An option that counts once replaces the one of its name.
        """
        self._set_options(pip_option, "pip options")

    def remove_pip_option(self, pip_option: str) -> None:
        """Remove an option by name, or by name and value to remove only that one."""
        name = pip_option.strip()
        gone = {option_line(*pair) for pair in parse_options(name, "pip options")} if " " in name else {name}
        self._options = [line for line in self._options if not gone & {line, line.split()[0]}]

    def set_pip_index_url(self, index_url: str) -> None:
        """Choose the index that takes PyPI's place; ``"--index-url URL"`` is understood too."""
        self._set_options(index_url if index_url.startswith("-") else f"--index-url {index_url}", "pip_indexurl")

    def as_dict(self) -> dict[str, Any]:
        """Return the content of the conda file.

        ``name``, ``dependencies``, ``channels``, and ``variables`` if there are any.
        """
        pip = [*self._options, *self._pip.values()]
        dependencies = [*filter(None, [self._python]), *self._conda.values(), *([{"pip": pip}] if pip else [])]
        values = {"name": self._name, "dependencies": dependencies, "channels": list(self._channels)}
        return {**values, "variables": dict(self._variables)} if self._variables else values

    def serialize_to_string(self) -> str:
        """Return the conda file's YAML, with a comment at its head."""
        import yaml  # type: ignore[import-untyped, unused-ignore]

        return _HEADER + str(yaml.safe_dump(self.as_dict(), sort_keys=False, allow_unicode=True, width=1000))

    def save(self, path: str | Path | None = None) -> str:
        """Write the conda file and return its absolute path.

        By default this is the file that it was read from, or else ``conda_dependencies.yml`` in the current folder.
        """
        place = Path(path or self._path or DEFAULT_FILE).absolute()
        if not place.parent.is_dir():
            raise ConfigProblem(
                f"There is no folder {place.parent}.", hint=f"Create it first: os.makedirs({str(place.parent)!r})"
            )
        write_atomic(place, self.serialize_to_string())
        return str(place)

    def save_to_file(self, base_directory: str | Path, conda_file_path: str | Path | None = None) -> str:
        """Write the conda file into a folder and return its path in there, by default ``conda_dependencies.yml``."""
        self.save(Path(base_directory) / (conda_file_path or DEFAULT_FILE))
        return str(conda_file_path or DEFAULT_FILE)

    def take_over(self, other: CondaDependencies) -> None:
        """Take on what another one holds, in place of all there was."""
        self._name, self._python, self._path = other._name, other._python, other._path
        self._conda, self._pip, self._variables = dict(other._conda), dict(other._pip), dict(other._variables)
        self._channels, self._options = list(other._channels), list(other._options)

    def with_python(self, version: str) -> Self:
        """Return a copy with that version of Python; empty for whichever the interpreter has."""
        made = copy(self)
        made.take_over(self)
        made._python = f"python={version}" if version else ""
        return made

    def load(self, file: CondaFile, where: str) -> None:
        """Replace all content by that of a conda file."""
        self._name, self._channels = file.name or DEFAULT_NAME, list(dict.fromkeys(file.channels))
        self._python, self._conda, self._pip, self._options = "", {}, {}, []
        self._variables = dict(file.variables)
        for package in file.packages:
            self._add_conda(package, where)
        for line in file.pip:
            self._add_pip(line, f"{where}: pip")

    def _add_conda(self, package: str, where: str) -> None:
        _check_text(package, where)
        spec = parse_spec(package, where)
        if spec.name == "python":
            self._python = package
        else:
            self._conda[spec.key] = package

    def _add_pip(self, line: str, where: str) -> None:
        _check_text(line, where)
        if line.startswith("-"):
            self._set_options(line, where)
        else:
            self._pip[_key(parse_requirement(line, where), line)] = line

    def _set_options(self, text: str, where: str) -> None:
        for name, value in parse_options(text, where):
            if name in (*INCLUDES, EDITABLE):
                raise ConfigProblem(f"{where}: {text!r} cannot be given here.", hint="Name the packages themselves.")
            line = option_line(name, value)
            gone = name if name == "--index-url" else line
            self._options = [*(other for other in self._options if gone not in (other, other.split()[0])), line]


def _check_text(value: object, where: str) -> None:
    if not isinstance(value, str):
        example = value[0] if isinstance(value, (list, tuple)) and value else "scikit-learn"
        raise ConfigProblem(
            f"{where}: a package is a text, not {value!r}.", hint=f"One at a time, for example {str(example)!r}."
        )


def _key(parsed: Line, line: str) -> tuple[str, str]:
    return parsed.name or line, parsed.marker


def _lines(values: Iterable[str], name: str) -> list[str]:
    # Python would iterate over the letters of a text.
    if isinstance(values, str):
        raise ConfigProblem(f"{name} must be a list, not {values!r}.", hint=f"{name}=[{values!r}]")
    return list(values)
