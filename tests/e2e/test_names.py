"""From a script of any name to a service in one step, found again under both names."""

from __future__ import annotations

import pytest

from jupyter_deploy.errors import NotFound, UsageProblem
from jupyter_deploy.workspace import Service, Workspace

from .conftest import DOUBLE

LONG = "a_very_long_name_" * 5 + "for_churn"


@pytest.mark.parametrize("name", ["churn_model", "Preis_für_Öl", LONG])
def test_a_script_of_any_name_is_served_in_one_step(workspace: Workspace, name: str) -> None:
    workspace.register("churn_model", {"a": 1})
    workspace.score_script(name, DOUBLE)
    service = workspace.deploy(name)
    assert service.change is not None
    assert f"service {service.name}, because" in service.change.notes[0]
    assert workspace.services[name].invoke([2]) == workspace.services[service.name].invoke([2]) == [4]
    assert name in workspace.services
    assert service.record.models == (("churn_model:1",) if name == "churn_model" else ())
    assert workspace.deploy(name).change.action == "unchanged"  # type: ignore[union-attr]
    assert workspace.deploy(service.name).change.action == "unchanged"  # type: ignore[union-attr]
    assert workspace.score_script(name, DOUBLE.replace("2 *", "3 *")).changes[0].service == service.name
    workspace.services[name].delete()
    assert name not in workspace.services


def test_two_scripts_that_would_be_the_same_service_are_told_so(workspace: Workspace, double: Service) -> None:
    workspace.score_script("Double", DOUBLE)
    # "double" is that script's own service; the other one's name would be the same.
    with pytest.raises(UsageProblem, match="Service double serves the script double; the script Double") as caught:
        workspace.deploy("Double")
    assert caught.value.hint.endswith("jupyter model deploy double-2 --script Double")
    with pytest.raises(NotFound, match="Service double serves the script double, not Double"):
        workspace.services["Double"]
    assert "Double" not in workspace.services
    assert workspace.deploy("double").change.action == "unchanged"  # type: ignore[union-attr]
    other = workspace.deploy("double-2", script="Double")
    with pytest.raises(NotFound, match="the script of that name is served by double-2"):
        workspace.services["Double"]
    other.delete()
    double.delete()
    workspace.score_script("double_", DOUBLE)
    with pytest.raises(UsageProblem, match=r"Several scripts would be the service do-uble: Do\.uble, do_uble"):
        for name in ("Do.uble", "do_uble"):
            workspace.score_script(name, DOUBLE)
        workspace.deploy("do-uble")


def test_a_model_that_needs_a_script_says_what_is_missing(workspace: Workspace) -> None:
    workspace.register("fraud", {"a": 1})
    with pytest.raises(UsageProblem, match=r"fraud:1 cannot be served without a script: .*Custom") as caught:
        workspace.deploy("fraud")
    assert "%%score_script fraud" in caught.value.hint
