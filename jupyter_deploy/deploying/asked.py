"""A request to deploy, as every edge builds it: what the user gave, read once into typed values."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from enum import Enum
from pathlib import Path
from typing import Any, Final, Literal, TypedDict, TypeVar, Unpack

from ..environments import Environment
from ..errors import NotFound, UsageProblem, refuse_unknown_keys
from ..files import in_home
from ..registry import Model
from ..services import AUTH, LATEST, MAX_REPLICAS, MAX_WORKERS, SELF_SIGNED, OwnImage, Setting
from ..serving import checked_hook

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?b?)", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_LEAST_MEMORY = 32 << 20
_WORD = "default"


class Default(Enum):
    """The word that resets an option."""

    DEFAULT = _WORD


DEFAULT: Final = Default.DEFAULT
_Back = Literal[Default.DEFAULT]
_T = TypeVar("_T")
_R = TypeVar("_R")

# No port of a debugger in particular.
ANY_PORT = -1


class Options(TypedDict, total=False):
    """The options of ``deploy`` as people type them; ``None`` and absent mean the same."""

    script: str | Path | None
    models: Sequence[str | Model] | str | Model | None
    target: str | None
    port: int | str | None
    environment: str | Path | Environment | None
    workers: int | str | None
    replicas: int | str | None
    settings: Mapping[str, Setting | None] | str | None
    variables: Mapping[str, str | None] | str | None
    memory: int | str | None
    cpus: float | str | None
    image: str | OwnImage | None
    source: str | Path | None
    tags: Mapping[str, str | None] | str | None
    properties: Mapping[str, str] | None
    description: str | None
    auth: str | None
    tls: str | Path | None
    tls_key: str | Path | None
    labels: Mapping[str, str] | None
    follow_model: str | None
    on_change: Sequence[str] | str | None
    debug: bool | int | str | None
    debug_wait: bool | None


@dataclass(frozen=True)
class Asked:
    """What a user asks of a service. ``None`` means that it stays, ``DEFAULT`` that it is as for a new service.

    Edges make one with :meth:`of`. Before it is applied, ``references`` resolves the script, models, environment and
    target that a user typed.
    """

    # A text is a stored script's name, a Path a file.
    script: str | Path | _Back | None = None
    models: tuple[str, ...] | _Back | None = None
    target: str | None = None
    port: int | _Back | None = None
    environment: str | Path | Environment | _Back | None = None
    workers: int | _Back | None = None
    replicas: int | _Back | None = None
    # None as a value resets that key.
    settings: Mapping[str, Setting | None] | _Back | None = field(default=None, hash=False)
    variables: Mapping[str, str | None] | _Back | None = field(default=None, hash=False, repr=False)
    # In bytes.
    memory: int | _Back | None = None
    cpus: float | _Back | None = None
    image: OwnImage | _Back | None = None
    # An absolute path.
    source: Path | _Back | None = None
    # None as a value removes that tag.
    tags: Mapping[str, str | None] | _Back | None = field(default=None, hash=False)
    properties: Mapping[str, str] | None = field(default=None, hash=False)
    description: str | None = None
    auth: str | _Back | None = None
    # "self-signed", or the absolute path of a certificate's file, and of its key's.
    tls: str | _Back | None = None
    tls_key: str | _Back | None = None
    labels: Mapping[str, str] | None = field(default=None, hash=False)
    # "latest": each new version of its models is deployed.
    follow_model: str | _Back | None = None
    # Addresses and commands that are told of changes.
    on_change: tuple[str, ...] | _Back | None = field(default=None, repr=False)
    # Where a debugger attaches; 0 for nowhere, ANY_PORT for the port before or a free one.
    debug: int | None = None
    debug_wait: bool | None = None
    # Of an instance of an endpoint's deployment; no user asks for them.
    endpoint: str | None = None
    deployment: str | None = None

    @classmethod
    def of(cls, **given: Unpack[Options]) -> Asked:
        """Read what people type: texts for numbers, ``"512m"``, and the words that reset an option.

        Raises
        ------
        UsageProblem
            For a value that no service can have.
        NotFound
            For a source folder that is not there.
        """
        refuse_unknown_keys(given, Options.__annotations__, "options of deploy")
        port, source = given.get("port"), given.get("source")
        return cls(
            script=given.get("script"),
            models=_models(given.get("models")),
            target=given.get("target") or None,
            port=DEFAULT if port == "any" else _read(port, lambda value: check_port(_whole(value))),
            environment=given.get("environment"),
            workers=_read(given.get("workers"), lambda value: _workers(_whole(value))),
            replicas=_read(given.get("replicas"), lambda value: _replicas(_whole(value))),
            settings=_mapping(given.get("settings"), "settings"),
            variables=_texts(given.get("variables"), "variables"),
            memory=_read(given.get("memory"), memory_of),
            cpus=_read(given.get("cpus"), cpus_of),
            image=_image(given.get("image")),
            source=None if source is None else source_of(source),
            tags=_texts(given.get("tags"), "tags"),
            properties=given.get("properties"),
            description=given.get("description"),
            auth=_read(given.get("auth"), _auth),
            tls=_tls(given.get("tls")),
            tls_key=_tls(given.get("tls_key")),
            labels=given.get("labels"),
            follow_model=_follow(given.get("follow_model")),
            on_change=_hooks(given.get("on_change")),
            debug=_debug(given.get("debug"), given.get("debug_wait")),
            debug_wait=given.get("debug_wait"),
        )

    @property
    def given(self) -> frozenset[str]:
        """The names of the options that were given."""
        return frozenset(option.name for option in fields(self) if getattr(self, option.name) is not None)

    def but(self, **others: object) -> Asked:
        """Return the same request with some options replaced."""
        return replace(self, **others)  # type: ignore[arg-type]


def _models(given: Sequence[str | Model] | str | Model | None) -> tuple[str, ...] | None:
    if given is None:
        return None
    several = [given] if isinstance(given, (str, Model)) else given
    return tuple(item.id if isinstance(item, Model) else item for item in several)


def _mapping(given: Mapping[str, _T] | str | None, option: str) -> Mapping[str, _T] | _Back | None:
    if given is None or isinstance(given, Mapping):
        return given
    if given == _WORD:
        return DEFAULT
    raise UsageProblem(f"{option} must be a dictionary, not {given!r}.", hint=f"Or 'default', without any {option}.")


def _texts(given: Mapping[str, str | None] | str | None, option: str) -> Mapping[str, str | None] | _Back | None:
    """Read a dictionary of texts; numbers become texts, None takes an entry away."""
    found = _mapping(given, option)
    if not isinstance(found, Mapping):
        return found
    for key, value in found.items():
        if not isinstance(key, str) or not isinstance(value, (str, int, float, type(None))):
            kind = type(value if isinstance(key, str) else key).__name__
            raise UsageProblem(
                f"{option} must hold texts, but {key!r} is of the class {kind}.", hint=f"{option}={{'NAME': 'text'}}"
            )
    return {key: None if value is None else str(value) for key, value in found.items()}


def _read(given: float | str | None, read: Callable[[Any], _R]) -> _R | _Back | None:
    return None if given is None else DEFAULT if given == _WORD else read(given)


def _whole(given: object) -> object:
    """Read a whole number that may be given as text; its check refuses anything else."""
    return int(given) if isinstance(given, str) and given.strip().isdecimal() else given


def _workers(given: object) -> int:
    if isinstance(given, int) and 1 <= given <= MAX_WORKERS:
        return given
    raise UsageProblem(
        f"workers must be a whole number from 1 to {MAX_WORKERS}, not {given}.", hint="--workers default is 1."
    )


def _tls(given: str | Path | None) -> str | _Back | None:
    if given is None or given == SELF_SIGNED:
        return given
    if str(given) in {"", _WORD, "none"}:
        return DEFAULT
    return os.path.abspath(in_home(given))  # noqa: PTH100 - resolve() would follow links


def path_of_tls(given: str | Path) -> str:
    """Read a certificate's file, or its key's: an absolute path, ``"self-signed"``, or empty for none."""
    found = _tls(given)
    return "" if found is None or found is DEFAULT else str(found)


def _auth(given: str) -> str:
    if given in AUTH:
        return given
    raise UsageProblem(f"auth cannot be {given!r}.", hint=f"One of: {', '.join(AUTH)}.")


def _follow(given: str | None) -> str | _Back | None:
    if given is None or given == LATEST:
        return given
    if given in {"", _WORD, "none"}:
        return DEFAULT
    raise UsageProblem(f"follow_model cannot be {given!r}.", hint="--follow-model latest, or none.")


def _debug(given: bool | int | str | None, wait: bool | None) -> int | None:
    if given is None or given is True or given == "any":
        return ANY_PORT if given is not None or wait else None
    if given in {False, "", _WORD, "off", "none"}:
        return 0
    return check_port(_whole(given))


def _hooks(given: Sequence[str] | str | None) -> tuple[str, ...] | _Back | None:
    if given is None:
        return None
    several = [given] if isinstance(given, str) else list(given)
    if several in ([], [""], [_WORD], ["none"]):
        return DEFAULT
    return tuple(dict.fromkeys(map(checked_hook, several)))


def _replicas(given: object) -> int:
    if isinstance(given, int) and 1 <= given <= MAX_REPLICAS:
        return given
    raise UsageProblem(
        f"replicas must be a whole number from 1 to {MAX_REPLICAS}, not {given}.", hint="--replicas default is 1."
    )


def check_port(port: object) -> int:
    """Refuse anything but a whole number from 1 to 65535."""
    if isinstance(port, int) and 1 <= port <= 65535:
        return port
    raise UsageProblem(
        f"Invalid configuration, port must be an integer in range [1, 65535], not {port}.",
        hint="--port any takes a free one.",
    )


def source_of(given: str | Path) -> Path | _Back:
    """Return a source folder's absolute path; an empty text or the word ``default`` is the script's own folder."""
    if str(given) in {"", _WORD}:
        return DEFAULT
    path = Path(os.path.abspath(in_home(given)))  # noqa: PTH100 - resolve() would follow links
    if path.is_dir():
        return path
    what = "is a file, not a folder" if path.exists() else "does not exist"
    raise NotFound(f"The source folder {path} {what}.", hint="Name the folder that the script is in.")


def memory_of(given: int | str) -> int:
    """Return an amount of memory in bytes: a number, or a text as ``"512m"``, ``"2g"``, ``"1.5GiB"``.

    Units are powers of 1024, as Docker's are. 0 is the default; less than 32 MB is refused.
    """
    found = _SIZE.fullmatch(str(given).strip())
    if not found:
        raise UsageProblem(f"memory cannot be {given!r}.", hint="For example 512m or 2g.")
    size = int(float(found[1]) * 1024 ** _POWERS[found[2].lower()])
    if 0 < size < _LEAST_MEMORY:
        raise UsageProblem(f"memory {given} is too little for any server.", hint="At least 32m; 512m is usual.")
    return size


def cpus_of(given: float | str) -> float:
    """Return a number of processors, from 0.01 on; 0 is the default."""
    try:
        number = float(given)
    except (TypeError, ValueError):
        number = -1.0
    if number == 0 or 0.01 <= number < 10_000:
        return number
    raise UsageProblem(f"cpus cannot be {given!r}.", hint="For example 0.5 or 2.")


def _image(given: str | OwnImage | None) -> OwnImage | _Back | None:
    if given is None:
        return None
    if given in {"", _WORD, "none"}:
        return DEFAULT
    image = OwnImage(given) if isinstance(given, str) else given
    if not image.name:
        return DEFAULT
    check_port(image.port)
    for route in ("scoring", "liveness", "readiness"):
        if not getattr(image, route).startswith("/"):
            raise UsageProblem(
                f"The {route} route must start with '/', not {getattr(image, route)!r}.", hint="For example /score."
            )
    return image


def own_image(
    name: str | None, port: int | None, scoring: str | None, liveness: str | None, readiness: str | None
) -> OwnImage | None:
    """Gather the options of a user's own image; None without an image, which a port or route needs."""
    given = {"port": port, "scoring": scoring, "liveness": liveness, "readiness": readiness}
    known = {key: value for key, value in given.items() if value is not None}
    if name is None:
        if known:
            raise UsageProblem("Ports and routes of an image need the image.", hint="Give --image IMAGE too.")
        return None
    return OwnImage(name, **known)  # type: ignore[arg-type]
