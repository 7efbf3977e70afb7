"""No key, token or password is seen where others look, on plain processes; ``docker/test_secrets.py`` has images."""

from __future__ import annotations

import base64
import json
import stat
from pathlib import Path
from urllib.parse import quote

import nbformat
import pytest
import requests
from nbclient import NotebookClient

from jupyter_deploy.cli import main
from jupyter_deploy.display import bundle, text
from jupyter_deploy.errors import InvokeProblem
from jupyter_deploy.workspace import Service, Workspace
from tests.secrecy import ArgumentsWatched, Secrets, lines_of_pem, rows_of
from tests.workspace.test_tls import pair

from .conftest import until

SCRIPT = """
import json, os
from azureml.monitoring import ModelDataCollector

def init():
    global inputs
    inputs = ModelDataCollector("m", designation="inputs")
    assert os.environ["PASSWORD"]

def run(data):
    value = json.loads(data)
    inputs.collect([value])
    if value < 0:
        raise ValueError("below nothing")
    return value + 1
"""
CELLS = [
    "%load_ext jupyter_deploy",
    "from jupyter_deploy import Workspace\nservice = Workspace().services['guarded']\nservice",
    "%model services",
    "%model keys guarded",
    "%model token tokened",
    "%model state guarded",
    "%invoke guarded 1",
    "%model logs guarded",
    "%model collected guarded --bodies",
    "%model view card guarded",
    "%deploy guarded --workers 1",
    "service.get_keys(), Workspace().services['tokened'].get_token(), service.record",
    "print(service.snippet(1, 'curl'), service.snippet(1, 'python'))",
]
# Files that hold secrets: for their owner only.
PRIVATE = {"keys.json", "auth.json", "admin.token", "config.json", "served.json"}


@pytest.fixture
def secrets() -> Secrets:
    return Secrets()


@pytest.fixture
def guarded(workspace: Workspace, tmp_path: Path, secrets: Secrets) -> Service:
    """A service with keys that are given, a password, the user's own certificate, and an address for its changes."""
    (tmp_path / "score.py").write_text(SCRIPT)
    certificate, key = pair(tmp_path, "localhost")
    for line in lines_of_pem(key.read_text()):
        secrets.add("the certificate's key", line)
    hook = (
        quote(secrets.add("a hook's password", "hook:pass/0815"), safe=""),
        secrets.add("a hook's token", "hook-token-4711"),
    )
    given = {"primary": secrets.add("a given key", "given+key/of&mine"), "secondary": None}
    return workspace.deploy(
        "guarded",
        script=tmp_path / "score.py",
        auth="key",
        keys=given,
        tls=certificate,
        tls_key=key,
        variables={"PASSWORD": secrets.add("a variable", "pass:word/4711+x")},
        settings={"collect": "requests"},
        # No server listens there, so the log has a line about it.
        on_change="http://robot:{}@127.0.0.1:1/changes?token={}".format(*hook),
    )


def tokened(workspace: Workspace, folder: Path, secrets: Secrets) -> Service:
    service = workspace.deploy("tokened", script=folder / "score.py", auth="token", variables={"PASSWORD": "no secret"})
    secrets.add("a token", service.get_token().token)
    return service


def asked(service: Service, bearer: str) -> int:
    headers = {"Authorization": f"Bearer {bearer}"}
    verify = service.certificate or True
    url = service.scoring_uri.replace("127.0.0.1", "localhost") if service.certificate else service.scoring_uri
    return requests.post(url, "1", headers=headers, verify=verify, timeout=20).status_code


def said(capsys: pytest.CaptureFixture[str], folder: Path) -> list[str]:
    """What the verbs say, for people and for programs."""
    found = []
    for words in (
        "services", "state guarded", "keys guarded", "token tokened", "logs guarded", "stats guarded", "models",
        "collected guarded --bodies", "invoke guarded 1", "invoke guarded -- -1", "deploy guarded --workers 2",
        "reload guarded", "keys guarded --regenerate primary --set env:NEW_KEY", "keys guarded --regenerate secondary",
        f"package guarded --folder {folder}/package", "overview", "state tokened", "logs tokened",
    ):  # fmt: skip
        for more in ([], ["--json"]):
            if "logs" in words and more:
                continue
            main([*words.split(), *more])
            out, err = capsys.readouterr()
            assert out + err
            found += [out, err]
    return found


def saved_notebook(folder: Path) -> str:
    """A notebook's text, with all outputs, as it is saved."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    NotebookClient(notebook, timeout=60, kernel_name="python3").execute(cwd=str(folder))
    outputs = [cell for cell in notebook.cells if cell.outputs]
    assert len(outputs) >= 10
    nbformat.write(notebook, folder / "saved.ipynb")
    return (folder / "saved.ipynb").read_text()


@pytest.mark.parametrize("before", ["", "a", "ab", "robot:"])
def test_the_search_finds_a_secret_in_each_form(before: str) -> None:
    secret = 'p&ss "word"/+ü'
    secrets = Secrets()
    secrets.add("it", secret)
    text = f"{before}{secret}, and more"
    encoded = base64.b64encode(text.encode())
    for shown in (
        text,
        quote(text, safe=""),
        json.dumps(text, ensure_ascii=True),
        encoded,
        base64.urlsafe_b64encode(text.encode()),
    ):
        assert secrets.shown_by(shown), shown
    assert not secrets.shown_by(text.replace("p&ss", "p&s"), b"", {"a": 1})


def test_no_secret_is_where_others_look(
    guarded: Service, workspace: Workspace, home: Path, tmp_path: Path, secrets: Secrets,
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    secrets.add("a made key", guarded.get_keys().secondary)
    for path in home.rglob("admin.token"):
        secrets.add("an admin token", path.read_text())
    with ArgumentsWatched() as arguments:
        other = tokened(workspace, tmp_path, secrets)
        assert guarded.invoke(1) == other.invoke(1) == 2
        with pytest.raises(InvokeProblem) as failed:
            guarded.invoke(-1)
        keys, token = guarded.get_keys(), other.get_token().token
        # Credentials that are good, of the wrong service, and nearly good.
        secrets.add("another token", token)
        assert [asked(guarded, one) for one in (*keys, token, keys.primary[:-1])] == [200, 200, 401, 401]
        assert [asked(other, one) for one in (token, keys.primary, token[:-9])] == [200, 401, 401]
        monkeypatch.setenv("NEW_KEY", secrets.add("a key from a variable", "key-of-the-environment-0815"))
        shown: list[object] = [*said(capsys, tmp_path), saved_notebook(tmp_path), failed.value, failed.value.text()]
        assert guarded.get_keys().primary == "key-of-the-environment-0815"
        secrets.add("a renewed key", guarded.get_keys().secondary)
    for service in (guarded, other):
        shown += [service, service.record, service.as_dict(), text(service), json.dumps(bundle(service), default=str)]
        shown += [service.get_keys() if service is guarded else service.get_token(), service.health, service.stats()]
        shown += [service.snippet(1, language) for language in ("curl", "python")]
    until(lambda: len(guarded.collections.requests()) >= 3)
    collected = [path.read_bytes() for path in (home / "collected").rglob("*") if path.is_file()]
    logs = [path.read_bytes() for path in (home / "logs").iterdir()]
    assert collected
    assert b"POST /score" in b"".join(logs)
    assert b"127.0.0.1:1/changes" in b"".join(logs)
    assert secrets.shown_by(*shown, *collected, *logs) == set()
    assert secrets.shown_by(*arguments.seen) == set()
    assert any(b"jupyter_deploy.serving" in words for words in arguments.seen), "servers are among them"
    # They are parts of what a service is, so the database, which is its owner's alone, has to keep them.
    kept = {"a variable", "a hook's password", "a hook's token"}
    assert secrets.shown_by(*rows_of(home / "state.db")) <= kept
    assert secrets.holders(tmp_path / "package") == {}
    held = secrets.holders(home)
    own = {name for name in held if not name.startswith("state.db") and not name.endswith(".key")}
    assert own == PRIVATE
    assert held["config.json"] | held["served.json"] <= kept
    private = [path for path in home.rglob("*") if path.name in held]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    # The search finds what is there.
    assert set.union(*held.values()) >= {"a key from a variable", "a renewed key", "the certificate's key"}
