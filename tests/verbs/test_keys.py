"""``keys`` and ``token``: masked unless asked, and a key never stands on a command line."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from jupyter_deploy.cli import main
from jupyter_deploy.workspace import Service, Workspace


@pytest.fixture
def service(workspace: Workspace, tmp_path: Path) -> Service:
    (tmp_path / "score.py").write_text("def run(data):\n    return data\n")
    return workspace.deploy("echo-it", script=tmp_path / "score.py", auth="key")


def printed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    code = main(list(words))
    found = capsys.readouterr()
    assert code == 0, found.err
    return found.out


def test_keys_are_masked_unless_shown(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    primary, secondary = service.get_keys()
    masked = printed(capsys, "keys", "echo-it") + printed(capsys, "keys", "echo-it", "--json")
    assert primary not in masked
    assert secondary not in masked
    shown = json.loads(printed(capsys, "keys", "echo-it", "--show", "--json"))
    assert (shown["primary"], shown["secondary"]) == (primary, secondary)
    assert primary in printed(capsys, "keys", "echo-it", "--show")


def test_a_key_is_replaced_by_one_from_a_place_that_others_do_not_see(
    service: Service, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    before = service.get_keys()
    printed(capsys, "keys", "echo-it", "--regenerate", "Primary")
    assert service.get_keys().primary != before.primary
    monkeypatch.setenv("NEW_KEY", "from-the-environment")
    printed(capsys, "keys", "echo-it", "--regenerate", "primary", "--set", "env:NEW_KEY")
    (tmp_path / "key").write_text("from-a-file-of-mine\n")
    printed(capsys, "keys", "echo-it", "--regenerate", "secondary", "--set", str(tmp_path / "key"))
    assert service.get_keys() == ("from-the-environment", "from-a-file-of-mine")
    monkeypatch.setattr("sys.stdin", io.StringIO("from-standard-input\n"))
    text = printed(capsys, "keys", "echo-it", "--regenerate", "primary", "--set", "-")
    assert service.get_keys().primary == "from-standard-input"
    assert "from-standard-input" not in text
    assert service.get_keys().secondary == "from-a-file-of-mine"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("--set", "-"), "which of the two"),
        (("--regenerate", "third"), "invalid choice"),
        (("--regenerate", "primary", "--set", "env:NO_SUCH_VARIABLE"), "NO_SUCH_VARIABLE"),
        (("--regenerate", "primary", "--set", "a-key-typed-here"), "It takes no key itself"),
    ],
)
def test_what_cannot_be_is_refused_and_no_key_is_quoted(
    service: Service, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], told: str
) -> None:
    before = service.get_keys()
    assert main(["keys", "echo-it", *words]) != 0
    found = capsys.readouterr()
    assert told in found.err
    assert "a-key-typed-here" not in found.err + found.out
    assert service.get_keys() == before


def test_printed_clients_read_the_key_from_a_variable(service: Service) -> None:
    keys = service.get_keys()
    curl, python = (service.snippet("x", language) for language in ("curl", "python"))
    assert '-H "Authorization: Bearer $ECHO_IT_KEY"' in curl
    assert 'os.environ["ECHO_IT_KEY"]' in python
    assert not [key for key in keys if key in curl + python]
    assert keys.primary in service.snippet("x", "curl", show_key=True)
    # A header of the user's own is not the service's key: it is masked.
    own = service.snippet("x", "curl", headers={"Authorization": "Bearer my-own-secret"})
    assert "my-own-secret" not in own
    assert "ECHO_IT_KEY" not in own


def test_a_token_is_printed_alone_where_it_is_asked_for(
    service: Service, workspace: Workspace, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["token", "echo-it"]) != 0
    assert "it has keys" in capsys.readouterr().err
    workspace.deploy("echo-it", auth="token")
    assert "eyJ" not in printed(capsys, "token", "echo-it") + printed(capsys, "token", "echo-it", "--json")
    token = printed(capsys, "token", "echo-it", "--show", "--minutes", "5").strip()
    assert service.invoke("x", headers={"Authorization": f"Bearer {token}"}) == "x"
