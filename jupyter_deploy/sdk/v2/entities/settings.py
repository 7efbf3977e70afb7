"""The groups of settings within a deployment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ....files import in_home
from ..exceptions import ValidationException
from .entity import Part

_LONGEST_MS = 180_000
_UNITS = {"Ki": 1 << 10, "Mi": 1 << 20, "Gi": 1 << 30, "Ti": 1 << 40, "K": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
_TYPES = ("default", "target_utilization")


def whole(value: Any, what: str, least: int, most: int | None = None) -> None:
    """Refuse anything but a whole number within bounds; None is fine."""
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < least or (most is not None and value > most):
        bounds = f"from {least} to {most}" if most is not None else f"from {least} on"
        raise ValidationException(f"{what} must be a whole number {bounds}, not {value!r}.")


@dataclass(repr=False)
class CodeConfiguration(Part):
    """The folder of a scoring script, and the script within it."""

    PATHS: ClassVar[frozenset[str]] = frozenset({"code"})

    code: str | os.PathLike[str] | None = None
    scoring_script: str | os.PathLike[str] | None = None

    def check(self) -> Path:
        """Return the script's path; refuses one that is not there."""
        if self.code is None or not self.scoring_script:
            lacks = "scoring_script" if self.code is not None else "code"
            raise ValidationException(
                f"The code configuration has no {lacks}.",
                hint="CodeConfiguration(code='./src', scoring_script='score.py')",
            )
        folder = in_home(self.code)
        if not folder.is_dir():
            raise ValidationException(
                f"code: there is no folder {folder}.",
                hint=f"The current folder is {Path.cwd()}; a YAML file's paths are relative to the file.",
            )
        script = folder / self.scoring_script
        if not script.is_file():
            held = sorted(each.name for each in folder.iterdir() if not each.name.startswith("."))
            raise ValidationException(
                f"scoring_script: {self.scoring_script} is not in {folder}.",
                hint=f"The folder holds: {', '.join(held[:10]) or 'nothing'}.",
            )
        return script


@dataclass(repr=False)
class OnlineRequestSettings(Part):
    """What a deployment takes at once, and how long; None is the service's own default here.

    Parameters
    ----------
    max_concurrent_requests_per_instance : int, optional
        Requests that each instance runs at once.
    request_timeout_ms : int, optional
        At most 180,000.
    max_queue_wait_ms : int, optional
        How long a request may wait for its turn.
    """

    max_concurrent_requests_per_instance: int | None = None
    request_timeout_ms: int | None = None
    max_queue_wait_ms: int | None = None

    def check(self) -> None:
        """Refuse numbers that no deployment can have."""
        whole(self.max_concurrent_requests_per_instance, "max_concurrent_requests_per_instance", 1)
        whole(self.request_timeout_ms, "request_timeout_ms", 1, _LONGEST_MS)
        whole(self.max_queue_wait_ms, "max_queue_wait_ms", 0)


@dataclass(kw_only=True, repr=False)
class ProbeSettings(Part):
    """How Azure probes an instance: seconds and counts."""

    failure_threshold: int | None = None
    success_threshold: int | None = None
    timeout: int | None = None
    period: int | None = None
    initial_delay: int | None = None

    def check(self, what: str) -> None:
        """Refuse numbers that no probe can have."""
        for name in self.names():
            whole(getattr(self, name), f"{what}.{name}", 0 if name == "initial_delay" else 1)


@dataclass(kw_only=True, repr=False)
class OnlineScaleSettings(Part):
    """How many instances there are: :class:`DefaultScaleSettings` or :class:`TargetUtilizationScaleSettings`."""

    type: str = "default"

    @classmethod
    def read(cls, values: Mapping[str, Any], folder: Path | None, where: str) -> Any:
        """Make the kind that ``type`` names."""
        kind = str(values.get("type", "default")).lower()
        if kind not in _TYPES:
            raise ValidationException(f"{where}: type cannot be {kind!r}.", hint=f"One of: {', '.join(_TYPES)}.")
        rest = {key: value for key, value in values.items() if key != "type"}
        if kind == "default":
            # Azure's own reader leaves the rest out, too.
            return DefaultScaleSettings()
        own = TargetUtilizationScaleSettings
        return own.read(rest, folder, where) if cls is not own else super().read(rest, folder, where)

    def values(self, folder: Path | None = None) -> dict[str, Any]:
        """Return plain values; the kind among them."""
        return {"type": self.type, **super().values(folder)}

    def check(self) -> None:
        """Refuse bounds that contradict each other."""


@dataclass(kw_only=True, repr=False)
class DefaultScaleSettings(OnlineScaleSettings):
    """As many instances as ``instance_count`` says."""


@dataclass(kw_only=True, repr=False)
class TargetUtilizationScaleSettings(OnlineScaleSettings):
    """Between two bounds, by how busy the instances are."""

    type: str = "target_utilization"
    min_instances: int | None = None
    max_instances: int | None = None
    polling_interval: int | None = None
    target_utilization_percentage: int | None = None

    @classmethod
    def read(cls, values: Mapping[str, Any], folder: Path | None, where: str) -> Any:
        """Make it of a file's values."""
        rest = {key: value for key, value in values.items() if key != "type"}
        return super(OnlineScaleSettings, cls).read(rest, folder, where)

    def check(self) -> None:
        """Refuse bounds that contradict each other."""
        whole(self.min_instances, "min_instances", 1)
        whole(self.max_instances, "max_instances", self.min_instances or 1)
        whole(self.polling_interval, "polling_interval", 1)
        whole(self.target_utilization_percentage, "target_utilization_percentage", 1, 100)


@dataclass(repr=False)
class ResourceSettings(Part):
    """Processors (``"500m"`` is half of one), memory (``"0.5Gi"``) and GPUs of an instance."""

    cpu: str | float | None = None
    memory: str | None = None
    gpu: str | int | None = None

    SPELLED: ClassVar[Mapping[str, str]] = {"gpu": "nvidia.com/gpu"}

    @property
    def cpus(self) -> float | None:
        """How many processors that is."""
        if self.cpu is None:
            return None
        text = str(self.cpu).strip()
        try:
            return float(text[:-1]) / 1000 if text.endswith("m") else float(text)
        except ValueError:
            raise ValidationException(f"cpu cannot be {self.cpu!r}.", hint="For example '500m' or '1'.") from None

    @property
    def bytes(self) -> int | None:
        """How much memory that is."""
        if self.memory is None:
            return None
        text = str(self.memory).strip()
        number = text.rstrip("KMGTi")
        try:
            return int(float(number) * _UNITS.get(text[len(number) :], 1))
        except ValueError:
            raise ValidationException(
                f"memory cannot be {self.memory!r}.", hint="For example '0.5Gi' or '512Mi'."
            ) from None


@dataclass(repr=False)
class ResourceRequirementsSettings(Part):
    """What an instance asks for, and the most that it gets."""

    PARTS: ClassVar[Mapping[str, type[Part]]] = {"requests": ResourceSettings, "limits": ResourceSettings}

    requests: ResourceSettings | None = None
    limits: ResourceSettings | None = None

    def __post_init__(self) -> None:
        for name, part in self.PARTS.items():
            setattr(self, name, part.of(getattr(self, name), name))

    def check(self) -> None:
        """Refuse amounts that are none."""
        for part in (self.requests, self.limits):
            if part is not None:
                _ = part.cpus, part.bytes
