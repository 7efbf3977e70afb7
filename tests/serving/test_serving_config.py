"""Settings, layouts and failures of the runtime."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.errors import ConfigProblem
from jupyter_deploy.serving import ServingConfig
from jupyter_deploy.serving.config import read_config
from jupyter_deploy.serving.failures import describe
from jupyter_deploy.serving.layout import layout_of_bundle, layout_of_script, tree_lines


def test_settings_survive_their_file(tmp_path: Path) -> None:
    config = ServingConfig(name="churn", workers=3, drain_seconds=1.5)
    (tmp_path / "c.json").write_text(config.dumps())
    assert read_config(tmp_path / "c.json") == config


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("{", "cannot be read as JSON", ""),
        ("[]", "does not hold a JSON object", ""),
        ('{"worker": 2}', "unknown key 'worker'", "workers"),
        ('{"workers": "2"}', "workers must be a int", ""),
        ('{"workers": true}', "workers must be a int", ""),
    ],
)
def test_bad_settings_are_refused(tmp_path: Path, text: str, message: str, hint: str) -> None:
    (tmp_path / "c.json").write_text(text)
    with pytest.raises(ConfigProblem, match=message) as caught:
        read_config(tmp_path / "c.json")
    assert hint in caught.value.hint


def bundle(folder: Path, models: list[dict[str, Any]]) -> Path:
    (folder / "bundle.json").write_text(
        json.dumps({"entry": "score.py", "label": "cell", "models": models, "preload": []})
    )
    return folder


ONE = {"name": "churn", "version": 3}


@pytest.mark.parametrize(
    ("models", "below"), [([ONE], "models/churn/3"), ([ONE, {"name": "b", "version": 1}], "models"), ([], "models")]
)
def test_the_model_folder_is_azure_mls(tmp_path: Path, models: list[dict[str, Any]], below: str) -> None:
    layout = layout_of_bundle(bundle(tmp_path, models))
    assert layout.environ["AZUREML_MODEL_DIR"] == str(tmp_path / below)
    assert layout.environ["AML_APP_ROOT"] == layout.app_root == str(tmp_path / "code")


def test_a_folder_that_is_no_bundle_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblem, match="not a complete bundle"):
        layout_of_bundle(tmp_path)


def test_a_plain_script_gets_absolute_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    layout = layout_of_script(Path("score.py"), "m", Path.cwd())
    assert layout.entry == str(tmp_path / "score.py")
    assert layout.environ["AZUREML_MODEL_DIR"] == str(tmp_path / "m")
    assert "AZUREML_MODEL_DIR" not in layout_of_script(Path("score.py"), "", tmp_path).environ


def test_the_tree_is_cut(tmp_path: Path) -> None:
    for number in range(5):
        (tmp_path / f"f{number}").touch()
    lines = list(tree_lines(str(tmp_path), limit=3))
    assert (lines[0], len(lines), lines[-1]) == (f"{tmp_path}/", 5, "  … and more")
    assert list(tree_lines("/nowhere")) == ["/nowhere (not there)"]


def raised(source: str, path: str) -> BaseException:
    try:
        exec(compile(source, path, "exec"), {})
    except BaseException as error:
        return error
    raise AssertionError


def test_a_failure_names_the_scripts_own_line(tmp_path: Path) -> None:
    path = tmp_path / "score.py"
    path.write_text("# %%score_script churn\ndef run(data):\n    return {}[data]\n\nrun('k')\n")
    failure = describe(raised(path.read_text(), str(path)), "run", str(path), "%%score_script churn")
    assert (failure.kind, failure.message, failure.line, failure.text) == ("KeyError", "'k'", 3, "return {}[data]")
    assert "  %%score_script churn, line 3, in run" in failure.traceback
    assert failure.summary == "KeyError: 'k' in %%score_script churn line 3"


def test_a_syntax_error_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "score.py"
    path.write_text("x = 1\ny = = 2\n")
    try:
        compile(path.read_text(), str(path), "exec")
    except SyntaxError as error:
        failure = describe(error, "load", str(path), "the cell")
    assert (failure.kind, failure.line, failure.text) == ("SyntaxError", 2, "y = = 2")


def test_endless_messages_are_cut(tmp_path: Path) -> None:
    failure = describe(raised("raise ValueError('x' * 10**6)", "s.py"), "run", "s.py", "the cell")
    assert len(failure.message) == 4000
    assert len(failure.traceback) < 50_000


class Rude(Exception):
    def __str__(self) -> str:
        raise RuntimeError


def test_an_exception_that_cannot_be_printed_is_described() -> None:
    assert describe(Rude(), "run", "s.py", "the cell").message == "<its __str__ raised RuntimeError>"
