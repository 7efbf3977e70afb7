"""The harness itself: what the other tests with Docker believe of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import docker
import psutil
import pytest

from tests.docker.conftest import LABEL
from tests.docker.engine import BASE_IMAGE, REQUIRED, SecondDaemon, base_image, cgroups, engine_problem, remove_cgroups
from tests.e2e.conftest import until

pytest_plugins = ["pytester"]

SERVER = "import http.server; http.server.test(http.server.SimpleHTTPRequestHandler, port=8000)"
ASK = """
import contextlib, docker, time, urllib.request
with contextlib.closing(docker.from_env()) as client:
    container = client.containers.get("server")
    port = container.attrs["NetworkSettings"]["Ports"]["8000/tcp"][0]["HostPort"]
deadline = time.monotonic() + 30
while True:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as answer:
            print(answer.status)
            break
    except OSError:
        assert time.monotonic() < deadline
        time.sleep(0.02)
"""


def serve(daemon: SecondDaemon) -> None:
    with daemon.client() as client:
        client.containers.run(
            daemon.load(),
            ["python3", "-c", SERVER],
            name="server",
            detach=True,
            init=True,
            ports={"8000/tcp": ("127.0.0.1", None)},
        )


def assert_answers(daemon: SecondDaemon) -> None:
    asked = daemon.run_python(ASK)
    assert asked.stdout == "200\n", asked.stderr


def mounted_anywhere(folder: Path) -> list[str]:
    """What any process of the machine sees mounted below a folder."""
    found = []
    for pid in psutil.pids():
        try:
            lines = Path(f"/proc/{pid}/mounts").read_text().splitlines()
        except OSError:  # ended meanwhile
            continue
        found += [f"{pid}: {line}" for line in lines if str(folder) in line]
    return found


@pytest.fixture(scope="module")
def daemon() -> Iterator[SecondDaemon]:
    with SecondDaemon() as started:
        serve(started)
        yield started


def test_a_published_port_of_the_second_daemon_is_reached(daemon: SecondDaemon) -> None:
    assert_answers(daemon)


def test_the_second_daemon_and_the_machines_do_not_see_each_other(
    daemon: SecondDaemon, engine: docker.DockerClient
) -> None:
    with daemon.client() as client:
        assert client.info()["DockerRootDir"] == str(daemon.folder / "data") != engine.info()["DockerRootDir"]
        [server] = client.containers.list()
    assert server.id not in {container.id for container in engine.containers.list(all=True, sparse=True)}


def test_the_second_daemon_survives_a_restart_in_the_same_network(daemon: SecondDaemon) -> None:
    network = Path(f"/proc/{daemon.namespaces.pid}/ns/net")
    before = network.readlink()
    daemon.restart()
    assert network.readlink() == before
    with daemon.client() as client:
        server = client.containers.get("server")
        assert server.status == "exited"
        server.start()
    assert_answers(daemon)


def test_a_killed_second_daemon_leaves_its_containers_and_comes_back(daemon: SecondDaemon) -> None:
    with daemon.client() as client:
        client.containers.get("server").start()  # does nothing where it runs
    daemon.kill()
    assert [process for process in daemon.processes() if SERVER in process.cmdline()]
    daemon.start()
    with daemon.client() as client:
        client.containers.get("server").restart(timeout=1)
    assert_answers(daemon)


def test_nothing_of_the_second_daemon_remains() -> None:
    with SecondDaemon() as daemon:
        serve(daemon)
        left_running = daemon.run_python(
            "import subprocess, sys\n"
            "wait = 'import sys; sys.stdin.read()'\n"
            "read, write = __import__('os').pipe()\n"
            "print(subprocess.Popen([sys.executable, '-c', wait], stdin=read, pass_fds=[write], "
            "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True).pid)"
        )
        started = [*daemon.processes(), psutil.Process(int(left_running.stdout))]
        assert {"dockerd", "containerd", "docker-proxy"} <= {process.name() for process in started}
        assert [process for process in started if SERVER in process.cmdline()]
        assert mounted_anywhere(daemon.folder)
        assert cgroups(daemon.folder.name)
    # The last one is not this process's child: who adopts it reaps it when it likes, so a moment may pass.
    _, alive = psutil.wait_procs(started, timeout=20)
    assert not alive
    assert not mounted_anywhere(daemon.folder)
    assert not cgroups(daemon.folder.name)
    assert not daemon.folder.exists()


def test_a_killed_daemon_is_cleaned_up_too() -> None:
    with SecondDaemon() as daemon:
        serve(daemon)
        daemon.kill()
        started = daemon.processes()
        assert [process for process in started if SERVER in process.cmdline()]
    _, alive = psutil.wait_procs(started, timeout=20)
    assert not alive
    assert not mounted_anywhere(daemon.folder)
    assert not cgroups(daemon.folder.name)


UNTIL_KILLED = """
import time
from tests.docker.engine import SecondDaemon
with SecondDaemon() as daemon:
    print(daemon.folder, *[process.pid for process in daemon.processes()], flush=True)
    time.sleep(100)
"""


def test_a_killed_test_run_leaves_no_daemon() -> None:
    run = subprocess.Popen(
        [sys.executable, "-c", UNTIL_KILLED], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True
    )
    assert run.stdout
    folder, *pids = run.stdout.readline().split()
    try:
        started = [psutil.Process(int(pid)) for pid in pids]
        assert {process.name() for process in started} == {"dockerd", "containerd"}
        run.kill()
        _, alive = psutil.wait_procs(started, timeout=20)
        assert not alive
        # What started between the count and the end is known to nobody, and may take a moment longer.
        until(lambda: not mounted_anywhere(Path(folder)))
    finally:
        run.kill()
        run.communicate()
        remove_cgroups(Path(folder).name)
        shutil.rmtree(folder)


def test_a_full_disk() -> None:
    with (
        SecondDaemon(tmpfs_mb=48) as daemon,
        pytest.raises(docker.errors.DockerException, match="no space left on dev"),
    ):
        daemon.load()


def test_code_in_the_second_daemons_network_gets_its_environment(daemon: SecondDaemon) -> None:
    run = daemon.run_python(
        "import os, sys; print(os.environ['DOCKER_HOST'], os.environ['X']); sys.exit(3)", {"X": "1"}
    )
    assert (run.stdout, run.returncode) == (f"{daemon.url} 1\n", 3)


def test_the_problem_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert engine_problem() == ""
    monkeypatch.setenv(BASE_IMAGE, "jupyter-deploy-no-such-image:1")
    assert "jupyter-deploy-no-such-image:1" in engine_problem()
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path / 'none.sock'}")
    assert "No Docker daemon answers" in engine_problem()


INNER = """
import pytest
from tests.docker.conftest import _engine_is_there, _no_container_left, engine
def test_nothing(): pass
def test_leaves(engine):
    engine.containers.create({image!r}, name={name!r}, labels={{{label!r}: "x"}})
"""


def inner(pytester: pytest.Pytester, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch) -> pytest.RunResult:
    """The fixtures in a run of their own, in a process of its own."""
    name = f"jd-test-left-{os.getpid()}"
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    pytester.makepyfile(INNER.format(image=base_image(), name=name, label=LABEL))
    try:
        return pytester.runpytest_subprocess("-ra", "-p", "no:cacheprovider")
    finally:
        for container in engine.containers.list(all=True, sparse=True, filters={"name": name}):
            container.remove(force=True)


def test_a_container_that_a_test_leaves_is_named(
    pytester: pytest.Pytester, engine: docker.DockerClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    result = inner(pytester, engine, monkeypatch)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*left behind: jd-test-left-* (created)*"])


@pytest.mark.parametrize(("required", "outcome"), [("", {"skipped": 2}), ("1", {"errors": 2})])
def test_without_an_engine_tests_are_skipped_unless_it_is_required(
    required: str,
    outcome: dict[str, int],
    pytester: pytest.Pytester,
    engine: docker.DockerClient,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(REQUIRED, required)
    # A short path: the system allows 107 bytes.
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tempfile.gettempdir()}/none-{os.getpid()}.sock")
    result = inner(pytester, engine, monkeypatch)
    result.assert_outcomes(**outcome)
    result.stdout.fnmatch_lines(["*No Docker daemon answers*"])
