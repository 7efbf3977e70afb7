"""``profile`` as people type it: in a notebook and in a terminal."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.cli import main
from jupyter_deploy.cli.saying import Saying
from jupyter_deploy.errors import NotFound, UsageProblem
from jupyter_deploy.progress import Step
from jupyter_deploy.workspace import Profile, Workspace


def test_in_a_notebook(ip: InteractiveShell, shared: Workspace) -> None:
    def run(cell: str) -> Profile:
        found = ip.run_cell(cell)
        found.raise_error()
        assert isinstance(found.result, Profile)
        return found.result

    ip.run_cell("rows = ['[1]', '[2]'] * 5")
    found = run("%model profile echo --data rows --cpus 1 --description 'ten rows'")
    assert (found.sent, found.succeeded, found.description) == (10, 10, "ten rows")
    assert (found.requested_cpus, found.limits) == (1.0, "not enforced")
    assert run("%model profile echo") == found
    assert run("%model profile echo --data 'rows[:3]'").sent == 3
    assert sorted(shared.services) == ["echo", "text"]


@pytest.mark.parametrize(
    ("line", "kind", "message"),
    [
        ("profile echo --data rowz", UsageProblem, "There is no variable 'rowz'"),
        ("profile echo --cpus 1", UsageProblem, "--cpus needs --data: nothing is measured"),
        ("profile nothing --data [1]", NotFound, "nothing"),
        ("profile text", NotFound, "No profile named 'text'"),
        ("profile echo --data '[]'", UsageProblem, "The data set is empty"),
        ("profile echo --data '[1]' --port 5001", UsageProblem, "unrecognized arguments: --port"),
    ],
)
def test_wrong_words_in_a_notebook(ip: InteractiveShell, line: str, kind: type[Exception], message: str) -> None:
    with pytest.raises(kind, match=message):
        ip.run_line_magic("model", line)


def test_in_a_terminal(shared: Workspace, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = tmp_path / "rows.txt"
    rows.write_text("[1]\n[2]\nx\n")
    assert main(["profile", "echo", "--data", str(rows), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["succeeded"], told["failed"], told["errors"][0]["row"]) == (2, 1, 3)
    assert told["latency"]["p50"] <= told["latency"]["p999"]
    assert main(["profile", "echo"]) == 0
    assert "Profile echo: 3 rows" in capsys.readouterr().out
    assert main(["profile", "echo", "--data", str(tmp_path / "nowhere")]) == 2
    assert "nowhere cannot be read" in capsys.readouterr().err
    rows.write_text("x\n")
    assert main(["profile", "echo", "--data", str(rows)]) == 1
    assert "none of 1 requests went well; row 1: JSONDecodeError" in capsys.readouterr().err
    assert main(["profile", "echo"]) == 0
    assert "failed: none of 1 requests went well" in capsys.readouterr().out


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_terminal_has_a_bar_in_one_line() -> None:
    terminal, elsewhere = Terminal(), io.StringIO()
    for stream in (terminal, elsewhere):
        saying = Saying(stream)
        saying.say("starting the server")
        saying.say(Step("1 of 2 rows", fraction=0.5))
        saying.say(Step("2 of 2 rows", fraction=1.0))
        saying.end()
    assert terminal.getvalue() == (
        "starting the server …\n"
        "\r\x1b[2K██████████░░░░░░░░░░  50%  1 of 2 rows"
        "\r\x1b[2K████████████████████ 100%  2 of 2 rows"
        "\r\x1b[2K"
    )
    assert elsewhere.getvalue() == ""
