"""The live view of a rollout, over its rows alone."""

from __future__ import annotations

from dataclasses import replace

from jupyter_deploy.endpoints import EndpointRecord, Endpoints, Plan, RolloutRecord
from jupyter_deploy.widgets.rollout import RolloutView
from jupyter_deploy.workspace import Workspace


def test_it_follows_the_newest_rollout_until_its_endpoint_is_deleted(workspace: Workspace) -> None:
    rows = Endpoints(workspace._database)
    rows.put(EndpointRecord("shop"))
    first = rows.rollouts.add(RolloutRecord("shop", "green", "blue", Plan()))
    rows.rollouts.put(replace(first, state="promoted", reason="made final", cleaned=True))
    view = RolloutView(workspace.endpoints["shop"])
    assert (view.facts["title"], view.facts["state"]) == ("Rollout of green at shop", "promoted")
    second = rows.rollouts.add(RolloutRecord("shop", "red<script>", "green", Plan()))
    rows.rollouts.put(replace(second, state="rolled back", reason="errors", cleaned=True))
    assert view.look()
    assert (view.facts["title"], view.facts["awaits"]) == ("Rollout of red<script> at shop", [])
    assert "red&lt;script&gt;" in view.summary()
    assert "<script>" not in view.summary()
    rows.remove("shop")
    assert view.look()
    assert view.facts["state"] == "deleted"
    assert "its endpoint was deleted" in view.text()
