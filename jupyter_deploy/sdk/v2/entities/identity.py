"""Identities of the cloud: kept and written, never used."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from .entity import Part


@dataclass(kw_only=True, repr=False)
class ManagedIdentityConfiguration(Part):
    """An identity that the cloud manages."""

    client_id: str | None = None
    resource_id: str | None = None
    object_id: str | None = None
    principal_id: str | None = None


@dataclass(kw_only=True, repr=False)
class UserIdentityConfiguration(Part):
    """The user's own identity."""


@dataclass(kw_only=True, repr=False)
class AmlTokenConfiguration(Part):
    """A token of the cloud's workspace."""


@dataclass(kw_only=True, repr=False)
class IdentityConfiguration(Part):
    """The identity of an endpoint in the cloud; nothing here asks for it."""

    PARTS: ClassVar[Mapping[str, type[Part]]] = {}

    type: str
    user_assigned_identities: list[Any] | None = None
    principal_id: str | None = None
    tenant_id: str | None = None

    @classmethod
    def read(cls, values: Mapping[str, Any], folder: Path | None, where: str) -> Any:
        """Make it of a file's values; identities may be objects or their resources' addresses."""
        listed = values.get("user_assigned_identities")
        made = [
            ManagedIdentityConfiguration.read(each, folder, f"{where}: user_assigned_identities")
            if isinstance(each, Mapping)
            else ManagedIdentityConfiguration(resource_id=str(each))
            for each in listed or ()
        ]
        return super().read({**values, **({"user_assigned_identities": made} if made else {})}, folder, where)
