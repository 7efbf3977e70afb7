"""`%model` alone, and what `%config ModelMagics` changes."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.cli import main
from jupyter_deploy.environments import Environment
from jupyter_deploy.errors import EnvironmentProblem, InvokeProblem, NotFound
from jupyter_deploy.verbs import Overview
from jupyter_deploy.workspace import Workspace

from ..markup import encodable, harmless
from ..servers import process_of
from .conftest import Run


def layers(ip: InteractiveShell, value: object) -> dict[str, Any]:
    assert ip.display_formatter is not None
    return dict(ip.display_formatter.format(value)[0])


def test_model_alone_is_the_workspace(ip: InteractiveShell, run: Run, shared: Workspace) -> None:
    shared.register("zoo", {"a": 1})
    shared.register("iris", {"a": 2})
    value = run("%model")
    assert isinstance(value, Overview)
    assert [model.id for model in value.models] == ["iris:2", "zoo:1"]
    shown = layers(ip, value)
    header, echo, text, *rest = shown["text/plain"].splitlines()
    assert header.split() == ["service", "state", "url", "models"]
    assert echo.split() == ["echo", "Healthy", shared.services["echo"].scoring_uri]
    assert text.startswith("text")
    assert [line.split() for line in rest if line] == [["models", "iris:2,", "zoo:1"], ["scripts", "echo,", "text"]]
    page = harmless(shown["text/html"])
    assert "● Healthy" in page.text
    data = shown["application/vnd.jupyter-deploy.overview.v1+json"]
    assert [one["name"] for one in data["services"]] == ["echo", "text"]
    encodable(data)
    assert run("%model overview --json")["scripts"] == ["echo", "text"]
    shared.unregister("zoo")
    shared.unregister("iris")


def test_what_is_left_over_is_hinted_at(ip: InteractiveShell, run: Run, shared: Workspace) -> None:
    folder = shared.home.environments / "0123456789"
    folder.mkdir(parents=True)
    try:
        shown = layers(ip, run("%model"))
    finally:
        folder.rmdir()
    assert "1 folder that no service needs" in shown["text/plain"]
    assert "%model prune --dry-run" in shown["text/plain"]
    assert "%model prune --dry-run</code>" in shown["text/html"]


def test_an_empty_workspace_says_how_to_begin(
    ip: InteractiveShell, run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("JUPYTER_DEPLOY_HOME", str(tmp_path))
    shown = layers(ip, run("%model"))
    commands = ["%%score_script NAME", "%deploy NAME", "%invoke NAME VALUE"]
    assert [line.split("  ")[1] for line in shown["text/plain"].splitlines()[1:]] == commands
    assert [command in harmless(shown["text/html"]).text for command in commands] == [True] * 3
    capsys.readouterr()
    assert main(["overview"]) == 0
    assert capsys.readouterr().out.startswith("The workspace is empty.")
    assert main([]) == 2
    assert capsys.readouterr().out.startswith("usage: jupyter model VERB")


def test_the_workspace_and_its_parts_are_shown_as_their_verbs_show_them(
    ip: InteractiveShell, run: Run, shared: Workspace
) -> None:
    run("%%score_script spare\nK = 1\ndef run(data):\n    return data\n")
    shared.register("iris", {"a": 3}, tags={"stage": "<b>"})
    shared.environments.register(Environment("own", requirements=("tabulate",)))

    parts = {"overview": shared, "models": shared.models, "services": shared.services}
    for verb, part in {**parts, "environments": shared.environments}.items():
        shown = layers(ip, part)
        assert shown["text/plain"] == layers(ip, run(f"%model {verb}"))["text/plain"]
        encodable(shown)
        harmless(shown["text/html"])
        assert len(shown) == 3
    shown = layers(ip, shared.scripts)
    assert ["spare", "3", "lines"] in [line.split() for line in shown["text/plain"].splitlines()]
    harmless(shown["text/html"])


def test_services_are_asked_side_by_side(run: Run, shared: Workspace) -> None:
    """Three that hang cost what one costs."""
    names = ["hangs-a", "hangs-b", "hangs-c"]
    pids = [process_of(shared.deploy(name, script="text")).pid for name in names]

    def took() -> float:
        started = time.perf_counter()
        states = {fact["name"]: fact["state"] for fact in run("%model").services}
        assert states["hangs-a"] == "Unhealthy"
        assert states["echo"] == "Healthy"
        return time.perf_counter() - started

    try:
        os.kill(pids[0], signal.SIGSTOP)
        alone = took()
        for pid in pids[1:]:
            os.kill(pid, signal.SIGSTOP)
        assert took() < 1.8 * alone
    finally:
        for name, pid in zip(names, pids, strict=True):
            os.kill(pid, signal.SIGCONT)
            shared.services[name].delete()


def test_settings_are_documented_and_completed(ip: InteractiveShell, run: Run, capsys: Any) -> None:
    capsys.readouterr()
    run("%config ModelMagics")
    shown = capsys.readouterr().out
    names = ["cards", "environment", "log_lines", "progress", "target", "timeout"]
    assert [name for name in names if f"ModelMagics.{name}=" in shown] == names
    assert "Seconds that %invoke waits for an answer" in shown
    assert ip.Completer is not None
    with provisionalcompleter():
        found = {item.text for item in ip.Completer.completions("%config ModelMagics.lo", 22)}
    assert any("log_lines" in text for text in found)


def test_target_and_environment_of_new_services(run: Run, shared: Workspace) -> None:
    run("%config ModelMagics.target = 'process'")
    run("%config ModelMagics.environment = 'nowhere'")
    with pytest.raises((EnvironmentProblem, NotFound), match="nowhere"):
        run("%deploy fresh --script text")
    # What exists stays as it is, and what is given wins.
    assert run("%deploy echo").change.action == "unchanged"
    assert run("%deploy fresh --script text --environment kernel").state == "Healthy"
    run("%config ModelMagics.environment = ''")
    run("%config ModelMagics.target = 'docker'")
    assert run("%deploy fresh").change.action == "unchanged"
    assert run("%deploy fresh2 --script text --target process").record.spec.target == "process"
    for name in ("fresh", "fresh2"):
        shared.services[name].delete()


def test_the_default_target_takes_effect(
    run: Run, shared: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # No engine answers there: a container is tried, and not a process taken instead.
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no.sock")
    run("%config ModelMagics.target = 'docker'")
    with pytest.raises(Exception, match="Docker"):
        run("%deploy fresh --script text")
    run("%config ModelMagics.target = 'process'")
    assert run("%deploy fresh --script text").record.spec.target == "process"
    shared.services["fresh"].delete()


def test_the_time_limit_of_invoke(run: Run, shared: Workspace) -> None:
    shared.score_script("stuck", "import threading\n\ndef run(data):\n    threading.Event().wait()\n")
    shared.deploy("stuck")
    try:
        run("%config ModelMagics.timeout = 0.2")
        with pytest.raises(InvokeProblem, match=r"stuck did not answer within 0\.2 s"):
            run("%invoke stuck [1]")
    finally:
        shared.services["stuck"].delete()


def test_the_number_of_log_lines(run: Run, shared: Workspace) -> None:
    for number in range(3):
        shared.services["echo"].invoke([number])
    run("%config ModelMagics.log_lines = 2")
    assert len(run("%model logs echo").splitlines()) == 2
    assert len(run("%model logs echo -n 1").splitlines()) == 1


def test_cards_can_be_switched_off(ip: InteractiveShell, run: Run, shared: Workspace) -> None:
    run("%config ModelMagics.cards = False")
    assert set(layers(ip, shared.services["echo"])) == {"text/plain"}
    run("%config ModelMagics.cards = True")
    assert "text/html" in layers(ip, shared.services["echo"])


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("target = 'dokcer'", "There is no target 'dokcer'. Did you mean 'docker'?"),
        ("timeout = -1.0", "timeout"),
        ("timeout = 'soon'", "expected a float"),
        ("log_lines = 0", "less than 1"),
        ("progress = 'maybe'", "expected a boolean"),
    ],
)
def test_wrong_values_are_refused(
    ip: InteractiveShell, caplog: pytest.LogCaptureFixture, setting: str, said: str
) -> None:
    name = setting.partition(" ")[0]
    before = ip.run_cell(f"%config ModelMagics.{name}").result
    ip.run_cell(f"%config ModelMagics.{setting}")
    assert said in caplog.text
    assert ip.run_cell(f"%config ModelMagics.{name}").result == before
