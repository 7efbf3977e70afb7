"""A workspace is its owner's: rights are put right, and nobody else reads secrets, whatever umask and disk say."""

from __future__ import annotations

import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jupyter_deploy.environments import Environment
from jupyter_deploy.errors import StoreProblem
from jupyter_deploy.files import write_atomic
from jupyter_deploy.store import rights
from jupyter_deploy.workspace import Workspace

DOUBLE = "import json\n\ndef run(data):\n    return [2 * number for number in json.loads(data)]\n"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def test_what_is_made_is_private_whatever_the_umask(home: Path, umask: int) -> None:
    workspace = Workspace()
    workspace.score_script("double", DOUBLE)
    service = workspace.deploy("double", variables={"KEY": "s3cret"})
    try:
        assert mode(home) == 0o700
        secret = [*home.glob("state.db*"), home / "logs" / "double.log", *(home / "services").rglob("*.token")]
        secret += (home / "services").rglob("config.json")
        assert {path.name for path in secret} >= {"state.db", "state.db-wal", "config.json", "admin.token"}
        assert {path.name: mode(path) for path in secret} == {path.name: 0o600 for path in secret}
    finally:
        service.delete()


@pytest.mark.parametrize("given", [0o000, 0o777])
def test_a_file_with_a_secret_has_its_mode_from_the_first_byte(tmp_path: Path, given: int) -> None:
    before = os.umask(given)
    try:
        write_atomic(tmp_path / "token", "s3cret", mode=0o600)
    finally:
        os.umask(before)
    assert mode(tmp_path / "token") == 0o600


@pytest.mark.parametrize(
    ("found", "what"), [(0o755, "read it"), (0o777, "replace"), (0o710, "read"), (0o2770, "replace")]
)
def test_opening_repairs_the_mode_and_says_so_once(
    home: Path, caplog: pytest.LogCaptureFixture, found: int, what: str
) -> None:
    Workspace().register("price", {"a": 1})
    (home / "services" / "old").mkdir()
    token = home / "services" / "old" / "admin.token"
    token.write_text("s3cret")
    for path in (home / "state.db", token):
        path.chmod(0o644)
    home.chmod(found)
    for _ in range(2):
        assert [model.id for model in Workspace().models.list()] == ["price:1"]
    assert mode(home) == 0o700
    assert mode(home / "state.db") == mode(token) == 0o600
    (notice,) = [record.getMessage() for record in caplog.records]
    assert notice.startswith(f"The mode of {home} was {found:04o}: ")
    assert what in notice


def test_what_others_left_in_an_open_folder_is_named(home: Path, caplog: pytest.LogCaptureFixture) -> None:
    if os.getuid():
        pytest.skip("only root can give files away")
    Workspace().models.list()
    (home / "bundles" / "theirs").mkdir()
    os.chown(home / "bundles" / "theirs", 12345, 12345)
    home.chmod(0o777)
    Workspace()
    assert "Other users own files" in caplog.text
    assert "theirs" in caplog.text


@pytest.fixture
def shared(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """A folder whose mode cannot be changed, as on a disk that keeps none."""
    home.mkdir()
    home.chmod(0o755)
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    usual = Path.chmod

    def chmod(path: Path, *given: int, **others: bool) -> None:
        if path != home:
            usual(path, *given, **others)

    monkeypatch.setattr(Path, "chmod", chmod)
    yield home
    monkeypatch.undo()


def test_where_the_disk_keeps_no_modes_only_secrets_are_refused(shared: Path, caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        workspace = Workspace(shared)
    (notice,) = [record.getMessage() for record in caplog.records]
    assert notice.startswith(f"{shared} cannot be made private: its mode is 0755.")
    workspace.register("price", {"a": 1})
    workspace.score_script("double", DOUBLE)
    workspace.environments.register(Environment("plain", requirements=("numpy",)))
    index = Environment("mine", options=("--index-url https://user:word@example.org/simple",))
    for act in (
        lambda: workspace.deploy("double", variables={"API_KEY": "s3cret"}),
        lambda: workspace.environments.register(Environment("vars", variables={"API_KEY": "s3cret"})),
        lambda: workspace.environments.register(index),
    ):
        with pytest.raises(StoreProblem, match="others may read it: its mode is 0755") as caught:
            act()
        assert "s3cret" not in caught.value.text()
        assert "word" not in caught.value.text()
    assert not any(b"s3cret" in path.read_bytes() for path in shared.rglob("*") if path.is_file())


def test_there_a_service_keeps_its_admin_token_in_a_private_place(shared: Path, tmp_path: Path) -> None:
    workspace = Workspace(shared)
    workspace.score_script("double", DOUBLE)
    service = workspace.deploy("double")
    try:
        assert service.invoke([1]) == [2]
        assert service.reload().generation == 2
        assert not list(shared.rglob("admin.token"))
        (token,) = (tmp_path / "runtime").rglob("admin.token")
        assert mode(token) == 0o600
        assert rights.is_private(token.parent)
    finally:
        service.delete()
    assert not list((tmp_path / "runtime").rglob("admin.token"))


def test_a_folder_of_another_user_takes_no_secrets() -> None:
    """Seen by somebody else, in a folder that everybody may write to."""
    if os.getuid():
        pytest.skip("only root can become another user")
    with tempfile.TemporaryDirectory() as place:
        Path(place).chmod(0o777)
        ours, theirs = os.pipe()
        pid = os.fork()
        if not pid:
            said: list[str] = []
            try:
                os.setgid(12345)
                os.setuid(12345)
                said = [str(rights.make_private(Path(place))) for _ in range(2)]
                rights.refuse_secrets(Path(place), "The environment variable KEY")
            except StoreProblem as error:
                said.append(error.message)
            finally:
                os.write(theirs, "\n".join(said).encode())
                os._exit(0)
        os.close(theirs)
        with os.fdopen(ours) as pipe:
            first, second, refused = pipe.read().splitlines()
        os.waitpid(pid, 0)
    assert "it belongs to root" in first
    assert second == "[]"
    assert "cannot be stored" in refused


def test_on_windows_a_folder_is_its_users(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    monkeypatch.setattr(rights.sys, "platform", "win32")
    assert rights.is_private(tmp_path)
    assert rights.make_private(tmp_path) == []
