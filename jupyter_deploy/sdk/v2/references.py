"""How assets are named: ``azureml:name:1``, ``azureml:name@latest``, or Azure's own of a registry."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .exceptions import ValidationException

CREATION = "creation_context"
_REFERENCE = re.compile(r"(?:azureml:)?/?(?P<name>[A-Za-z0-9][\w.\-]*)(?::(?P<version>\w+)|@(?P<label>\w+))?")
_REGISTRY = re.compile(r"azureml://registries/|registries/")
_IN_REGISTRY = re.compile(r".*/(?P<name>[^/]+)/(?:versions|labels)/(?P<version>[^/]+)/?")
# /subscriptions/…/models/NAME/versions/1, as an id that a notebook has kept
_LONG = re.compile(r"(?:azureml:)?/subscriptions/.*/(?P<name>[^/]+)/versions/(?P<version>\d+)")
_CURATED = ("azureml-", "microsoft")


@dataclass(frozen=True)
class Reference:
    """A name, and a version or None for the newest; ``foreign`` where it is Azure's own and is not here."""

    name: str
    version: int | None = None
    foreign: bool = False

    @property
    def local(self) -> str:
        """As the workspace writes it."""
        return f"{self.name}:{self.version}" if self.version else self.name


def asset_id(kind: str, name: str, version: int) -> str:
    """Write a reference."""
    return f"azureml:{name}:{version}"


def reference_of(text: str, what: str) -> Reference:
    """Read a reference to a model, an environment or data."""
    if _REGISTRY.match(text):
        found = _IN_REGISTRY.fullmatch(text)
        return Reference(found["name"] if found else text, foreign=True)
    long = _LONG.fullmatch(text)
    if long:
        return Reference(long["name"], int(long["version"]))
    found = _REFERENCE.fullmatch(text)
    if found is None:
        raise ValidationException(
            f"{text!r} names no {what}.",
            hint=f"{what}='azureml:name:1', or 'azureml:name@latest'; an entity will do, too.",
        )
    name, version, label = found["name"], found["version"], found["label"]
    if name.lower().startswith(_CURATED):
        return Reference(name, foreign=True)
    if label and label.lower() != "latest":
        raise ValidationException(f"{text!r}: the label here is 'latest'.", hint=f"{what}='azureml:{name}@latest'")
    if version and not version.isdecimal():
        raise ValidationException(
            f"{text!r}: a version is a whole number from 1 here.", hint=f"{what}='azureml:{name}:1', or '…@latest'"
        )
    return Reference(name, int(version) if version else None)
