"""A service whose clients need tokens: who gets one, for how long, and what it opens."""

from __future__ import annotations

import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest
import requests

from jupyter_deploy.errors import StoreProblem, UsageProblem
from jupyter_deploy.services import Token, new_token
from jupyter_deploy.workspace import Service, Workspace

SCRIPT = "def run(data):\n    return data\n"


def deployed(workspace: Workspace, folder: Path, name: str) -> Service:
    (folder / "score.py").write_text(SCRIPT)
    return workspace.deploy(name, script=folder / "score.py", auth="token")


def ask(service: Service, bearer: object) -> requests.Response:
    headers = {"Authorization": f"Bearer {bearer}"}
    return requests.post(service.scoring_uri, data="1", headers=headers, timeout=20)


def test_a_token_opens_its_own_service_for_a_while(workspace: Workspace, tmp_path: Path, home: Path) -> None:
    service, other = (deployed(workspace, tmp_path, name) for name in ("echo", "other"))
    token, refresh_after = service.get_token()
    assert ask(service, token).status_code == 200
    assert service.invoke("x") == "x"
    assert "another service" in ask(other, token).json()["message"]
    assert "first item" in ask(service, service.get_token()).json()["message"]
    assert timedelta(minutes=30) < refresh_after - datetime.now(UTC) < timedelta(minutes=60)
    # The server has its own key alone, which signs no tokens for others, and nothing on disk holds a token.
    secret = home / "token.secret"
    assert stat.S_IMODE(secret.stat().st_mode) == 0o600
    files = [path.read_bytes() for path in home.rglob("*") if path.is_file() and path != secret]
    assert not [data for data in files if secret.read_bytes() in data or secret.read_bytes().hex().encode() in data]
    assert not [data for data in files if token.encode() in data]
    with pytest.raises(UsageProblem, match="its clients need tokens"):
        service.get_keys()


def test_tokens_and_keys_take_turns_without_a_restart(workspace: Workspace, tmp_path: Path) -> None:
    service = deployed(workspace, tmp_path, "echo")
    token, pid = service.get_token().token, service.health.pid
    workspace.deploy("echo", auth="key")
    assert [ask(service, given).status_code for given in (token, service.get_keys().primary)] == [401, 200]
    with pytest.raises(UsageProblem, match="it has keys"):
        service.get_token()
    workspace.deploy("echo", auth="token")
    assert ask(service, token).status_code == 200
    assert service.health.pid == pid


def test_what_a_token_says_and_how_it_prints(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    made = new_token(tmp_path, "echo", timedelta(minutes=10))
    claims = jwt.decode(made.token, options={"verify_signature": False})
    assert claims["aud"] == "echo"
    assert claims["exp"] - claims["iat"] == 600
    assert claims["nbf"] == claims["iat"]
    assert jwt.get_unverified_header(made.token)["kid"]
    assert isinstance(made, Token)
    assert made.refresh_after.tzinfo is not None
    assert made.token not in f"{made!r} {made} {[made]}"
    for lifetime in (timedelta(0), timedelta(days=2)):
        with pytest.raises(UsageProblem, match="cannot live for"):
            new_token(tmp_path, "echo", lifetime)


def test_the_secret_is_not_stored_where_others_can_read_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(StoreProblem, match="others may read it"):
        new_token(tmp_path, "echo")
    tmp_path.chmod(0o700)
    (tmp_path / "token.secret").write_bytes(b"short")
    with pytest.raises(StoreProblem, match="is damaged"):
        new_token(tmp_path, "echo")
