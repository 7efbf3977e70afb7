"""The files and flags of ``az ml online-endpoint`` and ``online-deployment``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_deploy.cli import main
from jupyter_deploy.errors import UsageProblem
from jupyter_deploy.sdk.v2 import MLClient, ResourceNotFoundError

SCORE = """\
def init():
    print("ready")


def run(data):
    return [0]
"""


def test_row_3_29_files_and_flags_of_the_command_line(
    client: MLClient, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "src").mkdir()
    (folder / "src" / "score.py").write_text(SCORE)
    (folder / "endpoint.yml").write_text("$schema: x\nname: from-file\nauth_mode: key\ntags: {team: risk}\n")
    (folder / "blue.yml").write_text(
        "name: blue\nendpoint_name: from-file\ninstance_type: Standard_DS3_v2\n"
        "code_configuration: {code: src, scoring_script: score.py}\n"
    )

    def az(words: str, *more: str, code: int = 0) -> str:
        capsys.readouterr()
        assert main([*words.split(), *more]) == code
        said = capsys.readouterr()
        return said.out if code == 0 else said.err

    try:
        assert "auth_mode: key" in az("endpoint create --file endpoint.yml --local -g group")
        assert "blue: 0" not in az("endpoint show -n from-file")
        assert "instance_count: 1" in az("deployment create -f blue.yml --all-traffic")
        (folder / "request.json").write_text('{"data": ""}')
        assert az("endpoint invoke --name from-file --request-file request.json") == "[0]\n"
        assert az("endpoint show -n from-file --query scoring_uri").startswith("http://127.0.0.1:")
        assert json.loads(az("endpoint show -n from-file --json"))["traffic"] == {"blue": 100}
        assert "not to 90 %" in az("endpoint update -n from-file --traffic", "blue=90", code=1)
        assert "0" in az("endpoint update -n from-file --traffic", "blue=0")
        assert "has no deployment 'green'" in az("endpoint update -n from-file --mirror-traffic green=10", code=1)
        assert "stage: trial" in az("deployment update -n blue -e from-file --set tags.stage=trial")
        assert "Did you mean 'instance_count'" in az(
            "deployment update -n blue -e from-file --set instance_cout=2", code=2
        )
        assert "ready" in az("deployment get-logs -n blue -e from-file -l 100")
        key = az("endpoint get-credentials -n from-file --query primaryKey").strip()
        assert key == client.online_endpoints.get_keys("from-file").primary_key  # type: ignore[union-attr]
        assert "another one now" in az("endpoint regenerate-keys -n from-file --key-type primary")
        assert key not in az("endpoint get-credentials -n from-file")
        assert "name: blue" in az("deployment list -e from-file")
        assert "blue is deleted" in az("deployment delete -n blue -e from-file --yes")
        # Without Azure's flags, the words are this package's.
        assert "from-file" in az("endpoint list")
    finally:
        assert "from-file is deleted" in az("endpoint delete -n from-file --yes")
    assert "No endpoint named 'from-file'" in az("endpoint show -n from-file", code=1)
    assert "--name is missing" in az("endpoint create --auth-mode key", code=2)


def test_a_cell_takes_the_same_words(home: Path) -> None:
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell()
    shell.run_line_magic("load_ext", "jupyter_deploy")
    listed = shell.run_line_magic("model", "endpoint list --local")
    assert listed.as_dict() == {"endpoints": []}
    with pytest.raises(UsageProblem, match="--name is missing"):
        shell.run_line_magic("model", "deployment create --endpoint-name shop")
    with pytest.raises(ResourceNotFoundError, match="No endpoint named 'shop'"):
        shell.run_line_magic("model", "endpoint get-credentials -n shop")
