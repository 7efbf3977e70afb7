"""``azureml.core.resource_configuration``."""

from __future__ import annotations

from typing import Any

from ...registry import Resources
from .vocabulary import Vocabulary


class ResourceConfiguration(metaclass=Vocabulary):
    """What a service of the model gets unless its deployment says otherwise."""

    def __init__(self, cpu: float | None = None, memory_in_gb: float | None = None, gpu: int | None = None) -> None:
        self._resources = Resources(cpu, memory_in_gb, gpu)
        self.cpu, self.memory_in_gb, self.gpu = cpu, memory_in_gb, gpu

    def __repr__(self) -> str:
        return f"ResourceConfiguration(cpu={self.cpu}, memory_in_gb={self.memory_in_gb}, gpu={self.gpu})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ResourceConfiguration) and self.serialize() == other.serialize()

    __hash__ = object.__hash__

    def serialize(self) -> dict[str, Any]:
        """Return plain values under the SDK's keys."""
        return {"cpu": self.cpu, "memoryInGB": self.memory_in_gb, "gpu": self.gpu}

    @staticmethod
    def deserialize(payload_obj: dict[str, Any] | None) -> ResourceConfiguration | None:
        """Read what :meth:`serialize` wrote."""
        if payload_obj is None:
            return None
        return ResourceConfiguration(payload_obj.get("cpu"), payload_obj.get("memoryInGB"), payload_obj.get("gpu"))
