"""What replaced versions leave behind: little, and not for long."""

from __future__ import annotations

from pathlib import Path

from jupyter_deploy.workspace import Workspace

SCRIPT = "def init():\n    pass\n\ndef run(data):\n    return {}\n"


def test_bundles_of_edits_are_removed_together_and_those_of_other_models_at_once(
    workspace: Workspace, tmp_path: Path
) -> None:
    (tmp_path / "model.txt").write_text("one")
    workspace.register("words", tmp_path / "model.txt")
    workspace.score_script("words", SCRIPT.format(0))
    service = workspace.deploy("words")

    def bundles() -> int:
        return len(list(workspace.home.bundles.iterdir()))

    seen = []
    for number in range(1, 13):
        workspace.score_script("words", SCRIPT.format(number))
        seen.append(bundles())
    assert service.invoke("x") == 12
    # Eight may stay, beside the one that serves and the one that a worker is about to leave.
    assert max(seen) <= 10
    assert seen[-1] < max(seen)
    (tmp_path / "model.txt").write_text("two")
    workspace.register("words", tmp_path / "model.txt")
    service.reload(model="words:2")
    assert bundles() <= 2
