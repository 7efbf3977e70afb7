"""From what a user gives to ``deploy`` to fields of a service's specification."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..environments import Environment, Environments, reference_of
from ..errors import NotFound, UsageProblem
from ..registry import Model
from ..scripts import Scripts
from ..services import OwnImage
from ..targets import NEAREST, choose, having, target
from ..targets import VARIABLE as TARGET_VARIABLE
from .placing import beyond
from .resolution import check_port

_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([kmgt]?)(i?b?)", re.IGNORECASE)
_POWERS = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}
_LEAST_MEMORY = 32 << 20
# The words that take an option back, and what a service has without it.
_WORD = ("default",)
_DEFAULT = {
    **dict.fromkeys(("target", "script", "environment", "workers", "memory", "cpus", "settings", "variables"), _WORD),
    "port": (*_WORD, "any"),
    "models": (*_WORD, "none"),
    "image": (*_WORD, "none"),
}
_NOTHING: dict[str, Any] = {
    "environment": "",
    "workers": 1,
    "memory": 0,
    "cpus": 0.0,
    "settings": "default",
    "variables": "default",
    "port": 0,
    "models": None,
    "image": {},
}


class Intent:
    """Translates the arguments; None means not given, and stays as it is.

    Parameters
    ----------
    scripts : Scripts
        The stored script cells.
    environments : Environments
        The registered environments.
    models : callable
        Lists the names of the registered models.
    """

    def __init__(self, scripts: Scripts, environments: Environments, models: Callable[[], list[str]]) -> None:
        self._scripts = scripts
        self._known = models
        self._environments = environments

    def changes(
        self, given: Mapping[str, Any], new: bool, say: Callable[[str], None], source: str = ""
    ) -> dict[str, Any]:
        """Translate the arguments of ``deploy``.

        Parameters
        ----------
        given : mapping
            By the names of :meth:`jupyter_deploy.workspace.Workspace.deploy`'s parameters.
        new : bool
            Whether the service does not exist yet, so that a target must be chosen.
        say : callable
            Told which target was chosen, and why.
        source : str, optional
            The source folder that the service has, which a script's relative path is meant to be in.

        Returns
        -------
        dict
            Fields of :class:`jupyter_deploy.services.ServiceSpec`.
        """
        given = {key: value for key, value in given.items() if value is not None}
        given, changes = self._taken_back(given)
        changes |= {key: given[key] for key in ("settings", "variables") if key in given}
        if "workers" in given:
            changes["workers"] = _whole(given["workers"])
        if "port" in given:
            changes["port"] = check_port(_whole(given["port"]))
        if "target" in given or new:
            usual = having(lambda can: can.own_image) if given.get("image") else "auto"
            changes["target"] = choose(given.get("target", usual), say)
        if "models" in given:
            models = [given["models"]] if isinstance(given["models"], str) else given["models"]
            changes["models"] = tuple(item.id if isinstance(item, Model) else item for item in models)
        if "source" in given:
            changes["source"] = source = source_of(given["source"])
        if "script" in given:
            changes |= self._script(given["script"], source)
        if "environment" in given:
            changes["environment"] = self._environment(given["environment"])
        if "memory" in given:
            changes["memory"] = memory_of(given["memory"])
        if "cpus" in given:
            changes["cpus"] = cpus_of(given["cpus"])
        if "image" in given:
            changes["image"] = _image(given["image"])
        return changes

    def _taken_back(self, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
        """Tell what of a service is as by default again; what has that word for its name is meant instead."""
        left, changes = dict(given), dict[str, Any]()
        own = {"script": self._scripts.names, "environment": lambda: list(self._environments), "models": self._known}
        for key, value in given.items():
            words = [value] if isinstance(value, str) else value if isinstance(value, (list, tuple)) else []
            word = words[0] if len(words) == 1 and isinstance(words[0], str) else ""
            if word not in _DEFAULT.get(key, ()) or word in own.get(key, list)():
                continue
            del left[key]
            if key == "target":
                left[key] = "auto"
            elif key == "script":
                changes |= {"script": given.get("name", ""), "script_is_file": False}
            elif key == "models" and word == "none":
                changes[key] = ()
            else:
                changes[key] = _NOTHING[key]
        return left, changes

    @staticmethod
    def otherwise(given: Mapping[str, Any], changes: Mapping[str, Any], environ: Mapping[str, str] = os.environ) -> str:
        """Tell where a new service runs if the target that was chosen for it cannot serve it.

        Parameters
        ----------
        given : mapping
            As for :meth:`changes`.
        changes : mapping
            What :meth:`changes` made of it.
        environ : mapping, optional
            The environment variables.

        Returns
        -------
        str
            Empty where a target was asked for, or something that no other target has.
        """
        asked = given.get("target") or environ.get(TARGET_VARIABLE) or "auto"
        silent = asked in {"auto", *_DEFAULT["target"]} and changes.get("target") != NEAREST
        return NEAREST if silent and not beyond(target(NEAREST).capabilities, changes) else ""

    def _script(self, script: str | Path, source: str) -> dict[str, Any]:
        text = str(script)
        if source and text and Path(source, text).is_file():
            # As Azure ML has it: an entry script is named relative to its source directory.
            return {"script": os.path.abspath(Path(source, text)), "script_is_file": True}  # noqa: PTH100
        if not isinstance(script, Path) and text in self._scripts.names():
            return {"script": text, "script_is_file": False}
        path = Path(os.path.abspath(Path(script).expanduser()))  # noqa: PTH100 - resolve() would follow links
        if text and (isinstance(script, Path) or path.is_file() or text.endswith(".py") or os.sep in text):
            return {"script": str(path), "script_is_file": True}
        return {"script": self._scripts.get(text).name, "script_is_file": False}

    def _environment(self, environment: str | Path | Environment) -> str:
        if not isinstance(environment, Environment):
            return reference_of(environment, self._environments)
        if environment.is_kernel:
            return environment.name
        made = self._environments.register(environment)
        return f"{made.name}:{made.version}"


def source_of(given: str | Path) -> str:
    """Read a source folder.

    Parameters
    ----------
    given : str or pathlib.Path
        A folder; empty or ``"default"`` for the script's own.

    Returns
    -------
    str
        Its absolute path; empty for the script's own folder.

    Raises
    ------
    NotFound
        If there is no such folder.
    """
    if str(given) in {"", "default"}:
        return ""
    path = Path(os.path.abspath(Path(given).expanduser()))  # noqa: PTH100 - resolve() would follow links
    if path.is_dir():
        return str(path)
    what = "is a file, not a folder" if path.exists() else "does not exist"
    raise NotFound(f"The source folder {path} {what}.", hint="Name the folder that the script is in.")


def _whole(given: object) -> object:
    """Read a whole number that may be given as text; what is none is left for its check to refuse."""
    return int(given) if isinstance(given, str) and given.strip().isdecimal() else given


def memory_of(given: int | str) -> int:
    """Read an amount of memory.

    Parameters
    ----------
    given : int or str
        Bytes, or for example ``"512m"``, ``"2g"``, ``"1.5GiB"``; units are powers of 1024, as Docker's are. 0 for the
        usual.

    Returns
    -------
    int
        Bytes.

    Raises
    ------
    UsageProblem
        For anything else.
    """
    found = _SIZE.fullmatch(str(given).strip())
    if not found:
        raise UsageProblem(f"memory cannot be {given!r}.", hint="For example 512m or 2g.")
    size = int(float(found[1]) * 1024 ** _POWERS[found[2].lower()])
    if 0 < size < _LEAST_MEMORY:
        raise UsageProblem(f"memory {given} is too little for any server.", hint="At least 32m; 512m is usual.")
    return size


def cpus_of(given: float | str) -> float:
    """Read a number of processors.

    Parameters
    ----------
    given : float or str
        For example 0.5; 0 for the usual.

    Returns
    -------
    float
        The number.

    Raises
    ------
    UsageProblem
        For anything but a number from 0.01 on.
    """
    try:
        number = float(given)
    except (TypeError, ValueError):
        number = -1.0
    if number == 0 or 0.01 <= number < 10_000:
        return number
    raise UsageProblem(f"cpus cannot be {given!r}.", hint="For example 0.5 or 2.")


def _image(given: str | OwnImage | Mapping[str, Any]) -> dict[str, Any]:
    if isinstance(given, str):
        given = OwnImage(given)
    values = asdict(given) if isinstance(given, OwnImage) else asdict(OwnImage(**given))
    if not values["name"]:
        return {}
    check_port(values["port"])
    for route in ("scoring", "liveness", "readiness"):
        if not values[route].startswith("/"):
            raise UsageProblem(
                f"The {route} route must start with '/', not {values[route]!r}.", hint="For example /score."
            )
    return values


def own_image(
    name: str | None, port: int | None, scoring: str | None, liveness: str | None, readiness: str | None
) -> OwnImage | None:
    """Gather what belongs to an image of the user's own.

    Parameters
    ----------
    name : str or None
        The image; None where none was given.
    port : int or None
        Where its server listens.
    scoring, liveness, readiness : str or None
        Its routes.

    Returns
    -------
    OwnImage or None
        None where no image was given.

    Raises
    ------
    UsageProblem
        For a port or route without an image.
    """
    given = {"port": port, "scoring": scoring, "liveness": liveness, "readiness": readiness}
    known = {key: value for key, value in given.items() if value is not None}
    if name is None:
        if known:
            raise UsageProblem("Ports and routes of an image need the image.", hint="Give --image IMAGE too.")
        return None
    return OwnImage(name, **known)  # type: ignore[arg-type]
