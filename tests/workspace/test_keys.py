"""A service with keys: who gets in, what a new key ends, and where a key may be found."""

from __future__ import annotations

import os
import signal
import stat
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from jupyter_deploy.display import bundle, text
from jupyter_deploy.errors import DeployError, InvokeProblem, ServiceDown, StoreProblem, UsageProblem
from jupyter_deploy.services import KeyFile, Keys, with_key
from jupyter_deploy.workspace import Service, Workspace
from tests.servers import process_of

SCRIPT = """
from inference_schema.schema_decorators import input_schema
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as Standard

@input_schema("x", Standard(1))
def run(x):
    if x < 0:
        raise ValueError("below nothing")
    return x + 1
"""


def deployed(workspace: Workspace, folder: Path, auth: str = "key") -> Service:
    (folder / "score.py").write_text(SCRIPT)
    return workspace.deploy("plus", script=folder / "score.py", auth=auth)


@pytest.fixture
def service(workspace: Workspace, tmp_path: Path) -> Service:
    return deployed(workspace, tmp_path)


def status(service: Service, key: str = "", path: str = "") -> int:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    if path:
        return requests.get(service.scoring_uri.replace("/score", path), headers=headers, timeout=20).status_code
    return requests.post(service.scoring_uri, json={"x": 1}, headers=headers, timeout=20).status_code


def files_below(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())


def test_everybody_without_a_key_is_refused_and_the_handle_gets_in_by_itself(service: Service) -> None:
    primary, secondary = service.get_keys()
    assert [status(service, key) for key in ("", primary, secondary, "a-key-of-another")] == [401, 200, 200, 401]
    assert service.invoke(1) == 2
    assert service.load(1, 8, 2).failed == 0
    assert service.document() is not None
    with pytest.raises(InvokeProblem, match="below nothing"):
        service.invoke(-1)


def test_a_new_key_ends_exactly_one_and_at_once_and_nothing_is_restarted(
    service: Service, workspace: Workspace
) -> None:
    primary, secondary = service.get_keys()
    pid = service.health.pid
    service.regenerate_key("Primary")
    new, same = service.get_keys()
    assert (same, new != primary) == (secondary, True)
    assert [status(service, key) for key in (primary, new, secondary)] == [401, 200, 200]
    service.regenerate_key("SECONDARY", "a-key-that-is-given")
    assert [status(service, key) for key in (secondary, "a-key-that-is-given", new)] == [401, 200, 200]
    assert service.health.pid == pid
    # Another process, or a kernel that was restarted, finds the same keys.
    again = Workspace().services["plus"]
    assert again.get_keys() == service.get_keys()
    assert again.invoke(1) == 2


def test_a_front_that_is_started_again_asks_for_the_key_of_now(service: Service) -> None:
    before, _ = service.get_keys()
    service.regenerate_key("primary")
    pid = process_of(service).pid
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 30
    while service.health.pid in {0, pid} or service.state != "Healthy":
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert [status(service, key) for key in (before, service.get_keys().primary)] == [401, 200]


def test_keys_outlive_deployments_reloads_and_stops(service: Service, workspace: Workspace) -> None:
    keys = service.get_keys()
    service.reload()
    workspace.deploy("plus", workers=2)
    service.stop()
    workspace.deploy("plus")
    assert service.get_keys() == keys
    assert [status(service, key) for key in ("", keys.primary)] == [401, 200]


def test_keys_come_and_go_without_a_new_server(service: Service, workspace: Workspace) -> None:
    keys, pid = service.get_keys(), service.health.pid
    change = workspace.deploy("plus", auth="none", tags={"stage": "open"}, description="for all").change
    assert change is not None
    assert (service.record.spec.tags, service.record.spec.description) == ({"stage": "open"}, "for all")
    assert (change.action, change.what) == ("updated", ("auth",))
    assert [status(service), status(service, path="/metrics")] == [200, 200]
    with pytest.raises(UsageProblem, match="answers all clients"):
        service.get_keys()
    workspace.deploy("plus", auth="key")
    assert [status(service), status(service, keys.secondary)] == [401, 200]
    assert (service.get_keys(), service.health.pid) == (keys, pid)


def test_a_server_that_cannot_be_told_is_named(service: Service) -> None:
    before, _ = service.get_keys()
    pid = process_of(service).pid
    os.kill(pid, signal.SIGSTOP)
    try:
        with pytest.raises(ServiceDown, match=f"still accepts the old one: pid {pid}"):
            service.regenerate_key("primary")
    finally:
        os.kill(pid, signal.SIGCONT)
    # The next start has it.
    service.stop()
    service.start()
    assert [status(service, key) for key in (before, service.get_keys().primary)] == [401, 200]


def test_a_service_that_does_not_run_takes_a_new_key(service: Service) -> None:
    before, _ = service.get_keys()
    service.stop()
    service.regenerate_key("primary")
    service.start()
    assert [status(service, key) for key in (before, service.get_keys().primary)] == [401, 200]


@pytest.mark.parametrize("auth", ["key", "none"])
def test_no_key_is_where_others_look(workspace: Workspace, tmp_path: Path, home: Path, auth: str) -> None:
    service = deployed(workspace, tmp_path)
    keys = [*service.get_keys()]
    service.invoke(1)
    with pytest.raises(DeployError):
        service.invoke(-1)
    status(service, keys[0])
    service.regenerate_key("primary")
    keys.append(service.get_keys().primary)
    shown = [repr(service), repr(service.record), str(service.as_dict()), service.logs(1000), repr(service.get_keys())]
    shown += [str(service.get_keys()), f"{service.get_keys()}", text(service), str(bundle(service))]
    shown += [service.snippet(1, language) for language in ("curl", "python")]
    workspace.deploy("plus", auth=auth)
    shown.append(str(service.as_dict()))
    assert not [key for key in keys if any(key in one for one in shown)]
    holding = [path for path in files_below(home) if any(key.encode() in path.read_bytes() for key in keys)]
    names = {"keys.json", "auth.json"} if auth == "key" else {"keys.json"}
    assert {path.name for path in holding} == names
    assert {stat.S_IMODE(path.stat().st_mode) for path in holding} == {0o600}
    assert not [line for line in _command_lines() if any(key in line for key in keys)]
    service.delete()
    assert not [path for path in files_below(home) if any(key.encode() in path.read_bytes() for key in keys)]


def _command_lines() -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*"):
        for name in ("cmdline", "environ"):
            try:
                found.append((path / name).read_text(errors="replace"))
            except OSError:
                continue
    return found


def test_one_key_is_replaced_and_the_other_stays() -> None:
    keys = Keys("the-first-key", "the-second-key")
    assert with_key(keys, "primary", "another-key-1") == ("another-key-1", "the-second-key")
    made = with_key(keys, "Secondary", None)
    assert (made.primary, len(made.secondary)) == ("the-first-key", 43)


@pytest.mark.parametrize(
    ("which", "key", "words"),
    [
        ("third", None, "no key 'third'"),
        ("primary", "short", "cannot be a key"),
        ("primary", "has a blank in it", "cannot be a key"),
        ("primary", "ein-schlüssel", "cannot be a key"),
        ("primary", "two\nlines-of-it", "cannot be a key"),
        ("primary", "the-second-key", "must differ"),
    ],
)
def test_what_cannot_be_a_key_is_refused_without_quoting_it(which: str, key: str | None, words: str) -> None:
    with pytest.raises(UsageProblem, match=words) as raised:
        with_key(Keys("the-first-key", "the-second-key"), which, key)
    assert key is None or key not in raised.value.text()


def test_keys_are_not_stored_where_others_can_read_them(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with pytest.raises(StoreProblem, match="others may read it"):
        KeyFile(tmp_path, tmp_path / "services" / "plus").ensure()
    tmp_path.chmod(0o700)
    file = KeyFile(tmp_path, tmp_path / "services" / "plus")
    keys = file.ensure()
    assert (file.read(), file.ensure()) == (keys, keys)
    (tmp_path / "services" / "plus" / "keys.json").write_text(keys.primary)
    with pytest.raises(StoreProblem, match="cannot be read") as raised:
        file.read()
    assert keys.primary not in raised.value.text()
