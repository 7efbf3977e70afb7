"""Flags and advice of ``az ml online-endpoint`` and ``online-deployment`` that documents and samples use."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from jupyter_deploy.cli import main
from jupyter_deploy.workspace import Workspace

DEPLOYMENT = "name: blue\nendpoint_name: shop\ncode_configuration:\n  code: ./src\n  scoring_script: score.py\n"


def test_a_sample_of_the_documents_runs_with_its_flags(
    workspace: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "score.py").write_text("def run(data):\n    return data\n")
    (tmp_path / "blue.yml").write_text(DEPLOYMENT)
    (tmp_path / "sample.json").write_text("[7]")
    assert main(["endpoint", "create", "-n", "shop", "-o", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "shop"
    # Samples of Azure shorten --endpoint-name so.
    assert main(["deployment", "create", "--name", "blue", "--endpoint", "shop", "-f", str(tmp_path / "blue.yml")]) == 0
    assert main(["endpoint", "invoke", "-n", "shop", "-r", str(tmp_path / "sample.json")]) == 1
    told = capsys.readouterr().err
    assert 'jupyter model endpoint update -n shop --traffic "blue=100"' in told
    assert "--deployment-name blue" in told
    assert "ml_client" not in told
    assert main(["endpoint", "update", "-n", "shop", "--traffic", "blue=100"]) == 0
    assert main(["deployment", "delete", "-n", "blue", "-e", "shop", "--yes"]) == 1
    assert 'jupyter model endpoint update -n shop --traffic "blue=0"' in capsys.readouterr().err
    assert main(["endpoint", "show", "-n", "shop", "--query", "traffic", "--output=tsv"]) == 0
    assert capsys.readouterr().out == '{"blue": 100}\n'
    workspace.endpoints["shop"].delete()
