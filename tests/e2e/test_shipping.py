"""`deploy` runs what `serve` runs: the script's folder, or another that is named, copied once and never changed."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.errors import NotFound, TooMuchToShip, UsageProblem
from jupyter_deploy.scripts.shipment import walking
from jupyter_deploy.workspace import Service, Workspace

SCRIPT = """
import json, os, sys
from pathlib import Path

def init():
    global found
    here = Path(__file__).parent
    found = [
        json.load(open("./x.json")),
        json.load(open("./source_directory/x.json")),
        json.load(open("./app/x.json")),
        (here / "ref.csv").read_text(),
        sorted(str(path) for path in Path("data").rglob("*.txt")),
        os.access("tool.sh", os.X_OK),
        [name for name in (".env", "key.pem", "skipped.log") if os.path.exists(name)],
        os.environ.get("AZUREML_SOURCE_DIRECTORY", ""),
        os.getcwd() == os.environ["AML_APP_ROOT"],
    ]

def run(data):
    return found
"""
FILES = {
    "x.json": "1",
    "ref.csv": "a",
    "data/deep/one.txt": "",
    "tool.sh": "#!/bin/sh",
    ".env": "",
    "key.pem": "",
    "skipped.log": "",
    ".amlignore": "*.log\n",
    "swagger2.json": '{"swagger": "2.0", "info": {"title": "its own"}}',
}
FOUND = [1, 1, 1, "a", ["data/deep/one.txt"], True, []]


@pytest.fixture
def app(tmp_path: Path) -> Path:
    folder = tmp_path / "app"
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    (folder / "tool.sh").chmod(0o755)
    (folder / "score.py").write_text(SCRIPT)
    return folder


@pytest.fixture
def service(workspace: Workspace, app: Path) -> Service:
    return workspace.deploy("ships", script=app / "score.py", target="process")


def code_of(service: Service, workspace: Workspace) -> Path:
    return workspace.home.bundles / service.record.bundle / "code"


def test_a_scripts_folder_is_served(service: Service, workspace: Workspace, app: Path) -> None:
    assert service.invoke([1]) == [*FOUND, "", True]
    assert service.change is not None
    (note,) = [one for one in service.change.notes if one.startswith("ships")]
    assert note.startswith("ships 6 files, ")
    assert f" kB, of {app}; without .amlignore (skipped.log), hidden files (.env), keys" in note
    # An unchanged tree is reused, one that was changed is another bundle, and what is shipped is never written to.
    before = service.record.bundle
    service.reload()
    assert service.record.bundle == before
    shipped = code_of(service, workspace) / "ref.csv"
    assert shipped.stat().st_nlink == 2
    assert shipped.stat().st_mode & 0o222 == 0
    (app / "ref.csv").write_text("b")
    assert service.reload().what == ("script",)
    assert service.invoke([1])[3] == "b"


def test_a_file_that_was_written_to_is_not_served_again(service: Service, workspace: Workspace) -> None:
    shipped = code_of(service, workspace) / "ref.csv"
    shipped.chmod(0o644)
    shipped.write_text("tampered")
    service.reload()
    assert service.invoke([1])[3] == "a"


def test_a_source_folder_is_served_whole(
    workspace: Workspace, app: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (app / "src").mkdir()
    text = SCRIPT.replace('(here / "ref.csv")', '(here.parent / "ref.csv")')
    (app / "src" / "main.py").write_text(f"from lib.tool import X\n{text}")
    (app / "lib").mkdir()
    (app / "lib" / "tool.py").write_text("X = 1\n")
    # Relative to the source folder, as Azure ML has it.
    service = workspace.deploy("whole", script="src/main.py", source=app, target="process")
    assert service.invoke([1]) == [*FOUND, "app", True]
    assert workspace.deploy("whole", script=app / "src" / "main.py").change.action == "unchanged"  # type: ignore[union-attr]
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageProblem, match="is not in the source folder"):
        (tmp_path / "other.py").write_text(SCRIPT)
        workspace.deploy("whole", script=tmp_path / "other.py")
    with pytest.raises(NotFound, match=r"source folder .* does not exist"):
        workspace.deploy("whole", source=tmp_path / "nowhere")
    assert service.invoke([1])[7] == "app"


def test_the_scripts_own_swagger_is_served(service: Service) -> None:
    import requests

    url = service.scoring_uri.removesuffix("/score")
    assert requests.get(f"{url}/swagger.json", timeout=20).json()["info"]["title"] == "its own"


def test_a_module_that_only_a_registered_model_needs_is_shipped(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "only_here.py").write_text("class Model:\n    def go(self):\n        return 7\n")
    script = "import os, joblib\ndef init():\n    global model\n    folder = os.environ['AZUREML_MODEL_DIR']\n"
    script += "    model = joblib.load(os.path.join(folder, 'model.joblib'))\ndef run(data):\n    return model.go()\n"
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(tmp_path))
        import only_here  # type: ignore[import-not-found]

        workspace.register("needs", only_here.Model())
        workspace.score_script("needs", script, folder=tmp_path)
    assert workspace.deploy("needs", target="process").invoke([1]) == 7


def test_much_is_shipped_once_the_user_agreed(
    workspace: Workspace, app: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from jupyter_deploy.cli import main

    monkeypatch.setattr(walking, "MOST_FILES", 3)
    monkeypatch.setattr("jupyter_deploy.deploying.resolution.MOST_FILES", 3)
    words = ["deploy", "large", "--script", str(app / "score.py"), "--target", "process"]
    assert main(words) != 0
    shown = capsys.readouterr().err
    assert "more than 3 files" in shown
    assert "--yes" in shown
    assert "large" not in workspace.services
    with pytest.raises(TooMuchToShip):
        workspace.deploy("large", script=app / "score.py", target="process")
    assert main([*words, "--yes", "--json"]) == 0
    # Agreed once: a reload does not ask.
    (app / "ref.csv").write_text("c")
    assert main(["reload", "large"]) == 0
    assert workspace.services["large"].invoke([1])[3] == "c"


def test_state_tells_what_runs_and_what_was_edited(
    service: Service, app: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from jupyter_deploy.cli import main

    facts: dict[str, Any] = service.as_dict()
    assert len(facts["script_hash"]) == 12
    assert facts["edited"] == []
    (app / "score.py").write_text(f"{SCRIPT}\n# edited\n")
    assert main(["state", "ships", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["edited"] == ["score.py"]
    assert main(["state", "ships"]) == 0
    assert "score.py, since it was loaded: reload ships serves it as it is now" in capsys.readouterr().out
    service.reload()
    assert service.as_dict()["edited"] == []
    assert service.as_dict()["script_hash"] != facts["script_hash"]


def test_what_no_bundle_ships_is_removed(service: Service, workspace: Workspace, app: Path) -> None:
    def kept() -> set[str]:
        return {entry.name for entry in os.scandir(workspace.home.contents) if entry.is_file()}

    before = kept()
    (app / "ref.csv").write_text("quite another")
    workspace.deploy("ships")
    assert len(kept() - before) == 1
    service.delete()
    assert kept() == set()
