"""The magics in a real IPython shell: words, variables, values, errors."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.errors import (
    DeployError,
    InvokeProblem,
    NotFound,
    ReloadFailed,
    ScriptProblem,
    UsageProblem,
    in_notebook,
)
from jupyter_deploy.magics import completion
from jupyter_deploy.magics.magics import CELL_MAGICS, LINE_MAGICS, ModelMagics
from jupyter_deploy.registry import Model
from jupyter_deploy.verbs import Done, Listing, LogText
from jupyter_deploy.workspace import Service, Workspace, Written

from .conftest import Run
from .shell import ECHO

Fail = Callable[[str], tuple[DeployError, str]]


@pytest.fixture
def fail(ip: InteractiveShell, capsys: pytest.CaptureFixture[str]) -> Fail:
    """Run a cell that must fail with an error of ours; returns it and what the user saw."""

    def fail(cell: str) -> tuple[DeployError, str]:
        capsys.readouterr()
        result = ip.run_cell(cell)
        error = result.error_in_exec
        assert isinstance(error, DeployError), error
        assert not isinstance(error, UsageError)
        shown = "".join(capsys.readouterr())
        plain = re.sub(r"\x1b\[\d+m", "", shown)
        assert plain.rstrip("\n") == in_notebook(error.text())
        assert shown.startswith(f"\x1b[91m{type(error).__name__}\x1b[0m: ")
        assert plain.splitlines()[-1].startswith("Hint: ")
        return error, plain

    return fail


def test_the_journey(run: Run, fail: Fail, ip: InteractiveShell, classifier: Any) -> None:
    ip.user_ns["fitted"] = classifier
    model = run("%register churn fitted --tag stage=trial")
    assert isinstance(model, Model)
    assert (model.id, model.framework) == ("churn:1", "ScikitLearn")
    cell = (
        "%%score_script churn\nimport json, os, joblib\n\ndef init():\n    global model\n"
        "    model = joblib.load(os.path.join(os.environ['AZUREML_MODEL_DIR'], 'model.joblib'))\n\n"
        "def run(data):\n    return model.predict(json.loads(data)).tolist()\n"
    )
    script = run(cell)
    assert isinstance(script, Written)
    assert "stored; serve it with: %deploy churn" in seen(ip, script)
    assert isinstance(run("svc = %deploy churn\nsvc"), Service)
    service = ip.user_ns["svc"]
    assert "created in" in seen(ip, service)
    assert run("%invoke churn [[0, 0], [6, 6]]") == [0, 1]
    assert run("%%invoke churn\n[[6, 6],\n [0, 0]]\n") == [1, 0]

    edited = run(cell.replace("tolist()", "tolist()[:1]"))
    assert re.search(r"churn: reloaded in [\d,]+ ms \(script\); generation 2 serves", seen(ip, edited))
    assert run("%invoke churn [[0, 0], [6, 6]]") == [0]

    error, shown = fail(cell.replace("json.loads(data)", "jsn.loads(data)"))
    assert isinstance(error, ScriptProblem)
    assert "cell line 9: name 'jsn' is neither defined" in shown
    error, shown = fail(cell + "\nraise RuntimeError('too early')\n")
    assert isinstance(error, ReloadFailed)
    assert "churn still serves its old version" in shown
    assert "%%score_script churn, line 11, in <module>\n    raise RuntimeError('too early')" in shown
    assert run("%invoke churn [[6, 6], [0, 0]]") == [1]

    assert "unchanged, nothing to do" in seen(ip, run("%deploy churn"))
    assert service.health.generation == 2
    assert isinstance(run("%model stop churn"), Done)
    assert "started" in seen(ip, run("%deploy churn"))
    error, shown = fail("%model unregister churn --yes")
    assert "service churn uses it" in shown
    assert run("%model delete churn --yes").data == {"deleted": "churn"}
    assert run("%model unregister churn --yes").data == {"unregistered": "churn:1"}


def seen(ip: InteractiveShell, value: Any) -> str:
    assert ip.display_formatter is not None
    data, _ = ip.display_formatter.format(value)
    assert {"text/plain", "text/html"} < set(data)
    return str(data["text/plain"])


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        ("[1, -2]", [1, -2]),
        ("-1", -1),
        ("rows - 1", [[0, 1], [2, 3]]),
        ("rows[:1]", [[1, 2]]),
        ("rows[1:, ::-1]", [[4, 3]]),
        ("-rows", [[-1, -2], [-3, -4]]),
        ("rows", [[1, 2], [3, 4]]),
        ("payload", {"a": "{rows}"}),
        ("{payload}", {"a": "{rows}"}),
        ("$payload", {"a": "{rows}"}),
        ("{'a': payload['a'], 'b': None}", {"a": "{rows}", "b": None}),
        ('{"a": [1, 2]}', {"a": [1, 2]}),
        ("(  1,  'a  b' )", [1, "a  b"]),
        ("sorted(x for x in [3, 1])", [1, 3]),
        ("[x * 2 for x in range(3)]", [0, 2, 4]),
        ("frame.to_dict('list')", {"k": [1, 2]}),
        ("payload --json", {"a": "{rows}"}),
        ("""--data '{"a": "{rows} $rows", "b": {"c": 1}}'""", {"a": "{rows} $rows", "b": {"c": 1}}),
        ("""--data='[{"a": "$rows"}]'""", [{"a": "$rows"}]),
        ("--data [1,2]", [1, 2]),
    ],
)
def test_values_are_sent(run: Run, ip: InteractiveShell, line: str, sent: Any) -> None:
    import numpy as np
    import pandas as pd

    ip.user_ns |= {"rows": np.array([[1, 2], [3, 4]]), "payload": {"a": "{rows}"}, "frame": pd.DataFrame({"k": [1, 2]})}
    assert run(f"%invoke echo {line}") == sent


@pytest.mark.parametrize(
    ("line", "body"),
    [
        ("'two words'", "two words"),
        ('"say \\"it\\""', 'say "it"'),
        ("f'{name}: {{}}'", "echo: {}"),
        ("b'bytes'", "bytes"),
        ("'a; b'", "a; b"),
        ("name", "echo"),
        ("'--json'", "--json"),
        ("", ""),
    ],
)
def test_text_is_the_body_as_it_is(run: Run, ip: InteractiveShell, line: str, body: str) -> None:
    ip.user_ns["name"] = "echo"
    assert run(f"%invoke text {line}") == body


def test_a_frame_travels_as_the_facade_sends_it(run: Run, ip: InteractiveShell, shared: Workspace) -> None:
    import pandas as pd

    ip.user_ns["frame"] = pd.DataFrame({"k": [1, 2], "who": ["a", "b"]})
    assert run("%invoke echo frame") == shared.services["echo"].invoke(ip.user_ns["frame"])
    assert run("%invoke echo frame[['k']].values - 1") == [[0], [1]]


def test_local_variables_win(run: Run) -> None:
    cell = (
        "payload = 'global'\nname = 'nothing'\n"
        "def ask(payload, name):\n    answer = %invoke {name} payload\n    return answer\n"
        "def ask_again(payload):\n    return get_ipython().run_line_magic('invoke', 'echo {payload}')\n"
        "[ask([1], 'echo'), ask_again([2])]"
    )
    assert run(cell) == [[1], [2]]


def test_words_are_quoted_as_in_a_shell_and_filled_in(run: Run, ip: InteractiveShell, tmp_path: Path) -> None:
    ip.user_ns |= {"name": "quoted", "who": "me and you", "folder": tmp_path}
    (tmp_path / "a file.bin").write_bytes(b"x")
    model = run(
        """%register {name} "{folder}/a file.bin" --tag owner=$who --tag 'a=b  c' --description "it's {{5}} $$" """
    )
    assert model.entry == "a file.bin"
    assert model.tags == {"owner": "me and you", "a": "b  c"}
    assert model.description == "it's {5} $"
    assert run("%model show {name}:1") == run("%model show $name") == model
    assert run("%model models --name $name --json") == [model.as_dict()]


@pytest.mark.parametrize(
    ("line", "kind"),
    [("%invoke echo [1]", list), ("%model state echo", Service), ("%model models", Listing), ("%deploy echo", Service)],
)
def test_a_semicolon_silences(run: Run, line: str, kind: type) -> None:
    assert isinstance(run(line), kind)
    assert run(f"{line};") is None
    assert run(f"{line} ; ") is None


@pytest.mark.parametrize(
    ("cell", "kind", "message", "hint"),
    [
        ("%model shwo x", UsageProblem, "There is no verb 'shwo'.", "Did you mean 'show'?"),
        ("%model show irsi", NotFound, "name irsi not found", "Did you mean 'iris'?"),
        ("%model logs echo -n -1", UsageProblem, "-1", "-n"),
        ("%deploy", UsageProblem, "Which service?", "For example: jupyter model deploy churn"),
        ("%model stop", UsageProblem, "the following arguments are required: service", "Usage: %model stop"),
        ("%deploy echo --prot 1", UsageProblem, "unrecognized arguments: --prot 1", "Did you mean --port?"),
        ("%deploy echo --port 99999", UsageProblem, "not 99999", "--port"),
        ("%deploy echo --workers 0", UsageProblem, "not 0", "1"),
        ("%deploy ehco", NotFound, "No script named 'ehco'.", "Did you mean 'echo'?"),
        ('%deploy "echo', UsageProblem, "cannot be split into words", "Close the quotes."),
        ("%deploy {nmae}", UsageProblem, "no variable 'nmae' for {nmae}", "Did you mean 'name'?"),
        ("%deploy $zzzz", UsageProblem, "no variable 'zzzz' for $zzzz", "{{"),
        ("%register iris", UsageProblem, "required: OBJECT_OR_PATH", "Usage: %register"),
        ("%register iris naem", UsageProblem, "no variable or file named 'naem'", "Did you mean 'name'?"),
        ("%register <script> name", DeployError, "'<script>' cannot be a model's name", "script"),
        ("%invoke ehco [1]", NotFound, "No service named 'ehco'.", "Did you mean 'echo'?"),
        ("%invoke echo naem", UsageProblem, "There is no variable 'naem'", "Did you mean 'name'?"),
        ("%invoke echo [1", UsageProblem, "'[1' is not a variable or Python expression", "--data"),
        ("%invoke echo 1/0", UsageProblem, "1/0 raises ZeroDivisionError", "Try it in a cell."),
        ("%invoke echo object()", InvokeProblem, "cannot be sent as JSON", "Convert it to lists"),
        ("%invoke echo --data {", InvokeProblem, "--data is not JSON", "Nothing was sent."),
        ("%%invoke echo\n{'a': 1}", InvokeProblem, "The cell is not JSON", "Nothing was sent."),
        ("%%invoke echo [1]\n[2]", UsageProblem, "invoke takes one value.", "--data JSON"),
        ("%invoke echo 'no json'", InvokeProblem, "JSONDecodeError", "text that is not JSON"),
        ("%%score_script\ndef run(data): return 1", UsageProblem, "needs a name", "%%score_script churn"),
        ("%%score_script a b\ndef run(data): return 1", UsageProblem, "takes one name", "%%score_script churn"),
        ("%%score_script ../x\ndef run(data): return 1", ScriptProblem, "'../x' cannot be", "%%score_script churn"),
        ("%%score_script echo\ndef predict(data): return 1", ScriptProblem, "no run() function", "predict"),
        ("%%score_script echo\ndef run(data): return nmae", ScriptProblem, "name 'nmae' is neither", "'name'"),
        ("%%score_script echo\ndef run(data): return get_ipython()", ScriptProblem, "notebook's own", "print()"),
        ("%%score_script echo\n%pip install x\ndef run(d): return 1", ScriptProblem, "notebook syntax", "own"),
        ("%model delete echo", UsageProblem, "Confirmation is not possible here.", "Add --yes."),
        ("%model unregister iris", UsageProblem, "Confirmation is not possible here.", "Add --yes."),
    ],
)
def test_errors_are_a_message_and_a_hint(
    fail: Fail,
    ip: InteractiveShell,
    shared: Workspace,
    monkeypatch: pytest.MonkeyPatch,
    cell: str,
    kind: type,
    message: str,
    hint: str,
) -> None:
    def nobody(prompt: str = "") -> str:
        raise EOFError

    # What input() does where a notebook is executed without a person.
    monkeypatch.setattr("builtins.input", nobody)
    ip.user_ns["name"] = "echo"
    before = (shared.services["echo"].record, len(shared.models.list()), shared.scripts["echo"])
    error, shown = fail(cell)
    assert isinstance(error, kind)
    assert message in shown
    assert hint in error.hint
    assert "jupyter_deploy" not in shown
    assert "Traceback" not in error.message
    assert (shared.services["echo"].record, len(shared.models.list()), shared.scripts["echo"]) == before
    assert shared.services["echo"].invoke([1]) == [1]


@pytest.mark.parametrize(
    ("line", "start", "piece"),
    [
        ("%model --help", "usage: %model VERB ...", "%model VERB --help"),
        ("%model deploy --help", "usage: %model deploy ", "--no-wait"),
        ("%model serve -h", "usage: %model serve ", "--entry-script"),
        ("%deploy --help", "usage: %deploy ", "--target"),
        ("%register --help", "usage: %register ", "OBJECT_OR_PATH"),
        ("%invoke --help", "usage: %invoke ", "--data"),
        ("%invoke echo --help", "usage: %invoke ", "--data"),
    ],
)
def test_help_is_printed(run: Run, capsys: pytest.CaptureFixture[str], line: str, start: str, piece: str) -> None:
    assert run(line) is None
    out = capsys.readouterr().out
    assert out.startswith(start)
    assert piece in out


def test_verbs_return_values(run: Run, shared: Workspace) -> None:
    logs = run("%model logs echo -n 2")
    assert isinstance(logs, LogText)
    assert len(logs.splitlines()) <= 2
    assert run("%model show iris:1").version == 1
    assert [fact["name"] for fact in run("%model services")] == ["echo", "text"]
    assert run("%model state echo --json")["state"] == "Healthy"
    assert run("%model tag iris:1 a=1").tags["a"] == "1"
    generation = shared.services["text"].health.generation
    assert run("%model reload text").change.generation == generation + 1
    assert run("%%model invoke echo\n{}") == {}


def test_loading_twice_and_unloading(ip: InteractiveShell, run: Run, shared: Workspace) -> None:
    def ours() -> tuple[int, int, list[str]]:
        magics = ip.magics_manager.magics
        names = [f"{kind} {name}" for kind in magics for name in magics[kind] if is_ours(magics[kind][name])]
        matchers = [matcher for matcher in ip.Completer.custom_matchers if matcher is completion.matcher]
        return len(matchers), sum(isinstance(item, ModelMagics) for item in ip.configurables), sorted(names)

    def is_ours(function: Any) -> bool:
        return isinstance(getattr(function, "__self__", None), ModelMagics)

    names = sorted([f"line {name}" for name in LINE_MAGICS] + [f"cell {name}" for name in CELL_MAGICS])
    assert ours() == (1, 1, names)
    run("%load_ext jupyter_deploy\n%reload_ext jupyter_deploy")
    assert ours() == (1, 1, names)
    assert run("%invoke echo [1]") == [1]
    model = shared.models["iris"]
    assert seen(ip, model).startswith("Model iris:")
    run("%unload_ext jupyter_deploy")
    assert ours() == (0, 0, [])
    assert ip.display_formatter is not None
    data, _ = ip.display_formatter.format(model)
    assert set(data) == {"text/plain"}
    assert data["text/plain"].startswith("Model(name='iris'")
    run("%load_ext jupyter_deploy")
    assert seen(ip, model).startswith("Model iris:")


def test_a_script_is_replaced_by_its_cell(run: Run, shared: Workspace) -> None:
    assert run("%%score_script echo\n" + ECHO + "\n# edited\n").changes[0].action == "reloaded"
    assert shared.scripts["echo"].source.endswith("# edited\n")
    assert run("%%score_script echo\n" + ECHO).changes[0].service == "echo"
