"""``ml_client.workspaces`` and ``ml_client.compute``: names and sizes that nothing here depends on."""

from __future__ import annotations

import builtins
from typing import Any, NoReturn

from ....compute import Cluster
from ....workspace import Label
from ....workspace import Workspace as LocalWorkspace
from ..entities import AmlCompute, ComputeInstance, KubernetesCompute, Workspace
from ..exceptions import ResourceNotFoundError, UnsupportedOperationError, ValidationException
from ..poller import LROPoller, entity_of
from ..vocabulary import Vocabulary
from .versions import SystemData, texts

_KINDS = {"AmlCompute": AmlCompute, "ComputeInstance": ComputeInstance, "KubernetesCompute": KubernetesCompute}


class WorkspaceOperations(metaclass=Vocabulary):
    """Names of the one workspace that there is."""

    def __init__(self, workspace: LocalWorkspace, name: str) -> None:
        self._workspace = workspace
        self._name = name

    def get(self, name: str | None = None, **_: Any) -> Workspace:
        """Return the workspace under a name; any name will do."""
        name = name or self._name
        return _named(self._workspace.labels.find(name) or Label(name))

    def list(self, **_: Any) -> builtins.list[Workspace]:
        """List the names that were used."""
        return [_named(label) for label in self._workspace.labels.list()]

    def begin_create(self, workspace: Workspace, **_: Any) -> LROPoller[Workspace]:
        """Give the workspace a name."""
        given = entity_of(workspace)
        label = Label(given.name, "", given.resource_group or "", given.location or "", texts(given.tags))
        return LROPoller(f"workspace {given.name}", lambda _: _named(self._workspace.labels.put(label)))

    def begin_update(self, workspace: Workspace, **_: Any) -> LROPoller[Workspace]:
        """Change the labels of a name."""
        return self.begin_create(workspace)

    def begin_delete(self, name: str, **_: Any) -> NoReturn:
        """Refused: there is one workspace, and deleting it would delete all that is in it."""
        raise UnsupportedOperationError(
            "The workspace is not deleted from a notebook.", hint=f"It is the folder {self._workspace.home.root}."
        )


class ComputeOperations(metaclass=Vocabulary):
    """Names and sizes of compute targets."""

    def __init__(self, workspace: LocalWorkspace) -> None:
        self._workspace = workspace

    def get(self, name: str) -> Any:
        """Find one; with the nearest name where there is none."""
        found = {each.name: each for each in self._workspace.compute_targets.list()}
        if name not in found:
            known = f"There are: {', '.join(sorted(found))}." if found else "There is none yet."
            raise ResourceNotFoundError(
                f"Compute {name!r} was not found.",
                hint=f"{known} Create it: ml_client.compute.begin_create_or_update(AmlCompute(name={name!r}))",
                status_code=404,
            )
        return _compute(found[name])

    def list(self, *, compute_type: str | None = None) -> builtins.list[Any]:
        """List them by name."""
        made = [_compute(each) for each in self._workspace.compute_targets.list()]
        return [each for each in made if compute_type is None or str(each.type).lower() == compute_type.lower()]

    def begin_create_or_update(self, compute: Any) -> LROPoller[Any]:
        """Keep a name and a size."""
        given = entity_of(compute)
        if type(given).__name__ not in _KINDS:
            raise ValidationException(f"A {type(given).__name__} is no compute target.", hint="AmlCompute(name='cpu')")
        least, most = getattr(given, "min_instances", None) or 0, getattr(given, "max_instances", None) or 1
        cluster = Cluster(
            str(given.name), type(given).__name__, least, most, given.size or "", given.location or "", created=None
        )
        return LROPoller(f"compute {given.name}", lambda _: _compute(self._workspace.compute_targets.put(cluster)))

    def begin_delete(self, name: str, *, action: str = "Delete") -> LROPoller[None]:
        """Forget one."""
        self.get(name)
        return LROPoller(f"compute {name}", lambda _: self._workspace.compute_targets.delete(name))


def _named(label: Label) -> Workspace:
    made = Workspace(
        name=label.name, location=label.location or "local", resource_group=label.resource_group, tags=dict(label.tags)
    )
    made._facts.update({"id": label.name, "creation_context": SystemData(created_at=label.created)})
    return made


def _compute(cluster: Cluster) -> Any:
    kind = _KINDS.get(cluster.kind, AmlCompute)
    made = kind(name=cluster.name, size=cluster.size or None, location=cluster.location or None)
    if isinstance(made, AmlCompute):
        made.min_instances, made.max_instances = cluster.nodes, cluster.most_nodes
    made._facts.update({"id": cluster.name, "provisioning_state": "Succeeded"})
    return made
