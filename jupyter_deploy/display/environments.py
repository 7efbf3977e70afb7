"""Faces of environments and packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..environments import Environment
from . import markup, plain
from .face import Face

if TYPE_CHECKING:
    from ..deploying import Package


def _rows(environment: Environment) -> list[tuple[str, str]]:
    """List the rows of an environment; of its variables only the names."""
    known = environment.as_dict()
    rows = [
        ("python", environment.python),
        ("packages", ", ".join(known["requirements"])),
        ("base image", environment.base_image or ("from a Dockerfile" if environment.dockerfile else "")),
        ("variables", ", ".join(environment.variables)),
        ("digest", environment.digest[:12]),
        *(("note", notice) for notice in environment.notices),
    ]
    return [(label, value) for label, value in rows if value]


def _text(environment: Environment) -> str:
    version = f":{environment.version}" if environment.version else ", not registered"
    return plain.block(f"Environment {environment.name}{version}", _rows(environment))


def _html(environment: Environment) -> str:
    version = f"environment, version {environment.version}" if environment.version else "environment, not registered"
    title = markup.line(markup.bold(environment.name), markup.muted(version))
    return markup.card(f"environment {environment.name}", title, markup.facts(_rows(environment)))


def _package_rows(package: Package) -> list[tuple[str, str]]:
    rows = [
        ("image" if package.is_image else "folder", package.location),
        ("model", ", ".join(package.models)),
        ("packages", ", ".join(package.environment)),
        ("run it with" if package.is_image else "build it with", package.how),
        ("done", f"in {package.milliseconds / 1000:.1f} s"),
        *(("note", notice) for notice in package.notices),
    ]
    return [(label, value) for label, value in rows if value]


def _package_html(package: Package) -> str:
    title = markup.line(markup.bold(package.name), markup.muted("package"))
    copied = ["image", "folder", "run it with", "build it with"]
    return markup.card(f"package of {package.name}", title, markup.facts(_package_rows(package), copied))


ENVIRONMENT = Face("environment", _text, _html, Environment.as_dict)
PACKAGE = Face(
    "package",
    lambda package: plain.block(f"Package of {package.name}", _package_rows(package)),
    _package_html,
    lambda package: {**package.as_dict(), "how": package.how},
)
