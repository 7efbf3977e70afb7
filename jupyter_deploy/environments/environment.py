"""What a service's interpreter must hold: Python's version, packages, a base image, variables."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import EnvironmentProblem
from ..files import in_home

if TYPE_CHECKING:
    from .conda import CondaDependencies, PipForm

KERNEL = "kernel"
INFERRED = "inferred"
NAME_RULE = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-._]{0,254}")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FROM = re.compile(r"^\s*FROM\s+\S", re.IGNORECASE | re.MULTILINE)
# A step that takes files of the build context, which there is none of; not those of an earlier stage, or of an address.
_COPIES = re.compile(
    r"^[ \t]*(?:COPY|ADD)[ \t]+(?!.*--from=)(?!(?:--\S+[ \t]+)*(?:https?://|<<)).*", re.IGNORECASE | re.MULTILINE
)
_PYTHON = re.compile(r"3\.\d{1,2}")
_RESERVED = ("microsoft", "azureml")
_OLDEST = (3, 11)


@dataclass(frozen=True)
class Environment:
    """A description of an environment. Environments with the same :attr:`digest` share one installation.

    Parameters
    ----------
    name : str
        Letters, digits, ``-``, ``.``, ``_``; at most 255. ``"kernel"`` and ``"inferred"`` are reserved.
    python_version : str
        ``"3.11"``; empty for the kernel's, or for the base image's if one is named.
    requirements : tuple of str
        Lines as pip takes them.
    options : tuple of str
        Options of pip's requirements files, for example ``--extra-index-url URL``.
    constraints : tuple of str
        Lines that bound versions without installing anything.
    base_image : str
        The image to install into; empty for the default.
    dockerfile : str
        The text of a Dockerfile that makes the base image; empty for none.
    variables : dict of str to str
        Variables of the script. They are kept in private files, and never in an image.
    version : int
        Given at registration; 0 before.
    notices : tuple of str
        For the user, about how it was read.
    """

    name: str
    python_version: str = ""
    requirements: tuple[str, ...] = ()
    options: tuple[str, ...] = field(default=(), repr=False)
    constraints: tuple[str, ...] = ()
    base_image: str = ""
    dockerfile: str = ""
    variables: dict[str, str] = field(default_factory=dict, repr=False, hash=False)
    version: int = 0
    notices: tuple[str, ...] = field(default=(), compare=False)

    def __repr__(self) -> str:
        from ..errors import redacted

        shown = {each.name: getattr(self, each.name) for each in fields(self) if each.repr}
        given = ", ".join(f"{name}={value!r}" for name, value in shown.items() if value)
        return redacted(f"Environment({given})")

    @property
    def is_kernel(self) -> bool:
        """Whether it is the unchanged interpreter that deploys."""
        return self.name == KERNEL

    @property
    def python(self) -> str:
        """The version of Python, for example ``"3.11"``; empty for the base image's own."""
        return self.python_version or ("" if self.needs_image else "{}.{}".format(*sys.version_info))

    @property
    def needs_image(self) -> bool:
        """Whether it needs a container."""
        return bool(self.base_image or self.dockerfile)

    @property
    def digest(self) -> str:
        """SHA-256 over everything that decides what is installed; name, version and variables do not."""
        what = {
            "python": self.python,
            "requirements": sorted(self.requirements, key=str.lower),
            "options": list(self.options),
            "constraints": sorted(self.constraints),
            "base_image": self.base_image,
            "dockerfile": self.dockerfile,
        }
        return hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()

    def covers(self, other: Environment) -> bool:
        """Whether this environment has all that another one needs, and perhaps more.

        So removing an import from a script needs no new installation.
        """
        if self.is_kernel or other.is_kernel:
            return self.is_kernel and other.is_kernel
        less = replace(self, requirements=other.requirements)
        return less.digest == other.digest and set(other.requirements) <= set(self.requirements)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON: of variables only the names, of URLs no credentials."""
        from ..errors import redacted

        lines = {key: tuple(map(redacted, getattr(self, key))) for key in ("requirements", "options", "constraints")}
        return {**asdict(self), **lines, "variables": sorted(self.variables), "digest": self.digest}

    @staticmethod
    def from_conda_specification(name: str, file_path: str | Path) -> Environment:
        """Read a conda file; its packages are installed with pip. Notices say what was translated.

        Raises
        ------
        ConfigProblem
            If it is no such file, or names a package that pip cannot install.
        """
        from .conda import read_conda

        made = _environment(name, _conda_form(file_path))
        return checked(replace(made, variables=read_conda(_read(file_path), str(file_path)).variables))

    @staticmethod
    def from_pip_requirements(name: str, file_path: str | Path, pip_version: str | None = None) -> Environment:
        """Read a file of pip's requirements."""
        return _environment(name, _pip_form(file_path))

    @staticmethod
    def from_docker_image(
        name: str,
        image: str,
        container_registry: object = None,
        conda_specification: str | Path | None = None,
        pip_requirements: str | Path | None = None,
    ) -> Environment:
        """Take an image with Python as the base; a conda or requirements file lists packages to install into it.

        Parameters
        ----------
        container_registry : object, optional
            Ignored: Docker's own login is used.
        conda_specification, pip_requirements : str or pathlib.Path, optional
            A file of packages to install into it.
        """
        if not image.strip():
            raise EnvironmentProblem(f"The environment {name} names no image.", hint="For example python:3.11-slim.")
        return replace(_environment(name, _either(conda_specification, pip_requirements)), base_image=image)

    @staticmethod
    def from_dockerfile(
        name: str,
        dockerfile: str | Path,
        conda_specification: str | Path | None = None,
        pip_requirements: str | Path | None = None,
    ) -> Environment:
        """Make the base image from a Dockerfile; a conda or requirements file lists packages to install on top.

        Parameters
        ----------
        dockerfile : str or pathlib.Path
            A file, or its text. It cannot copy files: it is built without any.
        """
        given = str(dockerfile)
        text = given if "\n" in given or _FROM.match(given) else _read(given)
        check_dockerfile(text, name)
        return replace(_environment(name, _either(conda_specification, pip_requirements)), dockerfile=text)


def check_dockerfile(text: str, name: str, folder: str = "FOLDER") -> None:
    """Refuse a Dockerfile that nothing could be built from, without the files of its folder."""
    if not _FROM.search(text):
        raise EnvironmentProblem(
            f"The Dockerfile of {name} has no FROM line.", hint="For example: FROM python:3.11-slim"
        )
    if step := copying_step(text):
        raise EnvironmentProblem(
            f"The Dockerfile of {name} copies files, and it is built without any: {step}",
            hint=f"{shlex.join(['docker', 'build', '-t', f'{name.lower()}:1', folder])} makes an image of it; then "
            f"name that: Environment.from_docker_image({name!r}, '{name.lower()}:1').",
        )


def copying_step(dockerfile: str) -> str:
    """Return the first line of a Dockerfile that copies files of its folder; empty if none does."""
    found = _COPIES.search(dockerfile)
    return found[0].strip() if found else ""


def from_conda(name: str, packages: CondaDependencies) -> Environment:
    """Describe an environment with packages that were put together; they are installed with pip."""
    from .conda import to_pip

    return _environment(name, to_pip(packages))


def checked(environment: Environment) -> Environment:
    """Check an environment and return it with its lines in one form."""
    name = environment.name
    if not isinstance(name, str) or not NAME_RULE.fullmatch(name) or name in {KERNEL, INFERRED}:
        raise EnvironmentProblem(
            f"{name!r} cannot be an environment's name.", hint="Letters, digits, '-', '.', '_'; not 'kernel'."
        )
    if name.lower().startswith(_RESERVED):
        raise EnvironmentProblem(
            f"Names that start with Microsoft or AzureML are Azure's own, like {name!r}.", hint="Choose another name."
        )
    version = environment.python_version
    if version and (not _PYTHON.fullmatch(version) or tuple(map(int, version.split("."))) < _OLDEST):
        raise EnvironmentProblem(
            f"Python {version} cannot be used: the server needs 3.11 or newer.", hint="For example python=3.12."
        )
    for key, value in environment.variables.items():
        if not isinstance(key, str) or not _VARIABLE.fullmatch(key) or not isinstance(value, str) or "\0" in value:
            raise EnvironmentProblem(f"{key!r} cannot be an environment variable.", hint="Names like MY_SETTING, text.")
    from .conda import read_requirements

    form = read_requirements("\n".join(environment.requirements), f"environment {name}", None)
    return replace(
        environment,
        requirements=form.requirements,
        options=environment.options + form.options,
        constraints=environment.constraints + form.constraints,
    )


def read_file(path: Path) -> Environment:
    """Read an environment from a conda file (``.yml``, ``.yaml``), a Dockerfile or a requirements file."""
    name = re.sub(r"[^a-zA-Z0-9\-._]", "-", path.stem).lstrip("-._") or "environment"
    reader: Callable[[str, str | Path], Environment] = Environment.from_pip_requirements
    if path.suffix in {".yml", ".yaml"}:
        reader = Environment.from_conda_specification
    elif "dockerfile" in path.name.lower():
        reader = Environment.from_dockerfile
    taken = name in {KERNEL, INFERRED} or name.lower().startswith(_RESERVED)
    return reader("file-" + name if taken else name, path)


def from_stored(values: Mapping[str, Any]) -> Environment:
    """Make an environment from the values that :func:`stored` returned."""
    texts = {key: tuple(values[key]) for key in ("requirements", "options", "constraints", "notices")}
    return Environment(**{**values, **texts})


def stored(environment: Environment) -> dict[str, Any]:
    """Return plain values to store in a private file or row: they include variables."""
    return asdict(environment)


def _environment(name: str, form: PipForm) -> Environment:
    made = Environment(name, form.python_version, form.requirements, form.options, form.constraints)
    return checked(replace(made, notices=form.notices))


def _either(conda: str | Path | None, pip: str | Path | None) -> PipForm:
    if conda is not None and pip is not None:
        raise EnvironmentProblem("Give conda_specification or pip_requirements, not both.")
    if conda is not None:
        return _conda_form(conda)
    if pip is not None:
        return _pip_form(pip)
    from .conda import read_requirements

    return read_requirements("", "", None)


def _conda_form(path: str | Path) -> PipForm:
    from .conda import read_conda, to_pip

    return to_pip(read_conda(_read(path), str(path)), str(path))


def _pip_form(path: str | Path) -> PipForm:
    from .conda import read_requirements

    return read_requirements(_read(path), str(path), in_home(path).parent)


def _read(path: str | Path) -> str:
    try:
        return in_home(path).read_text()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise EnvironmentProblem(
            f"{path} cannot be read: {reason}.", hint="Give a conda file, a requirements file or a Dockerfile."
        ) from error
