"""Invoking from notebook lines and from the command line: options, status lines, tables, programs, interrupts."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell
from PIL import Image

from jupyter_deploy.cli import main
from jupyter_deploy.errors import DeployError, InvokeProblem, UsageProblem
from jupyter_deploy.invoking import Binary, LatencyReport, Snippet
from jupyter_deploy.verbs import Done
from jupyter_deploy.workspace import Workspace

from .conftest import Run, until
from .shell import new_shell, shared_workspace
from .test_invoke import ARRAY, RAW
from .test_magics_kernel import Notebook

STATUS = re.compile(r"200 OK · [\d.]+ [mµ]?s, of which [\d.]+ [mµ]?s in run\(\)")
SLOW = "import time\n\ndef run(data):\n    time.sleep(0.1)\n    return 1\n"
COMMAND = [sys.executable, "-m", "jupyter_deploy.cli"]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    for workspace in shared_workspace(tmp_path_factory.mktemp("edges")):
        for name, cell in (("raw", RAW), ("churn", ARRAY), ("slow", SLOW)):
            workspace.score_script(name, cell)
            workspace.deploy(name)
        yield workspace


@pytest.fixture
def ip(shared: Workspace) -> Iterator[InteractiveShell]:
    for shell in new_shell():
        shell.user_ns |= {"X": pd.DataFrame({"p": [1.0, 3.0], "q": [2.0, 4.0]}), "rows": [[1, 2]], "n": 4, "x": 10}
        yield shell


def test_a_frame_just_works(run: Run, ip: InteractiveShell) -> None:
    assert run("%invoke churn X[:1]") == [[1.0, 2.0]]
    run("y = %invoke churn X")
    assert ip.user_ns["y"] == [[1.0, 2.0], [3.0, 4.0]]
    assert run("%model invoke churn rows") == [[1.0, 2.0]]
    assert run("%%invoke churn\n[[5, 6]]") == [[5.0, 6.0]]
    assert run("%%model invoke churn\n" + '{"data": [[5, 6]]}') == [[5.0, 6.0]]


def test_the_status_stands_beside_the_answer(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("%invoke echo [1]") == [1]
    assert STATUS.fullmatch(capsys.readouterr().out.splitlines()[0])
    run("y = %invoke echo [1]")
    assert STATUS.fullmatch(capsys.readouterr().out.strip())
    run("%invoke echo [1];")
    run("%invoke echo [1] --json ;")
    run("%%capture\n%invoke echo [1]")
    assert capsys.readouterr().out == ""


def test_the_status_has_two_faces(run: Run, ip: InteractiveShell) -> None:
    run("from IPython.utils.capture import capture_output\nwith capture_output() as got:\n    %invoke echo [1]")
    assert [set(output.data) for output in ip.user_ns["got"].outputs] == [{"text/plain", "text/html"}]
    data = ip.user_ns["got"].outputs[0].data
    assert STATUS.fullmatch(data["text/plain"])
    assert data["text/plain"] in data["text/html"]


@pytest.mark.parametrize(
    ("line", "value"),
    [
        ("x -n", 6),
        ("x - n", 6),
        ("x -n --json", 6),
        ("rows --timeout 5", [[1, 2]]),
        ("--timeout=5 rows", [[1, 2]]),
        ("'-n 5'.split() --header X-A='b c'", ["-n", "5"]),
        ("rows --output answer.json --json", {"path": "answer.json"}),
    ],
)
def test_options_stand_behind_the_expression_or_before_it(run: Run, line: str, value: Any) -> None:
    assert run(f"%invoke echo {line}") == value


@pytest.mark.parametrize("line", ["rows -n 12 -c 3", "-n 12 -c 3 rows", "rows -n12 -c3", "--data '[1]' -n {size} -c 3"])
def test_many_requests_are_a_table(run: Run, ip: InteractiveShell, line: str) -> None:
    ip.user_ns["size"] = 12
    report = run(f"%invoke echo {line}")
    assert isinstance(report, LatencyReport)
    assert (report.answered, report.failed, report.concurrency) == (12, 0, 3)
    data = run(f"%invoke echo {line} --json")
    assert (data["ok"], set(data["client_ms"])) == (12, {"min", "p50", "p95", "p99", "max"})
    assert ip.display_formatter is not None
    shown, _ = ip.display_formatter.format(report)
    assert shown["text/plain"].startswith("echo: 12 requests, 3 at once, in ")
    assert "<svg role=" in shown["text/html"]
    assert "<script" not in shown["text/html"]


def test_a_cell_is_sent_many_times(run: Run) -> None:
    assert run("%%invoke echo -n 3\n[1]").answered == 3
    assert run("%invoke churn X -n 20 -c 4").failed == 0


def test_programs_are_shown_and_run(run: Run, ip: InteractiveShell, tmp_path: Path) -> None:
    ip.user_ns["data"] = {"it's": '"$HOME" !x `y`', "ü": ["\n", None]}
    for option, command in (("--curl", ["bash", "-c"]), ("--python", [sys.executable, "-c"])):
        snippet = run(f"%invoke echo data {option}")
        assert isinstance(snippet, Snippet)
        assert ip.display_formatter is not None
        assert ip.display_formatter.format(snippet)[0]["text/plain"] == str(snippet)
        done = subprocess.run([*command, snippet], capture_output=True, check=True, timeout=60, cwd=tmp_path)
        assert json.loads(done.stdout) == ip.user_ns["data"]
    masked = run("%invoke churn X --curl --header Authorization='Bearer abc'")
    assert "Bearer ********" in masked
    assert '{"data":[[1.0,2.0],[3.0,4.0]]}' in masked
    assert "Bearer abc" in run("%invoke churn X --curl --show-key --header Authorization='Bearer abc'")


def test_bytes_pictures_and_files(run: Run, ip: InteractiveShell, tmp_path: Path) -> None:
    ip.user_ns["image"] = Image.new("RGB", (3, 2))
    back = run("%invoke raw image --header X-Do=bytes")
    assert isinstance(back, Binary)
    with Image.open(io.BytesIO(back)) as opened:
        assert opened.size == (3, 2)
    assert ip.display_formatter is not None
    shown, _ = ip.display_formatter.format(back)
    assert shown["text/plain"] == f"<{len(back)} bytes of image/png>"
    assert shown["text/html"].startswith('<img src="data:image/png;base64,')
    file = tmp_path / "a b.gif"
    file.write_bytes(b"GIF\x00\xff")
    ip.user_ns |= {"file": file, "folder": tmp_path}
    assert run("%invoke raw file")["type"] == "image/gif"
    assert run('%invoke raw --file "{folder}/a b.gif" --header X-Do=bytes') == b"GIF\x00\xff"
    written = run('%invoke raw file --header X-Do=bytes --output "{folder}/out.gif"')
    assert isinstance(written, Done)
    assert (tmp_path / "out.gif").read_bytes() == b"GIF\x00\xff"


@pytest.mark.parametrize(
    ("cell", "kind", "message", "hint"),
    [
        ("%invoke echo rows -c 4", UsageProblem, "-c needs -n", "-n 100 -c 8"),
        ("%invoke echo rows -n 0", UsageProblem, "0 requests cannot be sent", "-n takes 1 to"),
        ("%invoke echo rows -n 5 -c 1000", UsageProblem, "1000 requests at once", "-c takes 1 to 64"),
        ("%invoke echo rows --requests x", UsageProblem, "invalid int value: 'x'", "Usage: %invoke"),
        ("%invoke echo rows --timeout 0", UsageProblem, "seconds above 0, not 0", "--timeout 5"),
        ("%invoke echo rows --timeout nan", UsageProblem, "seconds above 0, not nan", "--timeout 5"),
        ("%invoke echo rows --timeout x", UsageProblem, "invalid float value: 'x'", "Usage"),
        ("%invoke echo rows --timeout", UsageProblem, "--timeout: expected one argument", "Usage"),
        ("%invoke echo rows --timout 5", UsageProblem, "unrecognized arguments: --timout", "Did you mean --timeout?"),
        ("%invoke echo rows --header x", UsageProblem, "--header 'x' is not KEY=VALUE", "--header"),
        (
            "%invoke echo rows --header 'a b=c'",
            UsageProblem,
            "'a b' cannot be the name of a header",
            "Nothing was sent",
        ),
        ("%invoke echo rows --header Host=c", UsageProblem, "header Host is not", "Nothing was sent"),
        ("%invoke echo rows --curl --python", UsageProblem, "prints one client", "--curl or --python"),
        ("%invoke echo rows --curl -n 5", UsageProblem, "sends one request", "-n and -c"),
        ("%invoke echo rows --show-key", UsageProblem, "--show-key belongs to", "Nothing"),
        ("%invoke echo rwos -n 5", UsageProblem, "There is no variable 'rwos'", "Did you mean 'rows'?"),
        ("%invoke echo {'a': [1, {'b': object()}]}", InvokeProblem, "a[1].b: builtins.object", "Nothing was sent"),
        ("%invoke echo --file nowhere.png", UsageProblem, "nowhere.png cannot be read", "path"),
        ("%invoke slow rows --timeout 0.01", InvokeProblem, "did not answer within 0.01 s", "logs slow"),
        (
            "%invoke churn [1]",
            InvokeProblem,
            "The value of 'data' does not fit the schema",
            "with 'data', for example",
        ),
    ],
)
def test_errors_are_a_message_and_a_hint(
    ip: InteractiveShell, shared: Workspace, cell: str, kind: type, message: str, hint: str
) -> None:
    before = shared.services["echo"].health.requests
    error = ip.run_cell(cell).error_in_exec
    assert isinstance(error, DeployError), error
    assert isinstance(error, kind)
    assert message in error.message
    assert hint in error.hint
    assert shared.services["echo"].health.requests == before


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("%invoke echo x --tim", ["--timeout"]),
        ("%invoke echo X[:5] -n 100 --cu", ["--curl"]),
        ("%invoke echo x --con", ["--concurrency"]),
        ("%%invoke echo --he", ["--header"]),
        ("y = %invoke echo x --show", ["--show-key"]),
        ("%model invoke echo --p", ["--python"]),
    ],
)
def test_options_are_completed(ip: InteractiveShell, typed: str, words: list[str]) -> None:
    assert ip.Completer is not None
    with provisionalcompleter():
        assert [item.text for item in ip.Completer.completions(typed, len(typed))] == words


def test_a_load_tells_how_far_it_is(shared: Workspace) -> None:
    said: list[str] = []
    assert shared.services["slow"].load("1", 10, 1, progress=said.append).failed == 0
    assert said
    assert set(said) <= {f"{done} of 10 requests" for done in range(1, 11)}


def test_a_body_that_is_too_large_tells_the_setting(workspace: Workspace) -> None:
    workspace.score_script("small", "def run(raw_data):\n    return len(raw_data)\n")
    service = workspace.deploy("small", settings={"body_limit": 1000})
    for size in (1001, 20_000_000):
        with pytest.raises(InvokeProblem, match="small answered 413: ") as caught:
            service.invoke("1" * size)
        assert caught.value.hint.startswith(f"jupyter model deploy small --set body_limit={size} lets it through.")
    workspace.deploy("small", settings={"body_limit": 20_000_000})
    assert service.invoke("1" * 20_000_000) == 20_000_000


def call(*words: str, **options: Any) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run([*COMMAND, *words], capture_output=True, timeout=60, check=False, **options)


def test_the_command_line_measures_and_prints(shared: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["invoke", "echo", "[1]", "-n", "10", "-c", "2"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("echo: 10 requests, 2 at once, in ")
    assert "█" in out
    assert main(["invoke", "echo", "[1]", "-n10", "-c2", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["ok"] == 10
    assert main(["invoke", "churn", "[[1, 2]]"]) == 0
    shown = capsys.readouterr()
    assert (json.loads(shown.out), shown.err) == ([[1.0, 2.0]], "")
    assert main(["invoke", "echo", "--data", '["it\'s"]', "--curl"]) == 0
    done = subprocess.run(["bash", "-c", capsys.readouterr().out], capture_output=True, check=True, timeout=60)
    assert json.loads(done.stdout) == ["it's"]
    assert main(["invoke", "echo", "[1]", "--curl", "--json"]) == 0
    assert json.loads(capsys.readouterr().out).startswith("curl ")


def test_bytes_leave_the_command_line_as_they_are(shared: Workspace, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    file.write_bytes(b"\x89PNG\x00\r\n\xff")
    words = ["invoke", "raw", "--file", str(file), "--header", "X-Do=bytes"]
    done = call(*words)
    assert (done.returncode, done.stdout, done.stderr) == (0, file.read_bytes(), b"")
    found = json.loads(call(*words, "--json").stdout)
    assert found == {"content_type": "image/png", "base64": "iVBORwANCv8="}
    output = tmp_path / "b.png"
    assert call(*words, "--output", str(output)).returncode == 0
    assert output.read_bytes() == file.read_bytes()


@pytest.mark.parametrize("terminal", ["stderr", "both"])
def test_a_terminal_is_told_the_status(shared: Workspace, terminal: str) -> None:
    leader, follower = pty.openpty()
    try:
        stdout = follower if terminal == "both" else subprocess.PIPE
        done = subprocess.run(
            [*COMMAND, "invoke", "echo", "[1]"], stdout=stdout, stderr=follower, timeout=60, check=True
        )
        seen = os.read(leader, 10_000).decode()
        assert STATUS.search(seen)
        assert (done.stdout or b"").decode().strip() == ("" if terminal == "both" else "[\n 1\n]")
    finally:
        os.close(leader)
        os.close(follower)


def test_ctrl_c_ends_the_command_with_what_was_measured(shared: Workspace) -> None:
    service = shared.services["slow"]
    before = service.health.requests
    words = [*COMMAND, "invoke", "slow", "1", "-n", "100000", "-c", "2"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        until(lambda: service.health.requests >= before + 3)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (130, "")
    found = re.match(r"slow: (\d+) of 100,000 requests, 2 at once, in .* interrupted: .* none failed\n", out)
    assert found, out
    assert 3 <= int(found[1]) < 1000


def test_interrupting_a_cell_ends_it_with_what_was_measured(shared: Workspace) -> None:
    notebook = Notebook()
    service = shared.services["slow"]
    before = service.health.requests
    try:
        notebook.client.execute("%invoke slow 1 -n 100000 -c 2")
        until(lambda: service.health.requests >= before + 3)
        notebook.manager.interrupt_kernel()
        assert (
            notebook.run("report = _\nreport.interrupted, report.failed, 3 <= report.answered < 1000")
            == "(True, 0, True)"
        )
        assert notebook.run("%invoke echo [1]") == "[1]"
    finally:
        notebook.close()
