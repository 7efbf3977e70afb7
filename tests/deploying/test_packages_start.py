"""What a package does not start without: keys, of which none is in it; a script that loads, whose hint is logged."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from jupyter_deploy.workspace import Workspace


@pytest.fixture(params=["key", "token"])
def package(request: pytest.FixtureRequest, workspace: Workspace, tmp_path: Path) -> Path:
    (tmp_path / "score.py").write_text("def run(data):\n    return data\n")
    service = workspace.deploy("echo", script=tmp_path / "score.py", auth=request.param)
    secrets = service.get_keys() if request.param == "key" else [service.get_token().token]
    made = workspace.package("echo", folder=tmp_path / "package")
    assert any("AML_PRIMARY_KEY" in notice for notice in made.notices)
    assert ("tokens are made by this workspace" in " ".join(made.notices)) is (request.param == "token")
    files = [path.read_text(errors="replace") for path in (tmp_path / "package").rglob("*") if path.is_file()]
    assert not [text for text in files if any(secret in text for secret in secrets)]
    return tmp_path / "package"


def command_of(package: Path, listener: socket.socket) -> list[str]:
    words = ["-m", "jupyter_deploy.serving", str(package / "bundle"), "--config", str(package / "config.json")]
    return [sys.executable, *words, "--listener", str(listener.fileno())]


def test_it_does_not_start_without_keys_and_asks_for_those_that_it_is_given(package: Path) -> None:
    environ = {key: value for key, value in os.environ.items() if not key.startswith("AML_")}
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command, how = command_of(package, listener), {"pass_fds": [listener.fileno()]}
        done = subprocess.run(command, **how, capture_output=True, text=True, timeout=60, env=environ, check=False)
        assert done.returncode == 1
        assert "needs keys, and none were given" in done.stderr
        assert "/run/secrets/jupyter_deploy_keys" in done.stderr
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        process = subprocess.Popen(
            command,
            **how,
            env={**environ, "AML_PRIMARY_KEY": "the-key-of-this-run"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
        )
    try:
        while requests.get(f"{url}/-/ready", timeout=20).status_code != 200:
            time.sleep(0.02)
        bearer = {"Authorization": "Bearer the-key-of-this-run"}
        answers = [requests.post(f"{url}/score", data="1", headers=one, timeout=20) for one in ({}, bearer)]
        assert [answer.status_code for answer in answers] == [401, 200]
    finally:
        process.terminate()
        process.wait(20)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("import surely_not_installed", "package it again with the package that has it in its environment"),
        ("from sklearn.externals import joblib", "write `import joblib`"),
        ("import os; os.environ['LIMIT']", "docker run -e LIMIT=VALUE sets it"),
        (
            "import os; open(os.path.join(os.environ['AZUREML_MODEL_DIR'], 'm.txt'))",
            'Try os.path.join(os.environ["AZUREML_MODEL_DIR"], "model", "m.txt")',
        ),
        ("raise ValueError('mine')", ""),
    ],
)
def test_a_package_whose_script_fails_logs_the_hint(
    workspace: Workspace, tmp_path: Path, line: str, words: str
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "m.txt").write_text("m")
    workspace.register("m", tmp_path / "model")
    (tmp_path / "score.py").write_text(f"def init():\n    {line}\n\n\ndef run(data):\n    return data\n")
    folder = tmp_path / "package"
    workspace.package("echo", script=tmp_path / "score.py", models=["m"], environment="inferred", folder=folder)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        done = subprocess.run(
            command_of(folder, listener),
            pass_fds=[listener.fileno()],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    said = done.stdout + done.stderr
    assert done.returncode != 0
    assert "the service cannot start" in said
    assert words in said.partition("Hint: ")[2]
    assert ("Hint: " in said) is bool(words)
