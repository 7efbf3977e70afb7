"""Compute targets are kept as they were asked for."""

from __future__ import annotations

import pytest

from jupyter_deploy.compute import Cluster
from jupyter_deploy.errors import NotFound, UsageProblem
from jupyter_deploy.workspace import Workspace


def test_a_target_is_found_again_until_it_is_deleted(workspace: Workspace) -> None:
    workspace.compute_targets.put(Cluster("aks-1", nodes=2, size="Standard_D2_v2", location="eastus"))
    found = Workspace(workspace.home.root).compute_targets.get("aks-1")
    assert (found.kind, found.nodes, found.size, found.location) == ("AKS", 2, "Standard_D2_v2", "eastus")
    assert found.created is not None
    with pytest.raises(NotFound) as caught:
        workspace.compute_targets.get("aks-2")
    assert "aks-1" in caught.value.hint
    workspace.compute_targets.delete("aks-1")
    assert workspace.compute_targets.list() == []


@pytest.mark.parametrize("name", ["", "a", "1aks", "much-too-long-a-name", "a_b"])
def test_names_are_those_of_the_cloud(workspace: Workspace, name: str) -> None:
    with pytest.raises(UsageProblem, match="cannot be a compute target's name"):
        workspace.compute_targets.put(Cluster(name))
