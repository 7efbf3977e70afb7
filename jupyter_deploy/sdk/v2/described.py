"""Between an ``Environment`` of the SDK's and this package's description of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ...environments import INFERRED, CondaDependencies, copying_step, from_conda, parse_conda
from ...environments import Environment as Described
from ...errors import ConfigProblem
from ...files import in_home
from ...services import OwnImage
from ..images import is_plain_image, is_too_old
from .entities import Environment
from .exceptions import ValidationException

_PORT = 5001


@dataclass(frozen=True)
class Meaning:
    """What an environment means here.

    Parameters
    ----------
    described : Environment
        Packages and image.
    inferred : bool
        The packages that script and model need are installed: it names none itself.
    image : OwnImage, optional
        An image that serves by itself, with its port and routes.
    notices : tuple of str
        What is otherwise here.
    """

    described: Described
    inferred: bool = False
    image: OwnImage | None = None
    notices: tuple[str, ...] = ()

    @property
    def reference(self) -> Described | str:
        """What a deployment asks for."""
        return INFERRED if self.inferred else self.described


def meaning_of(environment: Environment, name: str) -> Meaning:
    """Say what an environment means here; ``name`` is its name where it has none."""
    environment.validate()
    name = environment.name or name
    own = own_image(environment.image, environment.inference_config)
    if own is not None:
        return Meaning(Described(name, base_image=own.name), image=own)
    notices: list[str] = []
    image, dockerfile = environment.image or "", ""
    if environment.build is not None:
        dockerfile = _dockerfile(environment)
    elif is_plain_image(image):
        notices.append(f"{image} holds no packages: the usual base image is used")
        image = ""
    if environment.conda_file is None:
        found = Described(name)
    else:
        found, told = _packages(environment, name)
        notices += told
    made = replace(found, base_image=image, dockerfile=dockerfile)
    inferred = environment.conda_file is None and not made.needs_image
    return Meaning(made, inferred, notices=(*found.notices, *notices))


def own_image(image: str | None, routes: Mapping[str, Any] | None) -> OwnImage | None:
    """Return the image that serves by itself, if its routes say so."""
    if not image or not routes:
        return None
    scoring, liveness, readiness = (routes.get(f"{kind}_route", {}) for kind in ("scoring", "liveness", "readiness"))
    return OwnImage(
        image,
        int(scoring.get("port", _PORT)),
        str(scoring.get("path", "/score")),
        str(liveness.get("path", "/")),
        str(readiness.get("path", liveness.get("path", "/"))),
    )


def _dockerfile(environment: Environment) -> str:
    assert environment.build is not None
    place = environment.build.dockerfile()
    text = place.read_text()
    example = f"docker build -t {environment.name or 'my-image'}:1 {place.parent}"
    if environment.inference_config:
        raise ValidationException(
            "An image that serves by itself must be built before.",
            hint=f"{example}, then Environment(image='{environment.name or 'my-image'}:1', inference_config=…)",
        )
    if step := copying_step(text):
        raise ValidationException(
            f"{place} copies files, and it is built without any: {step}",
            hint=f"{example}, then Environment(image='{environment.name or 'my-image'}:1', …)",
        )
    return text


def _packages(environment: Environment, name: str) -> tuple[Described, list[str]]:
    packages, notices = CondaDependencies(), list[str]()
    where = f"conda_file of {name}"
    given = environment.conda_file
    if isinstance(given, Mapping):
        packages.load(parse_conda(given, where), where)
    else:
        place = in_home(given or "")
        if not place.is_file():
            raise ConfigProblem(
                f"conda_file: there is no {place}.",
                hint=f"The current folder is {Path.cwd()}; a YAML file's paths are relative to the file.",
            )
        packages = CondaDependencies(place)
    version = packages.python_version or ""
    if is_too_old(version):
        notices.append(f"Python {version} is too old for the server: this notebook's version is used")
        packages = packages.with_python("")
    return replace(from_conda(name, packages), variables=packages.variables), notices


def conda_of(found: Described) -> dict[str, Any] | None:
    """Write the packages of a description as a conda file holds them; None if it names none."""
    lines = [*found.options, *found.requirements]
    if not lines and not found.python_version:
        return None
    python = [f"python={found.python_version}"] if found.python_version else []
    return {"name": found.name, "dependencies": [*python, "pip", *([{"pip": lines}] if lines else [])]}
