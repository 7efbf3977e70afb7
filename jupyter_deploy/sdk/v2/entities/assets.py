"""Models, environments and data."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ....errors import nearest
from ....files import in_home
from ..exceptions import ValidationException
from .entity import Entity, Part, is_elsewhere

_MODELS = ("custom_model", "mlflow_model", "triton_model")
_DATA = ("uri_file", "uri_folder", "mltable")
_LABELS = ("latest",)
_READ_ONLY = frozenset({"id", "creation_context", "latest_version"})


@dataclass(kw_only=True, repr=False)
class Asset(Entity):
    """A named thing with versions. A version is a text, as in Azure; a whole number is taken, too."""

    PATHS: ClassVar[frozenset[str]] = frozenset({"path"})

    version: str | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, version_of(value) if name == "version" else value)

    @classmethod
    def of(cls, given: Any, where: str) -> Any:
        """Take an asset as an object, a dictionary, or a text that names it."""
        return given if isinstance(given, str) else super().of(given, where)

    @classmethod
    def read(cls, values: Mapping[str, Any], folder: Path | None, where: str) -> Any:
        """Make it of a file's values; what the workspace says of it is left out."""
        return super().read({key: each for key, each in values.items() if key not in _READ_ONLY}, folder, where)

    @property
    def latest_version(self) -> str | None:
        """None, as the versions themselves are listed here."""
        return None


@dataclass(kw_only=True, repr=False)
class Model(Asset):
    """A model: files or a folder.

    Parameters
    ----------
    version : str or int, optional
        The next one where it is not given.
    type : str
        ``"custom_model"``, ``"mlflow_model"`` or ``"triton_model"``.
    path : str or pathlib.Path, optional
        A file or folder on this machine.
    stage, flavors : str, dict, optional
        Kept and shown.
    """

    path: str | os.PathLike[str] | None = None
    type: str | None = None
    stage: str | None = None
    flavors: dict[str, Any] | None = None
    utc_time_created: str | None = None
    job_name: str | None = None
    datastore: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.type = _one_of(self.type or _MODELS[0], "type", _MODELS)

    def source(self) -> Path:
        """Return the path of its files; refuses one that is not on this machine."""
        return local_path(self.path, "model", "Model(path='model.pkl', …)")


@dataclass(kw_only=True, repr=False)
class Data(Asset):
    """A data asset: a file or a folder.

    Parameters
    ----------
    type : str
        ``"uri_folder"``, ``"uri_file"`` or ``"mltable"``.
    """

    path: str | os.PathLike[str] | None = None
    type: str = "uri_folder"
    datastore: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.type = _one_of(self.type, "type", _DATA)

    def source(self) -> Path:
        """Return the path of its files; refuses one that is not on this machine."""
        return local_path(self.path, "data", "Data(path='data.csv', type='uri_file', …)")


@dataclass(kw_only=True, repr=False)
class BuildContext(Part):
    """A folder with a Dockerfile."""

    PATHS: ClassVar[frozenset[str]] = frozenset({"path"})

    dockerfile_path: str | None = None
    path: str | os.PathLike[str] | None = None

    def dockerfile(self) -> Path:
        """Return the Dockerfile's path; refuses one that is not there."""
        folder = local_path(self.path, "build", "BuildContext(path='context')")
        found = folder / (self.dockerfile_path or "Dockerfile")
        if not found.is_file():
            raise ValidationException(
                f"There is no {found}.", hint="BuildContext(path=…, dockerfile_path='Dockerfile')"
            )
        return found


@dataclass(kw_only=True, repr=False)
class Environment(Asset):
    """What a deployment's interpreter holds.

    Parameters
    ----------
    image : str, optional
        A Docker image.
    build : BuildContext, optional
        A folder that the image is made of; not with ``image``.
    conda_file : str, pathlib.Path or dict, optional
        Packages: a conda file, or its content.
    inference_config : dict, optional
        Ports and routes of an image that serves by itself: ``liveness_route``, ``readiness_route``, ``scoring_route``,
        each with ``port`` and ``path``.
    os_type, datastore : str, optional
        Kept and shown.
    """

    PATHS: ClassVar[frozenset[str]] = frozenset({"conda_file"})
    PARTS: ClassVar[Mapping[str, type[Part]]] = {"build": BuildContext}

    image: str | None = None
    build: BuildContext | None = None
    conda_file: str | os.PathLike[str] | dict[str, Any] | None = None
    inference_config: dict[str, Any] | None = None
    os_type: str | None = None
    datastore: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.image and self.build:
            raise ValidationException("Give image or build, not both.")
        routes = ("liveness_route", "readiness_route", "scoring_route")
        for key, route in (self.inference_config or {}).items():
            if key not in routes:
                raise ValidationException(
                    f"inference_config: unknown key {key!r}.", hint=f"Did you mean {nearest(key, routes)!r}?"
                )
            if not isinstance(route, Mapping) or set(route) - {"port", "path"}:
                raise ValidationException(
                    f"inference_config: {key} must have a port and a path.", hint=f"{key}={{'port': 5001, 'path': '/'}}"
                )

    def validate(self) -> None:
        """Refuse an environment that says nothing."""
        if not (self.image or self.build or self.conda_file):
            raise ValidationException(
                "The environment has neither image nor build nor conda_file.", hint="Environment(conda_file='env.yml')"
            )


def version_of(given: Any) -> str | None:
    """Write a version as Azure has it; refuses what is no whole number from 1."""
    if given is None:
        return None
    text = str(given)
    if isinstance(given, bool) or not text.isdecimal() or int(text) < 1:
        raise ValidationException(
            f"A version is a whole number from 1 here, not {given!r}.",
            hint="version='1'; without a version, the next one is given.",
        )
    return str(int(text))


def local_path(path: Any, what: str, example: str) -> Path:
    """Return a path on this machine; refuses an address, and what is not there."""
    if path is None:
        raise ValidationException(f"The {what} has no path.", hint=example)
    if is_elsewhere(path):
        raise ValidationException(
            f"{path} is not on this machine, and nothing is loaded from the cloud.",
            hint=f"Download it, then: {example}",
        )
    found = in_home(path)
    if not found.exists():
        raise ValidationException(
            f"There is no {found}.",
            hint=f"The current folder is {Path.cwd()}; a YAML file's paths are relative to the file.",
        )
    return found


def _one_of(given: Any, what: str, known: tuple[str, ...]) -> str:
    text = str(given).lower()
    if text not in known:
        close = nearest(text, known)
        hint = f"Did you mean {close!r}?" if close else f"One of: {', '.join(known)}."
        raise ValidationException(f"{what} cannot be {given!r}.", hint=hint)
    return text
