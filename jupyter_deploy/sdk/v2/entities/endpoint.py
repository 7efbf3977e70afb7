"""Endpoints: one address in front of several deployments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from ..exceptions import ValidationException
from .entity import Entity, Part
from .identity import IdentityConfiguration
from .traffic import Shares

# Azure's words for who may call an endpoint, and this package's.
AUTH = {"key": "key", "aml_token": "token", "aad_token": "token"}
_SPOKEN = {"token": "aml_token", "amltoken": "aml_token", "aadtoken": "aad_token"}
_ACCESS = ("enabled", "disabled")
_READ_ONLY = ("id", "scoring_uri", "openapi_uri", "provisioning_state", "kind", "creation_context")


@dataclass(kw_only=True, repr=False)
class Endpoint(Entity):
    """What online and batch endpoints share."""

    auth_mode: str = "key"
    location: str | None = None

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "auth_mode":
            spoken = str(value).lower()
            value = _SPOKEN.get(spoken, spoken)
            if value not in AUTH:
                raise ValidationException(
                    f"auth_mode cannot be {spoken!r}.", hint="One of: key, aml_token, aad_token; token is aml_token."
                )
        super().__setattr__(name, value)

    @classmethod
    def read(cls, values: Mapping[str, Any], folder: Path | None, where: str) -> Any:
        """Make it of a file's values; what the workspace says of an endpoint is left out."""
        rest = {key: value for key, value in values.items() if key not in {*_READ_ONLY, "type"}}
        return super().read(rest, folder, where)

    @property
    def scoring_uri(self) -> str | None:
        """Where its deployments answer; None before it was created."""
        found: str | None = self._facts.get("scoring_uri")
        return found

    @property
    def openapi_uri(self) -> str | None:
        """Where its OpenAPI document is; None before it was created."""
        found: str | None = self._facts.get("openapi_uri")
        return found

    @property
    def provisioning_state(self) -> str | None:
        """``"Succeeded"``, ``"Updating"``, ``"Failed"``…; None before it was created."""
        found: str | None = self._facts.get("provisioning_state")
        return found

    @property
    def kind(self) -> str | None:
        """``"Managed"`` or ``"Kubernetes"``; None before it was created."""
        found: str | None = self._facts.get("kind")
        return found


@dataclass(kw_only=True, repr=False)
class OnlineEndpoint(Endpoint):
    """An address that answers requests at once.

    Parameters
    ----------
    auth_mode : str
        ``"key"``, ``"aml_token"`` or ``"aad_token"``; ``"token"`` is ``"aml_token"``.
    traffic : dict, optional
        Percentages by deployment, whose sum is 0 or 100. Not given, the rules that there are stay.
    mirror_traffic : dict, optional
        The percentage of requests that is copied to one deployment, at most 50.
    location, identity : str, IdentityConfiguration, optional
        Kept and shown; nothing here depends on them.
    """

    PARTS: ClassVar[Mapping[str, type[Part]]] = {"identity": IdentityConfiguration}

    traffic: dict[str, int] = None  # type: ignore[assignment]
    mirror_traffic: dict[str, int] = None  # type: ignore[assignment]
    identity: Any = None

    def __setattr__(self, name: str, value: Any) -> None:
        if name in {"traffic", "mirror_traffic"}:
            before = self.__dict__.get(name)
            value = Shares.of(value, before, name)
        super().__setattr__(name, value)


@dataclass(kw_only=True, repr=False)
class ManagedOnlineEndpoint(OnlineEndpoint):
    """An endpoint of machines that Azure manages; here they are this machine."""

    public_network_access: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        access = self.public_network_access
        if access is not None and str(access).lower() not in _ACCESS:
            raise ValidationException(
                f"public_network_access cannot be {access!r}.", hint=f"One of: {', '.join(_ACCESS)}."
            )


@dataclass(kw_only=True, repr=False)
class KubernetesOnlineEndpoint(OnlineEndpoint):
    """An endpoint on a cluster; here it is on this machine."""

    compute: str | None = None


@dataclass(frozen=True)
class EndpointAuthKeys:
    """The keys of an endpoint; either opens it, and neither is shown."""

    primary_key: str
    secondary_key: str

    def __repr__(self) -> str:
        return "EndpointAuthKeys(primary_key='********', secondary_key='********')"


@dataclass(frozen=True)
class EndpointAuthToken:
    """A token of an endpoint, which is not shown; times are seconds since 1970, as Azure has them."""

    access_token: str = field(repr=False)
    expiry_time_utc: float = 0
    refresh_after_time_utc: float = 0
    token_type: str = "Bearer"  # noqa: S105 - the scheme of the header

    @property
    def expires(self) -> datetime:
        """When it expires, in local time."""
        return datetime.fromtimestamp(self.expiry_time_utc).astimezone()
