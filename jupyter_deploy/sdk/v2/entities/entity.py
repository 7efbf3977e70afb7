"""What all entities can do: be printed as YAML, be written to a file, be read from one."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import IO, Any, ClassVar

from ....errors import ConfigProblem, nearest
from ....files import in_home, write_atomic
from ..exceptions import ValidationException
from ..vocabulary import WORDS, Vocabulary

# Not a path on this machine: an asset of the workspace, or an address.
_ELSEWHERE = re.compile(r"azureml:|registries/|[a-z][a-z0-9+.\-]+://")
_SECRET = re.compile(r"key|token|secret|passw|pwd|credential|connection_?string", re.IGNORECASE)
_MASK = "(hidden)"
_SHOWN = frozenset({"id", "scoring_uri", "openapi_uri", "provisioning_state", "kind", "status", "output"})


@dataclass(kw_only=True, repr=False)
class Part(metaclass=Vocabulary):
    """An entity, or a group of settings within one."""

    # Fields that hold a path; a file's paths are relative to it.
    PATHS: ClassVar[frozenset[str]] = frozenset()
    # Fields that hold a group of settings, with the name of its class.
    PARTS: ClassVar[Mapping[str, type[Part]]] = {}
    # Other names of fields in files.
    SPELLED: ClassVar[Mapping[str, str]] = {}

    def __setattr__(self, name: str, value: Any) -> None:
        if not name.startswith("_") and name not in self.names() and not hasattr(type(self), name):
            raise AttributeError(WORDS.no_attribute(type(self), name, self.names()))
        super().__setattr__(name, value)

    @classmethod
    def names(cls) -> list[str]:
        """List the attributes that can be set."""
        return [each.name for each in fields(cls) if not each.name.startswith("_")]

    @classmethod
    def of(cls, given: Any, where: str) -> Any:
        """Take a group of settings as an object or as a dictionary."""
        if given is None or isinstance(given, cls):
            return given
        if isinstance(given, Mapping):
            return cls.read(given, None, where)
        raise ValidationException(
            f"{where} cannot be a {type(given).__name__}.", hint=f"{where}={cls.__name__}(…), or a dictionary."
        )

    def values(self, folder: Path | None = None) -> dict[str, Any]:
        """Return plain values under the names that files have; what is not given is left out.

        ``folder`` is where the file is to be, for its relative paths.
        """
        found: dict[str, Any] = {}
        for name in self.names():
            value = getattr(self, name)
            if value is None or (isinstance(value, (dict, list)) and not value):
                continue
            if name in self.PATHS and folder is not None:
                value = _from(folder, value)
            found[self.SPELLED.get(name, name)] = _plain(value, folder)
        return found

    @classmethod
    def read(cls, values: Mapping[str, Any], folder: Path | None, where: str) -> Any:
        """Make it of a file's values; a key that it does not have is refused with the nearest one."""
        names = {cls.SPELLED.get(name, name): name for name in cls.names()}
        given: dict[str, Any] = {}
        for key, value in values.items():
            if key not in names:
                meant = WORDS.arguments.get(key, "")
                close = meant if meant in names else nearest(str(key), names)
                hint = f"Did you mean {close!r}?" if close else f"It takes: {', '.join(names)}."
                raise ConfigProblem(f"{where}: unknown key {key!r}.", hint=hint)
            name = names[key]
            given[name] = cls._of_file(name, value, folder, f"{where}: {key}")
        try:
            return cls(**given)
        except TypeError as error:
            raise ConfigProblem(f"{where}: {error}") from error

    @classmethod
    def _of_file(cls, name: str, value: Any, folder: Path | None, where: str) -> Any:
        part = cls.PARTS.get(name)
        if part is not None and isinstance(value, Mapping):
            return part.read(value, folder, where)
        return _to(folder, value) if name in cls.PATHS and folder is not None else value

    def __repr__(self) -> str:
        shown = masked(self.values())
        return f"{type(self).__name__}({', '.join(f'{key}={value!r}' for key, value in shown.items())})"


@dataclass(kw_only=True, repr=False)
class Entity(Part):
    """A thing that the workspace keeps: ``print`` shows it as YAML.

    Parameters
    ----------
    name : str, optional
        Its name.
    description : str, optional
        Free text.
    tags, properties : mapping, optional
        Texts by name.
    """

    name: str | None = None
    description: str | None = None
    tags: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None
    # What the workspace says of it; a notebook only reads it.
    _facts: dict[str, Any] = field(default_factory=dict, init=False, compare=False)

    def __post_init__(self) -> None:
        for name in ("tags", "properties"):
            given = getattr(self, name)
            if given is not None and not isinstance(given, Mapping):
                raise ValidationException(f"{name} must be a dictionary.", hint=f"{name}={{'team': 'risk'}}")
            setattr(self, name, dict(given or {}))
        for name, part in self.PARTS.items():
            setattr(self, name, part.of(getattr(self, name), name))

    @property
    def id(self) -> str | None:
        """How the workspace finds it; None before it was created."""
        found: str | None = self._facts.get("id")
        return found

    @property
    def creation_context(self) -> Any:
        """When it was made: ``created_at``; None before it was created."""
        return self._facts.get("creation_context")

    def __str__(self) -> str:
        import yaml  # type: ignore[import-untyped, unused-ignore]

        facts = {key: value for key, value in self._facts.items() if isinstance(value, str) and key in _SHOWN}
        shown = {**masked(self.values()), **facts}
        return str(yaml.safe_dump(shown, sort_keys=False, allow_unicode=True))

    def dump(self, dest: str | os.PathLike[str] | IO[str] | None = None, **kwargs: Any) -> None:
        """Write it as YAML to a file, readable for its owner only, or to a stream; :func:`load_…` reads it again.

        Paths are written relative to the file.
        """
        import yaml  # type: ignore[import-untyped, unused-ignore]

        if dest is None:
            raise ValidationException("Where to? dump() needs a file.", hint="endpoint.dump('endpoint.yml')")
        if not isinstance(dest, (str, os.PathLike)):
            dest.write(yaml.safe_dump(self.values(), sort_keys=False, allow_unicode=True))
            return
        place = in_home(dest)
        if place.exists() and not kwargs.get("overwrite", True):
            raise ValidationException(f"{place} is there already.", hint="dump(path, overwrite=True)")
        text = yaml.safe_dump(self.values(place.absolute().parent), sort_keys=False, allow_unicode=True)
        write_atomic(place, text, mode=0o600)


def is_elsewhere(value: object) -> bool:
    """Whether a text names an asset or an address, and not a path on this machine."""
    return isinstance(value, str) and bool(_ELSEWHERE.match(value))


def _plain(value: Any, folder: Path | None) -> Any:
    if isinstance(value, Entity) and value.id:
        # An asset of the workspace is named; another one is described.
        return value.id
    if isinstance(value, Part):
        return value.values(folder)
    if isinstance(value, Mapping):
        return {str(key): _plain(each, folder) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(each, folder) for each in value]
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    return value


def masked(values: Any) -> Any:
    """Hide the values of environment variables whose names say that they are secret."""
    if not isinstance(values, Mapping):
        return values
    variables = values.get("environment_variables")
    if not isinstance(variables, Mapping):
        return values
    shown = {key: _MASK if _SECRET.search(str(key)) else value for key, value in variables.items()}
    return {**values, "environment_variables": shown}


def _from(folder: Path, value: Any) -> Any:
    if not isinstance(value, (str, os.PathLike)) or is_elsewhere(value):
        return value
    return os.path.relpath(in_home(value), folder)


def _to(folder: Path, value: Any) -> Any:
    if not isinstance(value, (str, os.PathLike)) or is_elsewhere(value):
        return value
    return os.path.normpath(folder / in_home(value))
