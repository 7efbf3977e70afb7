"""What of a deployment's requests is collected."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..exceptions import ValidationException
from .entity import Part

_ROLLING = ("minute", "hour", "day")
_BOOLEANS = {"true": "true", "false": "false"}


@dataclass(kw_only=True, repr=False)
class DataAsset(Part):
    """Where Azure keeps a collection; here it is in the workspace's folder."""

    data_id: str | None = None
    name: str | None = None
    path: str | None = None
    version: int | None = None


@dataclass(kw_only=True, repr=False)
class DeploymentCollection(Part):
    """One collection, and whether it is on."""

    PARTS: ClassVar[Mapping[str, type[Part]]] = {}

    enabled: str | bool | None = None
    data: Any = None
    client_id: str | None = None

    def __post_init__(self) -> None:
        if isinstance(self.data, Mapping):
            self.data = DataAsset.read(self.data, None, "data")
        if self.enabled is not None and str(self.enabled).lower() not in _BOOLEANS:
            raise ValidationException(f"enabled cannot be {self.enabled!r}.", hint="enabled='true'")

    @property
    def is_on(self) -> bool:
        """Whether it collects."""
        return str(self.enabled).lower() == "true"


@dataclass(kw_only=True, repr=False)
class RequestLogging(Part):
    """Headers that Azure keeps with what it collects."""

    capture_headers: list[str] | None = None


@dataclass(repr=False)
class DataCollector(Part):
    """What is collected of requests: ``request`` and ``response``, or what the script's collectors are given.

    Parameters
    ----------
    collections : mapping
        Collections by name.
    sampling_rate : float, optional
        The share of requests that are kept, from 0 to 1.
    """

    PARTS: ClassVar[Mapping[str, type[Part]]] = {"request_logging": RequestLogging}

    collections: dict[str, DeploymentCollection]
    rolling_rate: str | None = field(default=None, kw_only=True)
    sampling_rate: float | None = field(default=None, kw_only=True)
    request_logging: RequestLogging | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        if not isinstance(self.collections, Mapping):
            raise ValidationException(
                "collections must be a dictionary.",
                hint="collections={'model_inputs': DeploymentCollection(enabled='true')}",
            )
        self.collections = {
            str(name): DeploymentCollection.of(one, f"collections.{name}") for name, one in self.collections.items()
        }
        self.request_logging = RequestLogging.of(self.request_logging, "request_logging")
        if self.rolling_rate is not None and str(self.rolling_rate).lower() not in _ROLLING:
            raise ValidationException(
                f"rolling_rate cannot be {self.rolling_rate!r}.", hint=f"One of: {', '.join(_ROLLING)}."
            )
        rate = self.sampling_rate
        if rate is not None and (isinstance(rate, bool) or not isinstance(rate, (int, float)) or not 0 <= rate <= 1):
            raise ValidationException(f"sampling_rate must be from 0 to 1, not {rate!r}.")

    def settings(self) -> dict[str, str | int | float | bool]:
        """Return the server's settings that follow: whole requests, what the script collects, or nothing."""
        on = {name.lower() for name, one in self.collections.items() if one.is_on}
        kept = "requests" if on & {"request", "response"} else "script" if on else "off"
        rate: dict[str, str | int | float | bool] = {}
        if self.sampling_rate is not None:
            rate["collect_sampling_rate"] = float(self.sampling_rate)
        return {"collect": kept, **rate}
