"""The documentation's table of verbs and edges is true: each verb is run as the panel runs it, on real things."""

from __future__ import annotations

import asyncio
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from jupyter_deploy.cli import main
from jupyter_deploy.labserver import NOT_OFFERED
from jupyter_deploy.magics.magics import ModelMagics
from jupyter_deploy.verbs import NAMES, find
from jupyter_deploy.workspace import Workspace

from .conftest import ECHO, Ask

# What the panel sends for each verb, in an order that works, and what its answer's text has. "?": it asks first.
STEPS: list[tuple[str, dict[str, Any], str]] = [
    ("register", {"name": "numbers", "source": "numbers.bin", "tag": ["team=risk"]}, "Model numbers:1"),
    ("models", {"name": "numbers"}, "team=risk"),
    ("tag", {"model": "numbers", "tags": ["stage=live"], "remove": ["team"]}, "stage=live"),
    ("show", {"model": "numbers:1"}, "stage=live"),
    ("download", {"model": "numbers", "to": "copy"}, "numbers is now in"),
    ("environments", {"name": "bare", "file": "env.yml"}, "Environment bare:1"),
    ("try", {"script": "plain", "data": "[1]"}, "tried in a fresh process"),
    ("profile", {"service": "plain", "data": "asked.csv", "target": "process"}, "ms"),
    (
        "deploy",
        {"service": "till", "script": "echo.py", "auth": "key", "set": ["collect=requests"], "target": "process"},
        "Healthy",
    ),
    ("services", {}, "till"),
    ("state", {"service": "till"}, "Service till: Healthy"),
    ("invoke", {"service": "till", "data": "[1, 2]"}, "200 OK"),
    ("invoke", {"service": "till", "data": "[1]", "requests": 4, "concurrency": 2}, "none failed"),
    ("score", {"service": "till", "data": "rows.csv", "out": "scored.csv"}, "2 rows, none failed"),
    ("logs", {"service": "till", "lines": 20}, "asked"),
    ("collected", {"service": "till"}, "200"),
    ("replay", {"service": "till", "id": "{id}"}, "same"),
    ("stats", {"service": "till"}, "memory"),
    ("keys", {"service": "till"}, "********"),
    ("reload", {"service": "till"}, "generation 2"),
    ("deploy", {"service": "till", "auth": "token"}, "Healthy"),
    ("token", {"service": "till"}, "token"),
    ("package", {"service": "till", "dockerfile": "context"}, "Package of till"),
    ("endpoint", {"action": "create", "endpoint": "kiosk"}, "Endpoint kiosk: Healthy"),
    ("deploy", {"service": "plain", "endpoint": "kiosk", "deployment": "blue"}, "Healthy"),
    ("deploy", {"service": "plain", "endpoint": "kiosk", "deployment": "green"}, "Healthy"),
    ("endpoint", {"action": "traffic", "endpoint": "kiosk", "words": ["blue=100", "green=0"]}, "blue=100"),
    ("endpoint", {"action": "mirror", "endpoint": "kiosk", "words": ["green=10"]}, "green=10"),
    ("endpoint", {"action": "mirror", "endpoint": "kiosk", "words": ["none"]}, "kiosk"),
    ("endpoint", {"action": "invoke", "endpoint": "kiosk", "data": "[1]"}, "200 OK"),
    ("endpoint", {"action": "keys", "endpoint": "kiosk"}, "********"),
    ("endpoint", {"action": "list"}, "kiosk"),
    ("endpoint", {"action": "show", "endpoint": "kiosk"}, "Endpoint kiosk"),
    ("endpoint", {"action": "logs", "endpoint": "kiosk"}, "/score"),
    ("deployment", {"action": "list", "endpoint": "kiosk"}, "green"),
    ("deployment", {"action": "show", "endpoint": "kiosk", "deployment": "blue"}, "Deployment blue of kiosk"),
    ("deployment", {"action": "logs", "endpoint": "kiosk", "deployment": "blue"}, "generation 1"),
    ("deployment", {"action": "scale", "endpoint": "kiosk", "deployment": "green", "instances": 2}, "kiosk.green.2"),
    ("rollout", {"endpoint": "kiosk", "deployment": "green", "steps": "100"}, "Rollout of green at kiosk"),
    ("rollout", {"endpoint": "kiosk", "roll_back": True}, "Rollout of green at kiosk"),
    ("deployment", {"action": "delete", "endpoint": "kiosk", "deployment": "green"}, "?"),
    ("endpoint", {"action": "delete", "endpoint": "kiosk"}, "?"),
    ("overview", {}, "till"),
    ("stop", {"service": "till"}, "till is stopped"),
    ("delete", {"service": "till"}, "?"),
    ("unregister", {"model": "numbers:1"}, "?"),
    ("prune", {"dry_run": True}, ""),
]


@pytest.fixture
def folder(shared: Workspace, jp_root_dir: Path) -> Iterator[Workspace]:
    """What the steps take, where the file browser shows it; and a stored script."""
    (jp_root_dir / "numbers.bin").write_bytes(b"123")
    (jp_root_dir / "echo.py").write_text(ECHO)
    (jp_root_dir / "rows.csv").write_text("a,b\n1,2\n3,4\n")
    (jp_root_dir / "asked.csv").write_text('request\n"[1]"\n"[2]"\n')
    (jp_root_dir / "env.yml").write_text("name: bare\ndependencies: [python=3.11]\n")
    shared.score_script("plain", ECHO)
    yield shared
    for endpoint in shared.endpoints.values():
        endpoint.delete()
    if "till" in shared.services:
        shared.services["till"].delete()


async def outcome(ask: Ask, verb: str, arguments: dict[str, Any], sure: bool) -> dict[str, Any]:
    """Run a verb as the page does: a job is followed to its end."""
    status, found = await ask("POST", f"verbs/{verb}", {"arguments": arguments, "confirmed": sure})
    if status != 202:
        return dict(found)
    async with asyncio.timeout(60):
        while found["state"] == "running":
            await asyncio.sleep(0.05)
            _, found = await ask("GET", f"jobs/{found['id']}")
    return dict(found["error"] or found)


async def _until_rolled_back(ask: Ask) -> None:
    async with asyncio.timeout(30):
        while "rolled back" not in (await outcome(ask, "rollout", {"endpoint": "kiosk"}, False))["text"]:
            await asyncio.sleep(0.05)


async def test_each_verb_does_in_the_panel_what_its_row_says(ask: Ask, folder: Workspace, jp_root_dir: Path) -> None:
    asked: list[str] = []
    for verb, arguments, wanted in STEPS:
        if arguments.get("id"):
            collected = await outcome(ask, "collected", {"service": arguments["service"]}, False)
            arguments = {**arguments, "id": collected["value"]["requests"][0]["id"]}
        if wanted == "?":
            question = await outcome(ask, verb, arguments, False)
            assert question["code"] == "NeedsConfirmation", (verb, question)
            asked.append(verb)
        found = await outcome(ask, verb, arguments, wanted == "?")
        assert "code" not in found, (verb, arguments, found)
        if arguments.get("roll_back"):
            await _until_rolled_back(ask)
        assert wanted == "?" or wanted in f"{found['text']} {found['sentence']} {found['notes']}", (verb, found)
    assert set(asked) == {"deployment", "endpoint", "delete", "unregister"}
    assert {verb for verb, _, _ in STEPS} == {name for name in NAMES if name not in NOT_OFFERED}
    for name in ("endpoint", "deployment"):
        (action,) = (one for one in find(name).all_arguments() if one.flags == ("action",))
        tried = {arguments["action"] for verb, arguments, _ in STEPS if verb == name}
        assert tried == set(action.options["choices"])
    assert {one.name for one in jp_root_dir.iterdir()} >= {"copy", "context", "scored.csv"}
    assert "till" not in folder.services
    assert "kiosk" not in folder.endpoints
    assert "numbers" not in {model.name for model in folder.models.list()}


def writer() -> ModuleType:
    """What writes the table, which is no part of the package."""
    path = Path(__file__).parents[2] / "docs" / "_ext" / "edges.py"
    spec = importlib.util.spec_from_file_location("edges", path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_table_names_what_each_edge_has(capsys: pytest.CaptureFixture[str]) -> None:
    rows = writer().rows()
    assert [row[0] for row in rows] == [f"`jupyter model {name}`" for name in NAMES]
    magics = {f"%{name}" for kind in ModelMagics.magics.values() for name in kind}
    for name, (_, notebook, panel) in zip(NAMES, rows, strict=True):
        assert main([name, "--help"]) == 0
        assert f"jupyter model {name}" in capsys.readouterr().out
        assert {word.split()[0] for word in re.findall(r"`([^`]+)`", notebook)} <= magics
        assert panel.startswith("no: ") == (name in NOT_OFFERED)
        for argument in find(name).all_arguments():
            reason = NOT_OFFERED.get(f"{name}.{argument.flags[0].lstrip('-')}", "")
            assert reason in panel
