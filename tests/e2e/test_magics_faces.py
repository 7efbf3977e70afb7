"""What a notebook shows: text and HTML of results, completion while typing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.completer import provisionalcompleter
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.errors import StartFailed
from jupyter_deploy.magics.hover import help_at
from jupyter_deploy.registry import Model
from jupyter_deploy.scripts import Script
from jupyter_deploy.services import Change
from jupyter_deploy.verbs import NAMES, Done, Listing, LogText
from jupyter_deploy.workspace import Service, Workspace, Written

from ..markup import Page, encodable, harmless
from .conftest import until
from .shell import new_shell

EVIL = "<script>alert(1)</script>"
ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"


@pytest.fixture(scope="module")
def ip(shared: Workspace) -> Iterator[InteractiveShell]:
    yield from new_shell()


def faces(ip: InteractiveShell, value: Any) -> tuple[str, str]:
    """Text and HTML, as the notebook would get them; the HTML holds no tag but those of a plain page."""
    assert ip.display_formatter is not None
    data, _ = ip.display_formatter.format(value)
    (mime,) = set(data) - {"text/plain", "text/html"}
    assert re.fullmatch(r"application/vnd\.jupyter-deploy\.[a-z]+\.v1\+json", mime)
    encodable(data[mime])
    harmless(data["text/html"])
    return data["text/plain"], data["text/html"]


@pytest.fixture
def evil(shared: Workspace) -> Iterator[Model]:
    """A model whose every free text is markup."""
    model = shared.register(
        "evil", {"a": 1}, tags={EVIL: EVIL}, properties={"p": EVIL}, description=EVIL, framework=EVIL
    )
    yield model
    shared.unregister("evil")


def test_a_model(ip: InteractiveShell, shared: Workspace, evil: Model) -> None:
    text, html = faces(ip, evil)
    assert text.startswith("Model evil:1\n")
    assert f"{EVIL}={EVIL}" in text
    assert html.count(ESCAPED) == 5
    text, html = faces(ip, Listing("models", shared.models.list("evil")))
    assert text.splitlines()[0].split() == ["model", "version", "framework", "size", "registered", "tags"]
    assert f"{EVIL}={EVIL}" in text
    assert html.count(ESCAPED) == 3


def test_empty_listings(ip: InteractiveShell) -> None:
    for kind in ("models", "services"):
        text, html = faces(ip, Listing(kind, []))
        assert text in html
        assert kind in text


def test_a_script(ip: InteractiveShell) -> None:
    text, html = faces(ip, Script(EVIL, "# magic\na = 1\nb = 2\n", ""))
    assert text.splitlines() == [
        f"Script {EVIL}, 2 lines, checked",
        "  run() gets the request's text (it is not written in the cell)",
        f"  stored; serve it with: %deploy {EVIL}",
    ]
    assert html.count(ESCAPED) == 3
    changes = (Change("one", "reloaded", (EVIL,), 12.4, 3), Change("two", "repaired", (), 1234.5, 1))
    text, html = faces(ip, Written(Script("s", "", ""), changes=changes))
    assert text.splitlines()[2:] == [
        f"  one: reloaded in 12 ms ({EVIL}); generation 3 serves",
        "  two: repaired in 1,234 ms; generation 1 serves",
    ]
    assert ESCAPED in html


def test_a_service_that_failed(ip: InteractiveShell, shared: Workspace) -> None:
    path = Path("<script>alert(1)<b>.py")
    path.write_text(f"def init():\n    raise RuntimeError('{EVIL}')\n\ndef run(data):\n    return data\n")
    with pytest.raises(StartFailed, match=re.escape(EVIL)):
        shared.deploy("evil", script=path)
    assert "evil" not in shared.services
    # Of a first deployment that was not waited for, the failed service is shown.
    service = shared.deploy("evil", script=path, wait=False)
    until(lambda: service.state == "Failed")
    assert EVIL in service.health.reason
    text, html = faces(ip, service)
    assert text.startswith("Service evil: Failed\n")
    assert EVIL in text
    assert ESCAPED in html
    assert "&lt;b&gt;.py" in html
    text, html = faces(ip, Listing("services", [item.as_dict() for item in shared.services.values()]))
    assert [line.split()[:2] for line in text.splitlines()[1:]] == [
        ["echo", "Healthy"],
        ["evil", "Failed"],
        ["text", "Healthy"],
    ]
    assert "&lt;script&gt;alert(1)&lt;b&gt;.py" in html
    text, html = faces(ip, LogText(service.logs()))
    assert EVIL in text
    assert ESCAPED in html
    service.delete()


def test_a_live_service_and_what_is_left_of_it(ip: InteractiveShell, shared: Workspace) -> None:
    service = shared.deploy("passing", script="echo", models=["iris:1"])
    text, html = faces(ip, service)
    assert text.startswith("Service passing: Healthy\n")
    assert "created in" in text
    assert f">{service.scoring_uri}</code>" in html
    for face in (text, html):
        assert "iris:1" in face
        assert "generation 1, 1 worker, 0 requests" in face
    service.stop()
    text, html = faces(ip, service)
    assert text.startswith("Service passing: Stopped\n")
    assert "■ Stopped" in Page(html).text
    service.delete()
    text, html = faces(ip, service)
    assert text == "Service passing: deleted"
    assert "deleted" in html
    assert isinstance(service, Service)
    assert repr(service) == "<Service passing>"


def test_log_text(ip: InteractiveShell, shared: Workspace) -> None:
    service = shared.services["echo"]
    service.invoke([EVIL, "é\u2028ü"])
    log = until(lambda: EVIL in service.logs() and LogText(service.logs()))
    text, html = faces(ip, log)
    assert text == str(log).rstrip("\n")
    assert ESCAPED in html
    for face in faces(ip, LogText("")):
        assert "The log is empty." in face


def test_what_was_done(ip: InteractiveShell) -> None:
    text, html = faces(ip, Done(f"{EVIL} is deleted", {"deleted": EVIL}))
    assert text == f"{EVIL} is deleted"
    assert Page(html).text == f"{EVIL} is deleted"
    assert len(Page(html).tags) == 1


def complete(ip: InteractiveShell, text: str) -> list[str] | None:
    """The texts after completion, or None where the completions are not ours."""
    assert ip.Completer is not None
    with provisionalcompleter():
        found = list(ip.Completer.completions(text, len(text)))
    if not found or {item.type for item in found} != {"param"}:
        return None
    return [text[: item.start] + item.text + text[item.end :] for item in found]


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("%model sh", ["show"]),
        ("%model s", ["score", "serve", "services", "show", "state", "stats", "stop"]),
        ("%model ", sorted(NAMES)),
        ("x = 1\n%model un", ["unregister"]),
        ("r = %model sho", ["show"]),
        ("r = %deploy ec", ["echo"]),
        ("x = 1\ny = 2\nr = %deploy echo --wor", ["--workers"]),
        ("%deploy echo --no-wait --targ", ["--target"]),
        ("%model logs --", ["--follow", "--full-ids", "--json", "--lines"]),
        ("%deploy ", ["echo", "text"]),
        ("%deploy echo --model ", ["iris", "iris:1"]),
        ("%deploy echo --model iris:", ["iris:1"]),
        ("%deploy echo --script t", ["text"]),
        ("%deploy echo --target p", ["process"]),
        ("%deploy echo --target ", ["auto", "docker", "process"]),
        ("%model deploy echo --model i", ["iris", "iris:1"]),
        ("%invoke te", ["text"]),
        ("%%invoke te", ["text"]),
        ("%model invoke ec", ["echo"]),
        ("%model logs ", ["echo", "text"]),
        ("%model logs -n 3 ec", ["echo"]),
        ("%model logs echo --fo", ["--follow"]),
        ("%model show ir", ["iris", "iris:1"]),
        ("%model tag ", ["iris", "iris:1"]),
        ("%model models --name i", ["iris", "iris:1"]),
        ("%model delete echo --y", ["--yes"]),
        ("%register ir", ["iris", "iris:1"]),
        ("%register iris x --desc", ["--description"]),
        ("%model view lo", ["log"]),
        ("%model view log ec", ["echo"]),
        ("%model try te", ["text"]),
        ("%%score_script te", ["text"]),
        ("%%score_script echo --", ["--dry-run", "--sample", "--try"]),
        ("%deploy echo --target=p", ["--target=process"]),
        ("%deploy echo --set max_b", ["max_batch="]),
        ("%deploy --description 'of the echo' ec", ["echo"]),
        ("%model keys echo --regenerate ", ["primary", "secondary"]),
        ("%invoke echo [1] -n", ["-n"]),
        ("%deploy echo \\\n  --wor", ["--workers"]),
        ("x = 1\nr = %deploy \\\n ec", ["echo"]),
        ("%deploy echo --set collect=", ["collect=failed", "collect=off", "collect=requests", "collect=script"]),
        ("%deploy echo --set=strict_json=", ["--set=strict_json=false", "--set=strict_json=true"]),
    ],
)  # fmt: skip
def test_completion(ip: InteractiveShell, typed: str, words: list[str]) -> None:
    before = typed[: len(typed) - len(re.split(r"\s", typed)[-1])]
    assert complete(ip, typed) == [before + word for word in words]


@pytest.mark.parametrize(
    "typed", ["%deploy zzz", "%model show iris:9", "deploy ec", "%deployment ec", "# %deploy ec", "%model nothing ec"]
)
def test_what_is_not_ours_is_left_to_ipython(ip: InteractiveShell, typed: str) -> None:
    assert complete(ip, typed) is None


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("%dep|loy echo", "usage: %deploy [-h]"),
        ("x = 1\nr = %model sh|ow iris", "usage: %model show"),
        ("%model |", "  register "),
        ("%deploy echo --repl|icas 2", "--replicas N    (%deploy)\nServers behind one address"),
        ("%deploy echo --target |", "Known: auto, process, docker"),
        ("%deploy echo --target=pro|", "Known: auto, process, docker"),
        ("%deploy echo --set max_ba|tch=8", "max_batch, 0 by default    (--set)\n"),
        ("%deploy ec|ho", "Service echo: Healthy"),
        ("%deploy echo \\\n  --repl|icas 2", "--replicas N    (%deploy)"),
        ("%deploy |", "SERVICE    (%deploy)"),
        ("%deploy not-there|", "SERVICE    (%deploy)"),
        ("%invoke ec|ho [1]", "Service echo: Healthy"),
        ("%model logs -n 3 te|xt", "Service text: Healthy"),
        ("%model show iri|s", "Model iris:1"),
        ("%deploy echo --model iris:|1", "Model iris:1"),
        ("%deploy echo --environment ker|nel", "--environment E    (%deploy)"),
        ("%%score_script ec|ho --try\ndef run(data):\n    return data", "Script echo"),
        (
            "%%score_script echo --tr|y\ndef run(data):\n    return data",
            "--try VALUE    (%%score_script)\nFirst run init()",
        ),
    ],
)
def test_hover_help(ip: InteractiveShell, cell: str, told: str) -> None:
    at = cell.index("|")
    assert told in help_at(cell.replace("|", ""), at)


@pytest.mark.parametrize(
    "cell",
    [
        "deploy ec|ho",
        "%invoke echo payl|oad",
        "%%score_script echo\ndef ru|n(data):\n    return data",
        "%deploy echo --zz|z",
    ],
)
def test_no_hover_help_of_ours(ip: InteractiveShell, cell: str) -> None:
    assert help_at(cell.replace("|", ""), cell.index("|")) == ""


def test_variables_are_completed(ip: InteractiveShell) -> None:
    ip.user_ns["payload_of_mine"] = 1
    assert ip.Completer is not None
    with provisionalcompleter():
        found = {item.text for item in ip.Completer.completions("%invoke echo payload_", 21)}
    assert "payload_of_mine" in found


@pytest.mark.parametrize("jedi", [True, False])
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("%invoke echo table.al", ["table.align", "table.all", "table.alpha"]),
        ("%invoke echo table[:1].hea", ["table[:1].head"]),
        ("%invoke echo -n 5 [table.alp", ["[table.alpha"]),
        ("%register iris table.alpha.valu", ["table.alpha.value_counts", "table.alpha.values"]),
        ("%%score_script echo --sample table.alp", ["table.alpha"]),
        ("%%score_script echo --sample=table.alp", ["--sample=table.alpha"]),
    ],
)
def test_attributes_are_completed_with_jedi_and_without(
    ip: InteractiveShell, typed: str, words: list[str], jedi: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    pandas = pytest.importorskip("pandas")
    ip.user_ns["table"] = pandas.DataFrame({"alpha": [1]})
    assert ip.Completer is not None
    monkeypatch.setattr(ip.Completer, "use_jedi", jedi)
    before = typed[: len(typed) - len(typed.rsplit(" ", maxsplit=1)[-1])]
    assert complete(ip, typed) == [before + word for word in words]


@pytest.mark.parametrize("typed", ["%invoke echo 1.", "%invoke echo [1, 2.", "%invoke echo nowhere.x"])
def test_what_has_no_attributes_is_left_to_ipython(ip: InteractiveShell, typed: str) -> None:
    assert complete(ip, typed) is None


def test_a_workspace_that_cannot_be_read_completes_nothing(
    ip: InteractiveShell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("JUPYTER_DEPLOY_HOME", str(tmp_path / "file"))
    assert complete(ip, "%deploy ec") is None
    # The name alone cannot be looked up.
    assert help_at("%deploy ec", 10).startswith("SERVICE")
    assert "".join(capsys.readouterr()) == ""
