"""Rows about what happens when a model is registered, or a service's state changes, on the process target."""

from __future__ import annotations

import json
import logging
import os
import shlex
import signal
import sys
from pathlib import Path

import pytest

from jupyter_deploy.cli import main
from jupyter_deploy.errors import ReloadFailed, UsageProblem
from jupyter_deploy.sdk.v1 import Model, Workspace
from jupyter_deploy.workspace import Workspace as LocalWorkspace
from tests.e2e.test_updates import clients
from tests.receiver import receiving

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


def test_row_2_71_a_hook_is_told_of_each_change_of_state(workspace: LocalWorkspace, folder: Path) -> None:
    registered(workspace, folder, "one")
    (folder / "score.py").write_text(SCRIPT)
    told = folder / "told.jsonl"
    code = "import sys; open(sys.argv[1], 'a').write(sys.stdin.read() + chr(10))"
    command = shlex.join([sys.executable, "-c", code, str(told)])
    with receiving() as receiver:
        receiver.statuses = [503]
        hook = f"http://user:pass-word@127.0.0.1:{receiver.port}/changes?key=secret"
        service = workspace.deploy("watched", script=folder / "score.py", models=["kind"], on_change=[hook, command])

        def changes(count: int) -> list[tuple[str | None, str]]:
            # The first one is sent twice, since the first try was answered 503.
            until(lambda: len(receiver.received) > count and len(told.read_text().splitlines()) >= count)
            return [(one["from"], one["to"]) for one in receiver.documents[1:]]

        assert changes(1) == [(None, "Healthy")]
        first = receiver.received[0]
        assert first.path == "/changes?key=secret"
        assert first.headers["authorization"] == "Basic dXNlcjpwYXNzLXdvcmQ="
        assert first.document["service"] == "watched"
        assert first.document["reason"] == "created"
        assert first.document["url"] == service.scoring_uri
        assert first.document["generation"] == 1
        assert first.document["bundle"] == service.record.bundle
        assert first.document["time"].endswith("Z")
        # The server itself notices that its worker died.
        os.kill(service.health.workers[0], signal.SIGKILL)
        assert changes(3)[1:] == [("Healthy", "Unhealthy"), ("Unhealthy", "Healthy")]
        assert receiver.documents[2]["url"] == service.scoring_uri
        assert receiver.documents[2]["bundle"] == service.record.bundle
        registered(workspace, folder, "bad")
        with pytest.raises(ReloadFailed):
            workspace.deploy("watched")
        assert changes(4)[3:] == [("Healthy", "Healthy")]
        assert "this one is no good" in receiver.documents[4]["reason"]
        workspace.deploy("watched", models=["kind:1"], workers=2)
        assert changes(5)[4:] == [("Healthy", "Healthy")]
        assert "workers" in receiver.documents[5]["reason"]
        service.stop()
        assert changes(6)[5:] == [("Healthy", "Stopped")]
        workspace.deploy("watched")
        assert changes(7)[6:] == [("Stopped", "Healthy")]
        shown = json.dumps(service.as_dict()) + repr(service.record) + service.logs(1000)
        assert "pass-word" not in shown
        assert "key=secret" not in shown
        assert f"http://***@127.0.0.1:{receiver.port}/changes?***" in service.as_dict()["on_change"]
        service.delete()
        assert changes(8)[7:] == [("Healthy", "Deleted")]
        documents = [json.loads(line) for line in told.read_text().splitlines()]
        assert [one["to"] for one in documents] == [one["to"] for one in receiver.documents[1:]]


def test_a_hook_that_fails_is_a_line_in_the_log_and_no_change_waits(workspace: LocalWorkspace, folder: Path) -> None:
    registered(workspace, folder, "one")
    (folder / "score.py").write_text(SCRIPT)
    fails = shlex.join([sys.executable, "-c", "import sys; sys.exit('no http://u:pass-word@host/ today')"])
    with receiving() as receiver:
        receiver.statuses = [404]
        hook = f"http://u:pass-word@127.0.0.1:{receiver.port}/?key=secret"
        with pytest.raises(UsageProblem, match="no program 'not-there'"):
            workspace.deploy("hooked", script=folder / "score.py", models=["kind"], on_change=["not-there --x"])
        service = workspace.deploy("hooked", script=folder / "score.py", models=["kind"], on_change=[hook, fails])
        until(lambda: "it answered 404" in service.logs() and "it ended with 1" in service.logs())
    assert "it ended with 1: no *** today" in service.logs()
    assert "pass-word" not in service.logs()
    assert "secret" not in service.logs()
    assert workspace.deploy("hooked", on_change="none").as_dict()["on_change"] == []


def test_the_server_tells_what_no_process_waits_for(workspace: LocalWorkspace, folder: Path) -> None:
    registered(workspace, folder, "one")
    (folder / "score.py").write_text(SCRIPT)
    with receiving() as receiver:
        hook = [receiver.url]

        def told(count: int) -> list[tuple[str | None, str]]:
            until(lambda: len(receiver.documents) >= count)
            return [(one["from"], one["to"]) for one in receiver.documents]

        service = workspace.deploy("later", script=folder / "score.py", models=["kind"], on_change=hook, wait=False)
        assert told(2) == [(None, "Transitioning"), ("Transitioning", "Healthy")]
        # Its watcher starts another front.
        os.kill(service.health.pid, signal.SIGKILL)
        assert told(3)[2:] == [("Failed", "Healthy")]
        assert "the front was killed by SIGKILL" in receiver.documents[2]["reason"]
        workspace.deploy("later", on_change="none")
        registered(workspace, folder, "bad")
        workspace.deploy("worse", script=folder / "score.py", models=["kind"], on_change=hook, wait=False)
        assert told(5)[3:] == [(None, "Transitioning"), ("Transitioning", "Failed")]
        assert "this one is no good" in receiver.documents[4]["reason"]
