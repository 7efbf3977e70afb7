"""Long work as it is drawn: stages, bar, the last line."""

from __future__ import annotations

import pytest

from jupyter_deploy.display import Stages
from jupyter_deploy.environments import bar
from jupyter_deploy.environments.uv import Steps
from jupyter_deploy.progress import Step

from ..markup import harmless, structure


def deployed() -> Stages:
    stages = Stages(100.0)
    stages.take("target process, because Docker does not answer", 100.0)
    stages.take(Step("preparing the environment", stage="environment"), 100.1)
    stages.take(bar(0.25, "downloading numpy"), 100.3)
    return stages


def test_a_stage_in_progress_is_marked_and_has_a_bar() -> None:
    stages = deployed()
    assert stages.text(101.0) == (
        "environment …  start  init  ready  █████░░░░░░░░░░░░░░░ 25%  downloading numpy …  1.0 s"
    )
    page = harmless(stages.html(101.0))
    assert "downloading numpy … 1.0 s" in page.text
    (progress,) = (attributes for _, attributes in page.tags if attributes.get("role") == "progressbar")
    assert progress["aria-valuenow"] == "25"
    stages.take(Step("starting the server", stage="start"), 102.1)
    assert stages.text(102.3) == "environment ✓2.0 s  start …  init  ready  starting the server …  2.3 s"
    assert not [1 for _, attributes in harmless(stages.html(102.3)).tags if attributes.get("role") == "progressbar"]


def test_the_last_line_has_the_time_of_each_stage() -> None:
    stages = deployed()
    stages.take(Step("starting the server", stage="start"), 102.1)
    stages.take(Step("loading the script", stage="init"), 102.4)
    assert stages.summary("created in", 165.4) == "created in 1 min 5 s: environment 2.0 s, start 0.3 s, init 1 min 3 s"


def test_a_stage_that_comes_again_is_one() -> None:
    stages = Stages(0.0)
    for when, stage in enumerate(("environment", "start", "init", "take over", "init")):
        stages.take(Step(stage, stage=stage), float(when))
    assert (
        stages.summary("moved in", 5.0) == "moved in 5.0 s: environment 1.0 s, start 1.0 s, init 2.0 s, take over 1.0 s"
    )


def test_images_have_stages_before_the_start() -> None:
    stages = Stages(0.0)
    stages.take(bar(0.1, "pulling python", "pull"), 1.0)
    assert stages.text(2.0).startswith("pull …  start  init  ready  ██")
    stages.take(bar(0.5, "installing", "build"), 3.0)
    assert stages.text(4.0).startswith("pull ✓2.0 s  build …  start  init  ready  ██")


def test_work_without_stages_is_a_line() -> None:
    stages = Stages(0.0)
    stages.take("finishing requests in flight", 0.0)
    assert stages.text(1.2) == "finishing requests in flight …  1.2 s"
    assert stages.summary("took", 2.0) == "took 2.0 s"


def test_words_are_escaped() -> None:
    def drawn(words: str) -> str:
        stages = Stages(0.0)
        stages.take(Step(words, stage=words, fraction=7.0), 0.0)
        return stages.html(1.0)

    evil = '<img src=x onerror="alert(1)">\x1b[31m'
    assert structure(drawn(evil)) == structure(drawn("usual"))
    assert '<img src=x onerror="alert(1)">' in harmless(drawn(evil)).text


@pytest.mark.parametrize("line", ["Resolved 3 packages in 5ms", "Downloading numpy (16.5MiB)"])
def test_a_step_is_still_a_line_of_text(line: str) -> None:
    step = Steps(0.32, 0.92, "build").hear(line)
    assert isinstance(step, Step)
    assert step == str(step) == "".join(step)
    assert step.startswith("█")
    assert step.stage == "build"
    assert 0.32 < (step.fraction or 0) < 0.92
    assert step.endswith(step.words)
