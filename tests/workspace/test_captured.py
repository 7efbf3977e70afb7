"""What scripts take from notebooks: named after the script, no model of the list, pruned when nothing needs it."""

from __future__ import annotations

from array import array
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.capture import Notebook
from jupyter_deploy.errors import NotFound
from jupyter_deploy.scripts import Script
from jupyter_deploy.services import ServiceRecord, ServiceSpec
from jupyter_deploy.verbs import Session, find, parser_of
from jupyter_deploy.widgets.browser import ModelBrowser
from jupyter_deploy.workspace import Workspace, Written

CELL = "def run(data):\n    return {}\n"


def fitted(weight: float) -> object:
    """Data that is no constant."""
    return array("d", [weight])


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "home")


def written(workspace: Workspace, name: str, **values: Any) -> Written:
    cell = CELL.format("[" + ", ".join(values) + "] and None")
    return workspace.score_script(name, cell, folder=workspace.home.root, notebook=Notebook(values))


def served(workspace: Workspace, name: str, *models: str, desired: str = "running") -> None:
    """A service's row, as a deployment leaves it."""
    workspace._rows.put(ServiceRecord(ServiceSpec(name, name), "0" * 64, models, desired=desired))


def pruned(workspace: Workspace) -> list[str]:
    found = [item for item in workspace.housekeeping.leftovers() if item.kind == "captured value"]
    return [item.name for item in workspace.housekeeping.remove(found)]


def test_captured_data_is_named_after_its_own_script(workspace: Workspace) -> None:
    value = fitted(1.0)
    registered = workspace.register("best", value)
    assert written(workspace, "price", lr=value).models == ("price-lr:1",)
    dock = written(workspace, "dock", lr=value)
    assert dock.models == ("dock-lr:1",)
    assert "price" not in dock.source
    assert "best" not in dock.source
    assert written(workspace, "price", lr=value, other=value).models == ("price-lr:1",)
    assert workspace.models.get("dock-lr").digest == registered.digest
    # Only bytes are shared.
    assert len(list(workspace.home.artifacts.iterdir())) == 1


def test_a_model_registered_under_the_scripts_own_name_is_not_what_was_captured(workspace: Workspace) -> None:
    value = fitted(1.0)
    workspace.register("price-lr", value)
    assert written(workspace, "price", lr=value).models == ("price-lr:2",)
    # The name alone is the registered model, whatever was captured since.
    assert workspace.models.get("price-lr").version == 1
    assert workspace.models.get("price-lr:2").captured_by == "price"
    assert [model.id for model in workspace.models.list()] == ["price-lr:1"]


def test_what_was_captured_is_no_model_of_the_list_unless_it_is_asked_for(workspace: Workspace) -> None:
    workspace.register("best", fitted(2.0))
    written(workspace, "price", lr=fitted(1.0))
    assert workspace.models.names() == list(workspace.models) == ["best"]
    assert "price-lr" not in workspace.models
    assert [model.id for model in workspace.models.list(latest=True)] == ["best:1"]
    assert {model.id for model in workspace.models.list(captured=True)} == {"best:1", "price-lr:1"}
    assert workspace.models.get("price-lr:1").id == workspace.models.get("price-lr").id == "price-lr:1"
    assert [model.id for model in workspace.models.list("price-lr")] == ["price-lr:1"]


def test_the_verb_and_the_browser_leave_it_out_unless_asked(workspace: Workspace) -> None:
    workspace.register("best", fitted(2.0))
    written(workspace, "price", lr=fitted(1.0))
    session = Session(lambda _: None, lambda _: None, lambda _: True)
    verb = find("models")

    def ids(*words: str) -> set[str]:
        return {model.id for model in verb.run(workspace, parser_of(verb, "models").parse_args(words), session)}

    assert ids() == {"best:1"}
    assert ids("--captured") == {"best:1", "price-lr:1"}
    for captured, names in ((False, {"best"}), (True, {"best", "price-lr"})):
        browser = ModelBrowser(workspace, captured=captured)
        browser.look()
        assert {entry["name"] for entry in browser.models} == names
        browser.close()


def test_a_service_does_not_get_a_captured_value_as_the_model_of_its_name(workspace: Workspace) -> None:
    written(workspace, "price", lr=fitted(1.0))
    plain = workspace.score_script(
        "price-lr", "import os\ndef run(data):\n    return os.environ['AZUREML_MODEL_DIR']\n"
    )
    with workspace._database.claims.open() as opened:
        wanted = workspace._deployment._resolver.resolve(ServiceSpec("price-lr", "price-lr"), opened, plain.script)
    assert wanted.model_ids == ()


def test_properties_alone_make_no_captured_value(workspace: Workspace) -> None:
    pairs = {"captured_by": "%%score_script price", "variable": "lr"}
    workspace.register("mine", fitted(1.0), properties=pairs)
    workspace.register("price-lr", fitted(1.0), properties={"captured_by": "me"})
    assert workspace.models.names() == ["mine", "price-lr"]


def test_prune_removes_what_no_script_and_no_service_uses(workspace: Workspace) -> None:
    for weight in (1.0, 2.0, 3.0):
        written(workspace, "price", lr=fitted(weight))
    served(workspace, "old", "price-lr:1", desired="stopped")
    registered = workspace.register("best", fitted(2.0))
    # 1 is a stopped service's, 3 the stored script's, and the bytes of 2 are the registered model's as well.
    assert pruned(workspace) == ["price-lr:2"]
    assert (workspace.home.artifacts / registered.digest).exists()
    workspace._rows.remove("old")
    gone = workspace.models.get("price-lr:1").digest
    assert pruned(workspace) == ["price-lr:1"]
    assert not (workspace.home.artifacts / gone).exists()
    assert pruned(workspace) == []
    assert {model.id for model in workspace.models.list(captured=True)} == {"best:1", "price-lr:3"}
    # A number is not given twice.
    assert written(workspace, "price", lr=fitted(1.0)).models == ("price-lr:4",)


def test_prune_leaves_what_is_just_being_captured(workspace: Workspace) -> None:
    written(workspace, "price", lr=fitted(1.0))
    digest = workspace.models.get("price-lr").digest
    written(workspace, "price", lr=fitted(2.0))
    with workspace._database.claims.open() as opened:
        opened.claim(digest)
        assert pruned(workspace) == []
    assert pruned(workspace) == ["price-lr:1"]
    with pytest.raises(NotFound, match="price-lr and version 1"):
        workspace.models.get("price-lr:1")


def test_an_older_workspaces_captured_values_are_known_by_what_they_carry(workspace: Workspace, tmp_path: Path) -> None:
    pairs = {"captured_by": "%%score_script price", "variable": "größe"}
    # As older versions of this package wrote it, and let another script refer to it because the bytes were the same.
    workspace.register("price-grxf6xdfe", fitted(1.0), properties=pairs)
    workspace.scripts.put(Script("dock", "def run(data):\n    return 1\n", "", models=("price-grxf6xdfe:1",)))
    again = Workspace(tmp_path / "home")
    assert again.models.list() == []
    assert again.models.get("price-grxf6xdfe:1").captured_by == "price"
    assert pruned(again) == []
    with again._database.claims.open() as opened:
        spec = ServiceSpec("any", "dock", models=("price-grxf6xdfe:1",))
        assert again._deployment._resolver.resolve(spec, opened).model_ids == ("price-grxf6xdfe:1",)
