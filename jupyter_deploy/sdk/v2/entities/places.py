"""Workspaces and compute targets: names and sizes that nothing here depends on."""

from __future__ import annotations

from dataclasses import dataclass

from .entity import Entity


@dataclass(kw_only=True, repr=False)
class Workspace(Entity):
    """A name of the one workspace that there is."""

    location: str | None = None
    resource_group: str | None = None
    display_name: str | None = None


@dataclass(kw_only=True, repr=False)
class Compute(Entity):
    """A named size."""

    size: str | None = None
    location: str | None = None
    type: str | None = None

    @property
    def provisioning_state(self) -> str | None:
        """``"Succeeded"``; None before it was created."""
        found: str | None = self._facts.get("provisioning_state")
        return found


@dataclass(kw_only=True, repr=False)
class AmlCompute(Compute):
    """A cluster's name and size."""

    type: str | None = "amlcompute"
    min_instances: int | None = None
    max_instances: int | None = None
    idle_time_before_scale_down: int | None = None
    tier: str | None = None


@dataclass(kw_only=True, repr=False)
class ComputeInstance(Compute):
    """A machine's name and size."""

    type: str | None = "computeinstance"


@dataclass(kw_only=True, repr=False)
class KubernetesCompute(Compute):
    """A cluster's name."""

    type: str | None = "kubernetes"
    namespace: str | None = "default"
    resource_id: str | None = None
