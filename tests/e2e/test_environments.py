"""Plain processes on environments of their own: made once, shared, replaced, refused; nothing half-made stays."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
import requests

from jupyter_deploy.environments import Environment
from jupyter_deploy.errors import EnvironmentProblem, StartFailed
from jupyter_deploy.workspace import Service, Workspace
from tests.index import serve, wheel
from tests.load import Load
from tests.served_script import serving

from ..servers import process_of
from .conftest import until

LOOK = """
import importlib.metadata, os, sys

def run(data):
    found = {each.metadata["Name"].lower(): each.version for each in importlib.metadata.distributions()}
    return {"prefix": sys.prefix, "pid": os.getpid(), "setting": os.environ.get("SETTING"), "packages": found}
"""
WHERE = """
import os, sys

def init():
    assert os.environ.get("SETTING") != "bad"

def run(data):
    return [sys.prefix, os.environ.get("SETTING")]
"""
# One digest for all tests, so that it is installed once a run.
ONE = Environment("one", requirements=("packaging",))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Environments that are kept between tests."""
    return tmp_path_factory.mktemp("made") / "environments"


@pytest.fixture(autouse=True)
def _keep(home: Path, made: Path) -> Iterator[None]:
    home.mkdir(mode=0o700)
    made.mkdir(exist_ok=True)
    (home / "environments").symlink_to(made)
    yield
    for folder in made.iterdir():
        if folder.is_dir() and folder.name != ONE.digest:
            shutil.rmtree(folder)


def server(service: Service) -> int:
    pid: int = process_of(service).pid
    return pid


def test_one_environment_for_all_that_need_the_same(workspace: Workspace, made: Path) -> None:
    said: list[str] = []
    for name in ("first", "second"):
        workspace.score_script(name, LOOK)
    first = workspace.deploy("first", environment=ONE, progress=said.append).invoke("")
    # What was made is told in the service's log, before the server's own lines.
    told = workspace.services["first"].logs()
    assert told.index("making the environment one") < told.index("starting a server: ") < told.index("1 serves")
    assert Path(first["prefix"]).resolve() == (made / ONE.digest).resolve()
    assert "packaging" in first["packages"]
    assert "jupyter-model-deploy" not in first["packages"]
    assert "numpy" not in first["packages"]
    whole = made / ONE.digest / "environment.json"
    before = whole.stat().st_mtime_ns
    said.clear()
    second = workspace.deploy(
        "second", environment=Environment("another-name", requirements=ONE.requirements), progress=said.append
    ).invoke("")
    assert second["prefix"] == first["prefix"]
    assert whole.stat().st_mtime_ns == before
    assert not any("making the environment" in line for line in said)


def test_an_inferred_environment_holds_what_the_script_imports(workspace: Workspace, made: Path) -> None:
    import filelock

    workspace.score_script("lean", LOOK.replace("import importlib", "import filelock, importlib"))
    service = workspace.deploy("lean", environment="inferred")
    found = service.invoke("")
    assert found["packages"]["filelock"] == filelock.__version__
    assert not {"numpy", "packaging", "docker", "ipython", "pytest"} & found["packages"].keys()
    assert Path(found["prefix"]).name in {folder.name for folder in made.iterdir()}
    before = server(service)
    workspace.score_script("lean", LOOK.replace("import importlib", "import filelock, importlib") + "# edited\n")
    assert server(service) == before
    assert service.invoke("")["pid"] != found["pid"]


def test_from_the_kernel_to_another_and_back_on_one_port(workspace: Workspace, made: Path) -> None:
    workspace.score_script("mover", LOOK)
    service = workspace.deploy("mover")
    uri, seen = service.scoring_uri, [server(service)]
    assert service.invoke("")["prefix"] == sys.prefix
    for given, prefix in ((ONE, made / ONE.digest), ("kernel", Path(sys.prefix))):
        change = workspace.deploy("mover", environment=given).change
        assert change
        assert (change.action, change.what) == ("replaced", ("environment",))
        assert Path(service.invoke("")["prefix"]).resolve() == prefix.resolve()
        assert service.scoring_uri == uri
        seen.append(server(service))
    assert len(set(seen)) == 3
    until(lambda: not any(psutil.pid_exists(pid) for pid in seen[:-1]))
    assert workspace.deploy("mover", environment="kernel").change.action == "unchanged"  # type: ignore[union-attr]


def test_another_server_takes_over_and_no_request_is_lost(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.score_script("busy", WHERE)
    service = workspace.deploy("busy")
    uri, before, said = service.scoring_uri, server(service), list[str]()
    address = urlsplit(uri)

    def answered() -> list[str]:
        found: list[str] = service.invoke("")
        return found

    with Load(uri, pauses=(0.2, 0.5)) as load, contextlib.ExitStack() as opened:
        until(lambda: load.served["pausing"] > 1)
        # Clients that have connected and have not sent anything yet.
        waits = [socket.create_connection((address.hostname or "", address.port), timeout=20) for _ in range(20)]
        for waiting in waits:
            opened.enter_context(waiting)
        with pytest.raises(StartFailed):
            workspace.deploy("busy", variables={"SETTING": "bad"})
        assert (server(service), answered()) == (before, [sys.prefix, None])
        workspace.deploy("busy", environment=ONE, progress=said.append)
        assert answered() == [str(workspace.home.environments / ONE.digest), None]
        workspace.deploy("busy", variables={"SETTING": "b"}, progress=said.append)
        assert answered()[1] == "b"
        assert not any("refused" in line for line in said)
        for waiting in waits:
            waiting.sendall(b'POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 3\r\n\r\n"x"')
            assert waiting.recv(12) == b"HTTP/1.1 200"
    assert (service.scoring_uri, psutil.pid_exists(before)) == (uri, False)
    # The front that took over is started again on the same port.
    taking = server(service)
    os.kill(taking, signal.SIGKILL)
    until(lambda: service.health.pid not in {0, taking} and service.state == "Healthy")
    assert answered()[1] == "b"
    # Without a folder for the socket, the other way is taken, and told.
    monkeypatch.setattr(tempfile, "tempdir", str(workspace.home.root / "missing"))
    workspace.deploy("busy", variables={"SETTING": "c"}, progress=said.append)
    assert any(f"taking over port {address.port}; new connections are refused" in line for line in said)
    assert (service.scoring_uri, answered()[1]) == (uri, "c")


def test_variables_reach_the_script_and_changing_them_replaces(workspace: Workspace) -> None:
    workspace.score_script("vars", LOOK)
    given = Environment("with-variables", requirements=ONE.requirements, variables={"SETTING": "first"})
    service = workspace.deploy("vars", environment=given)
    assert service.invoke("")["setting"] == "first"
    other = Environment("with-variables", requirements=ONE.requirements, variables={"SETTING": "other"})
    change = workspace.deploy("vars", environment=other).change
    assert change
    assert (change.action, change.what) == ("replaced", ("variables",))
    assert service.invoke("")["setting"] == "other"
    kept = workspace.home.environments / ONE.digest / "environment.json"
    assert "first" not in kept.read_text()


def test_an_impossible_pin_leaves_the_old_serving(workspace: Workspace, made: Path) -> None:
    workspace.score_script("steady", LOOK)
    service = workspace.deploy("steady", environment=ONE)
    before, there = server(service), set(made.iterdir())
    impossible = Environment("impossible", requirements=("packaging", "filelock==99.9"))
    with pytest.raises(EnvironmentProblem, match=r"cannot be installed: filelock==99\.9\.") as caught:
        workspace.deploy("steady", environment=impossible)
    assert "no version of filelock==99.9" in caught.value.details
    assert "loosen the pin" in caught.value.hint
    assert (service.state, server(service)) == ("Healthy", before)
    assert service.invoke("")["prefix"].endswith(ONE.digest)
    assert not [path for path in set(made.iterdir()) - there if path.is_dir()]
    assert workspace.deploy("steady").change.action == "unchanged"  # type: ignore[union-attr]


def test_a_new_service_that_cannot_be_installed_is_not_there(workspace: Workspace) -> None:
    workspace.score_script("never", LOOK)
    with pytest.raises(EnvironmentProblem):
        workspace.deploy("never", environment=Environment("impossible", requirements=("filelock==99.9",)))
    assert "never" not in workspace.services


def test_an_unreachable_index_is_told(workspace: Workspace, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    workspace.score_script("cut-off", LOOK)
    service = workspace.deploy("cut-off", environment=ONE)
    monkeypatch.setenv("UV_DEFAULT_INDEX", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("UV_HTTP_RETRIES", "0")
    monkeypatch.setenv("UV_CACHE_DIR", str(tmp_path / "cache"))
    with pytest.raises(EnvironmentProblem, match="cannot be installed") as caught:
        workspace.deploy("cut-off", environment=Environment("two", requirements=("filelock",)))
    assert "127.0.0.1:9" in caught.value.details
    assert "index cannot be reached" in caught.value.hint
    assert service.invoke("")["prefix"].endswith(ONE.digest)


def test_what_needs_an_image_is_refused(workspace: Workspace) -> None:
    workspace.score_script("imaged", LOOK)
    with pytest.raises(EnvironmentProblem, match="plain process cannot run in") as caught:
        workspace.deploy("imaged", environment=Environment("boxed", base_image="python:3.11-slim"))
    assert "--target docker" in caught.value.hint
    assert "imaged" not in workspace.services


SLOW = """
import sys
from jupyter_deploy.environments.environment import Environment
from jupyter_deploy.workspace import Workspace
Workspace().deploy("slow", environment=Environment("slow", requirements=("jdtest-slow",)))
"""


def building(workspace: Workspace, url: str) -> subprocess.Popen[str]:
    """Another process that deploys, up to where its installer waits for the index."""
    workspace.score_script("slow", LOOK)
    environ = {**os.environ, "UV_INDEX": url}
    return subprocess.Popen([sys.executable, "-c", SLOW], env=environ, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=lambda number: number.name)
def test_a_build_that_is_cut_off_is_begun_anew(
    workspace: Workspace, made: Path, number: signal.Signals, monkeypatch: pytest.MonkeyPatch
) -> None:
    digest = Environment("slow", requirements=("jdtest-slow",)).digest
    with serve(wheel("jdtest_slow", "1.0")) as index:
        index.gate.clear()
        process = building(workspace, index.url)
        until(lambda: any("jdtest" in path for path in index.asked))
        (installer,) = psutil.Process(process.pid).children()
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
        half = made / digest
        if number == signal.SIGINT:
            assert "KeyboardInterrupt" in said
            assert not half.exists()
            assert not installer.is_running()
            assert list(workspace.home.staging.iterdir()) == []
            assert "slow" not in workspace.services
        else:
            assert half.exists()
            assert not (half / "environment.json").exists()
        # The killed one's installer may still be at it.
        index.gate.set()
        monkeypatch.setenv("UV_INDEX", index.url)
        service = workspace.deploy("slow", environment=Environment("slow", requirements=("jdtest-slow",)))
    assert service.invoke("")["packages"]["jdtest_slow"] == "1.0"
    installer.wait(30)
    assert service.invoke("")["packages"]["jdtest_slow"] == "1.0"
    assert json.loads((made / digest / "environment.json").read_text())["requirements"] == ["jdtest-slow"]


def test_two_processes_build_it_once(workspace: Workspace, made: Path) -> None:
    code = (
        "import sys\nfrom jupyter_deploy.environments.environment import Environment\n"
        "from jupyter_deploy.workspace import Workspace\n"
        "both = Environment('both', requirements=('jdtest-both',))\n"
        "said = []\nWorkspace().deploy(sys.argv[1], environment=both, progress=said.append)\n"
        "print(sum('making the environment' in line for line in said))\n"
    )
    with serve(wheel("jdtest_both", "1.0")) as index:
        environ = {**os.environ, "UV_INDEX": index.url}
        for name in ("one-of-two", "other-of-two"):
            workspace.score_script(name, LOOK)
        running = [
            subprocess.Popen([sys.executable, "-c", code, name], env=environ, stdout=subprocess.PIPE, text=True)
            for name in ("one-of-two", "other-of-two")
        ]
        said = sorted(process.communicate(timeout=60)[0].strip() for process in running)
    assert said == ["0", "1"]
    assert {each.state for each in workspace.services.values()} == {"Healthy"}
    assert len({each.invoke("")["prefix"] for each in workspace.services.values()}) == 1


def test_serve_takes_an_environment_too(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("packaging\n")
    with serving(tmp_path, LOOK, "--environment", str(tmp_path / "requirements.txt")) as (url, _):
        found = requests.post(url, data="", timeout=10).json()
    assert Path(found["prefix"]).parent == workspace.home.environments
    assert "packaging" in found["packages"]
    assert "jupyterlab" not in found["packages"]
    with serving(tmp_path, LOOK, "--environment", "kernel") as (url, _):
        assert requests.post(url, data="", timeout=10).json()["prefix"] == sys.prefix
