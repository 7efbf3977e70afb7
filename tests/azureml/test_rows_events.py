"""Rows about what happens when a model is registered, on the process target."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from jupyter_deploy.cli import main
from jupyter_deploy.errors import UsageProblem
from jupyter_deploy.sdk.v1 import Model, Workspace
from jupyter_deploy.workspace import Workspace as LocalWorkspace
from tests.e2e.test_updates import clients

from .test_rows_services import until

SCRIPT = """
import os

def init():
    global kind
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "kind.txt")) as file:
        kind = file.read()
    if kind == "bad":
        raise ValueError("this one is no good")

def run(data):
    return ["first", kind]
"""


def registered(workspace: LocalWorkspace, folder: Path, kind: str) -> str:
    (folder / "kind.txt").write_text(kind)
    return workspace.register("kind", folder / "kind.txt").id


def test_row_2_53_a_new_version_is_deployed_to_the_services_that_follow_its_model(
    workspace: LocalWorkspace,
    ws: Workspace,
    folder: Path,
    capsys: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    registered(workspace, folder, "one")
    (folder / "score.py").write_text(SCRIPT)
    assert main(["deploy", "follower", "--script", "score.py", "--model", "kind", "--follow-model", "latest"]) == 0
    assert "latest kind" in capsys.readouterr().out
    service = workspace.services["follower"]
    url = service.scoring_uri
    with clients(url) as (answers, problems):

        def serves(kind: str) -> None:
            until(lambda: answers and answers[-1][1] == kind)

        serves("one")
        # Each edge.
        registered(workspace, folder, "two")
        serves("two")
        (folder / "kind.txt").write_text("three")
        assert main(["register", "kind", "kind.txt"]) == 0
        serves("three")
        (folder / "kind.txt").write_text("four")
        Model.register(ws, model_path="kind.txt", model_name="kind")
        assert "follower: reloaded in" in capsys.readouterr().out
        serves("four")
        # One that fails is registered all the same, and leaves the old one serving.
        with caplog.at_level(logging.WARNING, "jupyter_deploy"):
            assert registered(workspace, folder, "bad") == "kind:5"
        assert "kind:5 is registered, but follower did not take it" in caplog.text
        assert "this one is no good" in caplog.text
        assert "jupyter model deploy follower" in caplog.text
        assert service.state == "Healthy"
        assert service.record.models == ("kind:4",)
        registered(workspace, folder, "six")
        serves("six")
    assert not problems
    assert "bad" not in {kind for _, kind in answers}
    assert service.scoring_uri == url
    log = service.logs(1000)
    assert "model kind 2 registered: following" in log
    assert "model kind 2: reloaded in" in log
    assert "model kind 5 was not taken: follower still serves its old version" in log
    assert service.as_dict()["follows"] == ["kind"]

    with pytest.raises(UsageProblem, match="kind:2 is a fixed version") as both:
        workspace.deploy("follower", models=["kind:2"])
    assert "--model kind --follow-model latest" in both.value.hint
    workspace.deploy("follower", models=["kind:2"], follow_model="none")
    with pytest.raises(UsageProblem, match="kind:2 is a fixed version"):
        workspace.deploy("follower", follow_model="latest")
    registered(workspace, folder, "seven")
    assert service.record.models == ("kind:2",)
