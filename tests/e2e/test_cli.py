"""The command line: every verb, its JSON, its exit codes, and what it says to words that make no sense."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.cli import main
from jupyter_deploy.verbs import NAMES
from jupyter_deploy.workspace import Service, Workspace

from .conftest import files_below, until

SCRIPT = """import json

def run(data):
    print("got", data)
    return [2 * number for number in json.loads(data)]
"""
COMMAND = [sys.executable, "-m", "jupyter_deploy.cli"]
Said = tuple[int, str, str]
Call = Callable[..., Said]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace with models iris:1 and iris:2, and a running service `double`; its folder is the current one."""
    folder = tmp_path_factory.mktemp("cli")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DEPLOY_HOME", str(folder / "home"))
        patch.chdir(folder)
        Path("score.py").write_text(SCRIPT)
        Path("model.bin").write_bytes(b"weights")
        Path("no_run.py").write_text("def init():\n    pass\n")
        Path("half.json").write_text('{"data": [1,\n')
        Path("words.json").write_text("{'data': [1]}")
        workspace = Workspace()
        for _ in range(2):
            workspace.register("iris", Path("model.bin"), tags={"stage": "trial"})
        workspace.deploy("double", script=Path("score.py"))
        yield workspace
        for service in workspace.services.values():
            service.delete()


@pytest.fixture
def service(shared: Workspace) -> Service:
    return shared.services["double"]


@pytest.fixture
def call(shared: Workspace, capsys: pytest.CaptureFixture[str]) -> Call:
    """Run the command line in this process; returns its exit code, stdout and stderr."""

    def run(*words: str) -> Said:
        code = main(list(words))
        return code, *capsys.readouterr()

    return run


def everything(workspace: Workspace) -> Any:
    """All that a verb could change: rows, files, processes, requests served."""
    root = workspace.home.root
    files = {name for name in files_below(root) if not name.endswith(".lock") and not name.startswith("state.db")}
    health = workspace.services["double"].health
    return (
        [model.as_dict() for model in workspace.models.list()],
        {name: workspace.scripts[name].source for name in workspace.scripts},
        {name: service.record for name, service in workspace.services.items()},
        (health.state, health.generation, health.workers, health.requests),
        files,
        # A service writes lines into its log when it comes to it, also after a verb of another test has ended.
        {name: (root / name).read_bytes() for name in sorted(files) if not name.startswith("logs/")},
        files_below(Path.cwd()) - {f"home/{name}" for name in files_below(root)},
    )


@pytest.mark.parametrize(
    ("verb", "options"),
    [
        ("register", "OBJECT_OR_PATH --tag --property --description --framework --json"),
        ("models", "--name --tag --json"),
        ("show", "NAME[:VERSION] --script --json"),
        ("tag", "MODEL[:VERSION] K=V --json"),
        ("download", "MODEL[:VERSION] --json"),
        ("unregister", "MODEL[:VERSION] --yes --json"),
        ("deploy", "service --script --model --target --port --environment --workers --no-wait --json"),
        ("invoke", "service value --data --file --json"),
        ("reload", "service --script --model --json"),
        ("services", "--json"),
        ("state", "service --json"),
        ("logs", "service -f -n --json"),
        ("stop", "service --json"),
        ("delete", "service --yes --json"),
        ("serve", "--entry-script --model-dir --host --port --workers"),
    ],
)
def test_every_verb_has_help(call: Call, verb: str, options: str) -> None:
    code, out, err = call(verb, "--help")
    assert (code, err) == (0, "")
    assert out.startswith(f"usage: jupyter model {verb} ")
    assert set(options.split()) <= set(out.replace(",", " ").replace("[-", " -").split())


@pytest.mark.parametrize(("words", "code"), [((), 2), (("help",), 0), (("-h",), 0)])
def test_the_overview_lists_every_verb(call: Call, words: tuple[str, ...], code: int) -> None:
    said = call(*words)
    assert said[0] == code
    assert [line.split()[0] for line in said[1].splitlines() if line.startswith("  ")] == list(NAMES)


def test_the_script_is_found_by_jupyter() -> None:
    program = [str(Path(sys.executable).with_name("jupyter")), "model", "--help"]
    done = subprocess.run(program, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("usage: jupyter model VERB")


def test_the_journey_in_json(call: Call, shared: Workspace, tmp_path: Path) -> None:
    def data(*words: str) -> Any:
        code, out, err = call(*words, "--json")
        assert (code, err) == (0, "")
        return json.loads(out)

    words = [
        "register",
        "wine",
        "model.bin",
        "--tag",
        "stage=a=b",
        "--property",
        "who=me",
        "--description",
        "two words",
    ]
    model = data(*words, "--framework", "sklearn", "--framework-version", "1.9")
    assert (model["id"], model["tags"], model["properties"]) == ("wine:1", {"stage": "a=b"}, {"who": "me"})
    assert (model["description"], model["framework"], model["framework_version"]) == ("two words", "ScikitLearn", "1.9")
    assert data("tag", "wine:1", "stage=live", "new=") == model | {"tags": {"stage": "live", "new": ""}}
    assert data("show", "wine") == data("show", "wine:1")
    assert [item["id"] for item in data("models", "--tag", "stage=live")] == ["wine:1"]
    assert [item["id"] for item in data("models", "--tag", "stage", "--name", "iris")] == ["iris:2", "iris:1"]
    assert data("models", "--name", "nothing") == []
    assert Path(data("download", "wine", "--to", str(tmp_path))["path"]).read_bytes() == b"weights"

    state = data("deploy", "passing", "--script", "score.py", "--model", "wine:1", "--target", "process")
    assert (state["state"], state["models"], state["change"]["action"]) == ("Healthy", ["wine:1"], "created")
    assert data("deploy", "passing")["change"]["action"] == "unchanged"
    assert data("invoke", "passing", "[1, -2]") == [2, -4]
    assert data("reload", "passing")["generation"] == 2
    assert [item["name"] for item in data("services")] == ["double", "passing"]
    assert data("state", "passing")["requests"] == 1
    assert "got [1, -2]\n" in data("logs", "passing", "-n", "50")["log"]
    code, _, err = call("unregister", "wine:1", "--yes")
    assert code == 1
    assert "service passing uses it" in err
    assert data("stop", "passing") == {"stopped": "passing"}
    assert data("state", "passing")["state"] == "Stopped"
    assert call("invoke", "passing", "[1]")[0] == 1
    assert data("delete", "passing", "--yes") == {"deleted": "passing"}
    assert data("unregister", "wine:1", "--yes") == {"unregistered": "wine:1"}
    assert [item["name"] for item in data("services")] == ["double"]
    assert {item["name"] for item in data("models")} == {"iris"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["models"], "iris   2        Custom"),
        (["show", "iris"], "Model iris:2\n"),
        (["services"], "double   Healthy  http://127.0.0.1:"),
        (["state", "double"], "Service double: Healthy\n"),
        (["deploy", "double"], "unchanged, nothing to do"),
        (["logs", "double"], "got [9]"),
        (["--version"], "."),
    ],
)
def test_texts_for_people(call: Call, service: Service, words: list[str], said: str) -> None:
    service.invoke([9])
    code, out, err = call(*words)
    assert (code, err) == (0, "")
    assert said in out


def test_a_filter_that_finds_nothing_does_not_deny_what_there_is(call: Call) -> None:
    code, out, _ = call("models", "--name", "nothing")
    assert code == 0
    assert "iris" not in out
    assert "There are no models yet" not in out


@pytest.mark.parametrize(
    "words", [["--data", "[3]"], ["[3]"], ["--json", "[3]"], ["--file", "three.json"], ["--file", "three.txt"]]
)
def test_a_body_comes_from_the_words_or_a_file(call: Call, words: list[str], tmp_path: Path) -> None:
    for name in ("three.json", "three.txt"):
        (tmp_path / name).write_text("[3]\n")
    words = [str(tmp_path / word) if word.startswith("three") else word for word in words]
    code, out, err = call("invoke", "double", *words)
    assert (code, json.loads(out), err) == (0, [6], "")


def test_an_answer_goes_to_a_file(call: Call, tmp_path: Path) -> None:
    output = tmp_path / "answer.json"
    code, out, err = call("invoke", "double", "[4]", "--output", str(output))
    assert (code, err) == (0, "")
    assert str(output) in out
    assert json.loads(output.read_text()) == [8]
    code, out, _ = call("invoke", "double", "[5]", "--output", str(output), "--json")
    assert (code, json.loads(out)) == (0, {"path": str(output)})


def test_a_failed_request_leaves_the_answers_file_alone(call: Call, tmp_path: Path) -> None:
    output = tmp_path / "answer.json"
    output.write_text("[8]")
    code, out, err = call("invoke", "double", "7", "--output", str(output))
    assert (code, out) == (1, "")
    assert err.startswith("InvokeProblem: double: TypeError: ")
    assert output.read_text() == "[8]"
    assert call("invoke", "double", "7", "--output", str(tmp_path / "new.json"))[0] == 1
    assert not (tmp_path / "new.json").exists()


# Words, exit code, and a piece of the message and of the hint.
MALFORMED = [
    ("dploy double", 2, "no verb 'dploy'", "'deploy'"),
    ("<script>", 2, "no verb '<script>'", "Verbs: register, models"),
    ("show irsi", 1, "name irsi not found", "'iris'"),
    ("show iris:0", 2, "not '0'", "iris:1"),
    ("show iris:abc", 2, "not 'abc'", "iris:1"),
    ("show iris:99", 1, "version 99 not found", "1, 2"),
    ("show iris:-1", 2, "not '-1'", "iris:1"),
    ("show ../x", 1, "../x not found", "iris"),
    ("tag iris novalue", 2, "'novalue' is not KEY=VALUE", "stage=trial"),
    ("tag iris ok=1 =x", 2, "'=x' is not KEY=VALUE", "stage=trial"),
    ("tag irsi a=b", 1, "irsi not found", "'iris'"),
    ("models --tag =x", 2, "'=x' is not KEY=VALUE", "stage=trial"),
    ("download iris:99", 1, "version 99 not found", "1, 2"),
    ("download iris", 1, "File already exists", "--to DIR"),
    ("download iris --to model.bin", 1, "file is in the way", "--to DIR"),
    ("unregister irsi --yes", 1, "irsi not found", "'iris'"),
    ("unregister iris:99 --yes", 1, "version 99 not found", "1, 2"),
    ("register <script> model.bin", 1, "'<script>' cannot be a model's name", "script"),
    ("register ../x model.bin", 1, "'../x' cannot be a model's name", "'x'"),
    ("register iris modle.bin", 1, "Path does not exist: modle.bin", "model.bin"),
    ("register iris", 2, "required: OBJECT_OR_PATH", "Usage: jupyter model register"),
    ("register iris model.bin --tag x", 2, "'x' is not KEY=VALUE", "stage=trial"),
    ("register iris model.bin --framework-version 3", 1, "version without a framework", "framework"),
    ("register iris model.bin --child x", 1, "only goes with a folder", "--child"),
    ("deploy <script>", 2, "'<script>' cannot be a service's name", "'script'"),
    ("deploy ../x", 2, "'../x' cannot be a service's name", "'churn'"),
    ("deploy fresh", 1, "No script named 'fresh'", "%%score_script fresh"),
    ("deploy fresh --script scor.py", 1, "No script file", "score.py"),
    ("deploy fresh --script no_run.py", 1, "no run() function", "Add: def run(data)"),
    ("deploy double --script no_run.py", 1, "no run() function", "Add: def run(data)"),
    ("deploy fresh --script score.py --model irsi", 1, "irsi not found", "'iris'"),
    ("deploy fresh --script score.py --model iris:0", 2, "not '0'", "iris:1"),
    ("deploy double --model iris:99", 1, "version 99 not found", "1, 2"),
    ("deploy double --port 0", 2, "port must be an integer in range [1, 65535], not 0", "--port"),
    ("deploy double --port 99999", 2, "not 99999", "--port"),
    ("deploy double --port -1", 2, "not -1", "--port"),
    ("deploy double --port abc", 2, "invalid int value: 'abc'", "Usage: jupyter model deploy"),
    ("deploy double --workers 0", 2, "workers must be a whole number from 1 to 64, not 0", "1"),
    ("deploy double --workers 65", 2, "not 65", "1"),
    ("deploy double --memory 1k", 2, "memory 1k is too little", "32m"),
    ("deploy double --memory lots", 2, "memory cannot be 'lots'", "512m"),
    ("deploy double --cpus -1", 2, "cpus cannot be '-1'", "0.5"),
    ("deploy double --cpus 1", 1, "A plain process has no --cpus", "--target docker"),
    ("deploy double --image-port 80", 2, "need the image", "--image IMAGE"),
    ("deploy double --env NO_SUCH_THING", 2, "no variable NO_SUCH_THING", "--env NO_SUCH_THING=VALUE"),
    ("deploy double --target proces", 1, "no target 'proces'", "'process'"),
    ("deploy double --environment x", 1, "No environment named 'x'", "--environment kernel"),
    ("deploy double --prot 5", 2, "unrecognized arguments: --prot 5", "--port"),
    ("deploy double --work 2", 2, "unrecognized arguments: --work 2", "--workers"),
    ("invoke dubble [1]", 1, "No service named 'dubble'", "'double'"),
    ("invoke double {'a':1}", 1, "VALUE is not JSON", "double quotes"),
    ("invoke double --data [1,]", 1, "--data is not JSON", "Nothing was sent"),
    ("invoke double --data=", 1, "--data is not JSON", "Nothing was sent"),
    ("invoke double --file half.json", 1, "half.json is not JSON", "Nothing was sent"),
    ("invoke double --file words.json", 1, "words.json is not JSON", "double quotes"),
    ("invoke double --file none.json", 2, "none.json cannot be read: No such file", "path"),
    ("invoke double --file home", 2, "home cannot be read: Is a directory", "path"),
    ("invoke double [1] --output home", 2, "home cannot be written", "path"),
    ("invoke double [1] --data [2]", 2, "invoke takes one value", "--data JSON"),
    ("invoke double [1] [2]", 2, "unrecognized arguments: [2]", "Usage: jupyter model invoke"),
    ("reload dubble", 1, "No service named 'dubble'", "'double'"),
    ("reload double --script scor.py", 1, "No script file", "score.py"),
    ("reload double --script no_run.py", 1, "no run() function", "Add: def run(data)"),
    ("reload double --model irsi", 1, "irsi not found", "'iris'"),
    ("state dubble", 1, "No service named 'dubble'", "'double'"),
    ("state", 2, "required: service", "Usage: jupyter model state"),
    ("logs dubble -f", 1, "No service named 'dubble'", "'double'"),
    ("logs double -n -5", 2, "-5", "-n"),
    ("logs double -n x", 2, "invalid int value: 'x'", "Usage: jupyter model logs"),
    ("logs double -f --json", 2, "--json does not go with -f", "Leave one"),
    ("stop dubble", 1, "No service named 'dubble'", "'double'"),
    ("delete dubble --yes", 1, "No service named 'dubble'", "'double'"),
    ("delete double", 2, "Confirmation is not possible", "--yes"),
    ("unregister iris", 2, "Confirmation is not possible", "--yes"),
    ("services double", 2, "unrecognized arguments: double", "Usage: jupyter model services"),
    ("serve", 2, "serve needs an entry script", "For example: jupyter model serve score.py"),
    ("serve scor.py", 1, "No script file", "score.py"),
    ("serve score.py --port 99999", 2, "not 99999", "0 takes a free one"),
    ("serve a.py --entry-script b.py", 2, "a.py and --entry-script b.py are two scripts", "serve a.py"),
    ("serve --entry-script scor.py", 1, "No script file", "score.py"),
    ("serve --entry-script no_run.py", 1, "no run() function", "Add: def run(data)"),
    ("serve --entry-script score.py --port 99999", 2, "not 99999", "0 takes a free one"),
    ("serve --entry-script score.py --workers 0", 2, "not 0", "1"),
    ("serve --entry-script score.py --model-dir none", 1, "No folder none", "--model-dir"),
]


@pytest.mark.parametrize(("line", "code", "message", "hint"), MALFORMED, ids=[case[0] for case in MALFORMED])
def test_malformed_words_get_one_clear_error_and_change_nothing(
    call: Call, shared: Workspace, line: str, code: int, message: str, hint: str
) -> None:
    before = everything(shared)
    found, out, err = call(*line.split())
    assert (found, out) == (code, "")
    first, last = err.splitlines()[0], err.splitlines()[-1]
    assert message in first
    assert last.startswith("Hint: ")
    assert hint in last
    assert "Traceback" not in err
    assert everything(shared) == before


@pytest.mark.parametrize(("answer", "said"), [("n\n", "double stays\n"), ("\n", "double stays\n")])
def test_a_question_is_asked_on_a_terminal(shared: Workspace, answer: str, said: str) -> None:
    before = everything(shared)
    ours, theirs = os.openpty()
    with subprocess.Popen([*COMMAND, "delete", "double"], stdin=theirs, stdout=subprocess.PIPE, text=True) as asked:
        os.write(ours, answer.encode())
        out, _ = asked.communicate(timeout=30)
    os.close(ours)
    os.close(theirs)
    assert asked.returncode == 0
    assert out == f"Delete service double and its log? [y/N] {said}"
    assert everything(shared) == before


def test_ctrl_c_ends_with_130(shared: Workspace) -> None:
    before = everything(shared)
    ours, theirs = os.openpty()
    command = [*COMMAND, "unregister", "iris"]
    with subprocess.Popen(command, stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as asked:
        assert asked.stdout is not None
        os.set_blocking(asked.stdout.fileno(), False)
        until(lambda: b"[y/N]" in (asked.stdout.read() or b""))  # type: ignore[union-attr]
        asked.send_signal(signal.SIGINT)
        _, err = asked.communicate(timeout=30)
    os.close(ours)
    os.close(theirs)
    assert (asked.returncode, err) == (130, b"\n")
    assert everything(shared) == before


def test_following_a_log_ends_with_ctrl_c_and_the_service_goes_on(service: Service, tmp_path: Path) -> None:
    service.invoke([111])
    until(lambda: "got [111]" in service.logs())
    seen, command = tmp_path / "seen", [*COMMAND, "logs", "-f", "double"]
    with seen.open("w") as file, subprocess.Popen(command, stdout=file, stderr=subprocess.PIPE) as logs:
        until(lambda: "got [111]" in seen.read_text())
        service.invoke([222])
        until(lambda: "got [222]" in seen.read_text())
        assert logs.poll() is None
        logs.send_signal(signal.SIGINT)
        _, err = logs.communicate(timeout=30)
    assert (logs.returncode, err) == (0, b"")
    assert seen.read_text().count("got [222]\n") == 1
    assert service.state == "Healthy"
    assert service.invoke([2]) == [4]


@pytest.mark.parametrize("words", [["models"], ["services", "--json"], ["--help"]], ids=" ".join)
@pytest.mark.parametrize("buffering", ["", "1"], ids=["buffered", "unbuffered"])
def test_a_closed_pipe_is_no_error(shared: Workspace, words: list[str], buffering: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    environment = os.environ | {"PYTHONUNBUFFERED": buffering}
    done = subprocess.run(
        [*COMMAND, *words], stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60, env=environment
    )
    os.close(writer)
    assert done.returncode in {0, 1}
    assert done.stderr == ""
