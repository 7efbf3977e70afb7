"""What a service's container may and may not do, looked at from inside by the script that it serves."""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import psutil
import pytest
import requests

from jupyter_deploy.environments import Environment
from jupyter_deploy.workspace import Service, Workspace
from tests.docker.probing import docker_says, facts, identity, inside, probing, read

from ..servers import container_of

PASSWORD = "geheim-4711"
MODEL = "a-model-that-is-nowhere-else.txt"
WRITE = """
import os
found = {{}}
for place in {places!r}:
    try:
        os.close(os.open(place + "/written", os.O_CREAT | os.O_WRONLY))
        found[place] = 0
    except OSError as error:
        found[place] = error.errno
"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace for the tests that only look."""
    workspace = Workspace(tmp_path_factory.mktemp("safety"))
    yield workspace
    for service in workspace.services.values():
        service.delete()


@pytest.fixture(scope="module")
def probe(opened: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Service:
    """A service with a model, a secret and limits."""
    model = tmp_path_factory.mktemp("model") / MODEL
    model.write_text("weights")
    opened.register("probe", model)
    return probing(opened, variables={"PASSWORD": PASSWORD}, memory="192m", cpus=0.5)


def test_no_process_is_root_or_could_become_it(probe: Service) -> None:
    status = inside(
        probe,
        """
        import glob
        found = []
        for path in glob.glob("/proc/[0-9]*/status"):
            lines = open(path).read().splitlines()
            found.append({key: value.split() for key, _, value in (line.partition(":") for line in lines)})
        """,
    )
    # Init, the front, the fork-server, the worker, and the next one that is forked ahead.
    assert len(status) >= 4
    for process in status:
        assert "0" not in process["Uid"] + process["Gid"] + process["Groups"]
        for capabilities in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
            assert int(process[capabilities][0], 16) == 0, (process["Name"], capabilities)
        assert process["NoNewPrivs"] == ["1"]
        assert process["Seccomp"] == ["2"]
    with pytest.raises(Exception, match="PermissionError"):
        inside(probe, "os.setuid(0)")


def test_nothing_but_its_own_folders_can_be_written(probe: Service) -> None:
    # /var/tmp is everybody's: only the read-only root keeps it.
    places = [
        "",
        "/service",
        "/service/bundles",
        "/opt",
        "/opt/jupyter_deploy",
        "/usr/local",
        "/etc",
        "/home",
        "/var/tmp",
    ]
    places += inside(probe, "[os.getcwd(), os.environ['AZUREML_MODEL_DIR'], os.environ['AML_APP_ROOT']]")
    assert inside(probe, WRITE.format(places=places)) == dict.fromkeys(places, errno.EROFS)
    assert inside(probe, WRITE.format(places=["/tmp", "/state"])) == {"/tmp": 0, "/state": 0}


def test_its_temporary_folder_runs_nothing_and_is_bounded(probe: Service) -> None:
    assert (
        inside(
            probe,
            """
        import os, subprocess
        with open("/tmp/program", "w") as file:
            file.write("#!/bin/sh\\necho ran")
        os.chmod("/tmp/program", 0o755)
        try:
            found = subprocess.run(["/tmp/program"], capture_output=True, text=True).stdout
        except PermissionError as error:
            found = "not permitted"
        """,
        )
        == "not permitted"
    )
    room, flags = inside(
        probe, "[os.statvfs('/tmp').f_blocks * os.statvfs('/tmp').f_frsize, os.statvfs('/tmp').f_flag]"
    )
    assert room == 256 << 20
    assert flags & os.ST_NOSUID
    assert flags & os.ST_NODEV


def test_the_log_cannot_be_replaced_by_a_link(probe: Service) -> None:
    with pytest.raises(Exception, match="OSError"):
        inside(probe, "os.rename('/service.log', '/tmp/log')")
    with pytest.raises(Exception, match="OSError"):
        inside(probe, "os.unlink('/service.log')")


def test_it_reads_its_own_token_and_nobody_elses_files(
    engine: docker.DockerClient, opened: Workspace, probe: Service
) -> None:
    other = probing(opened, "other")
    try:
        token = Path(container_of(probe).share) / "service" / "admin.token"
        assert read(probe, "/service/admin.token") == token.read_text()
        assert stat.S_IMODE(token.stat().st_mode) == 0o600
        assert stat.S_IMODE(opened.home.root.stat().st_mode) == 0o700
        # Its own keys are shown to it, so that new ones count without a restart.
        assert sorted(inside(probe, "os.listdir('/service')")) == ["admin.token", "auth.json", "bundles", "config.json"]
        assert inside(probe, "os.stat('/service/auth.json').st_mode & 0o777") == 0o600
        assert sorted(inside(probe, "os.listdir('/service/bundles')")) == sorted([probe.record.bundle, "current"])
        assert other.record.bundle != probe.record.bundle
        mounts = read(probe, "/proc/mounts")
        assert container_of(other).share not in mounts
        # What is mounted from this machine, beside what the engine itself brings.
        own = {mount["Destination"] for mount in facts(engine, probe)["Mounts"]}
        assert own == {"/collected", "/service", "/service.log", "/service.log.1", "/state"}
        (collected,) = (m["Source"] for m in facts(engine, probe)["Mounts"] if m["Destination"] == "/collected")
        assert inside(probe, "os.listdir('/collected')") == list(Path(collected).iterdir()) == []
    finally:
        other.delete()


def test_there_is_no_socket_of_the_engine(probe: Service) -> None:
    sockets = """
        import os, stat
        found = []
        for folder, folders, names in os.walk("/"):
            folders[:] = [name for name in folders if os.path.join(folder, name) not in ("/proc", "/sys")]
            for name in names:
                path = os.path.join(folder, name)
                if os.path.lexists(path) and stat.S_ISSOCK(os.lstat(path).st_mode):
                    found.append(path)
        """
    assert inside(probe, sockets) == []
    assert inside(probe, "[os.path.lexists(p) for p in ('/var/run/docker.sock', '/run/docker.sock')]") == [False, False]


def test_processes_are_bounded_and_the_service_survives_it(workspace: Workspace) -> None:
    probe = probing(workspace)
    assert read(probe, "/sys/fs/cgroup/pids/pids.max", "/sys/fs/cgroup/pids.max") == "512"
    (worker,) = probe.health.workers
    bomb = """
        import os, signal
        found, children = "", []
        try:
            while len(children) < 2000:
                child = os.fork()
                if not child:
                    signal.pause()
                children.append(child)
        except BlockingIOError:
            found = len(children)
        finally:
            for child in children:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
        """
    made = inside(probe, bomb)
    assert 400 < made < 512
    assert inside(probe, "os.getpid()") == worker
    assert probe.state == "Healthy"


def test_memory_and_swap_are_one_limit(engine: docker.DockerClient, probe: Service) -> None:
    memory = 192 << 20
    limit = read(probe, "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max")
    swap = read(probe, "/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes", "/sys/fs/cgroup/memory.swap.max")
    assert int(limit) == memory
    # In the second version of control groups, swap is counted by itself.
    assert int(swap) in {memory, 0}
    config = facts(engine, probe)["HostConfig"]
    assert config["Memory"] == config["MemorySwap"] == memory


def test_memory_is_bounded_without_asking(engine: docker.DockerClient, workspace: Workspace) -> None:
    service = probing(workspace)
    machine = engine.info()["MemTotal"]
    limit = read(service, "/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory.max")
    assert abs(int(limit) - machine // 2) < 1 << 20
    config = facts(engine, service)["HostConfig"]
    assert config["Memory"] == config["MemorySwap"] == machine // 2


def test_the_processor_is_shared_out(probe: Service) -> None:
    share = inside(
        probe,
        """
        import time
        begun, end = time.process_time(), time.monotonic() + 1.0
        while time.monotonic() < end:
            pass
        found = time.process_time() - begun
        """,
    )
    assert share < 0.75
    assert inside(probe, "os.environ['OMP_NUM_THREADS']") == "1"


def test_the_first_process_reaps_what_is_orphaned(probe: Service) -> None:
    assert "init" in read(probe, "/proc/1/cmdline").split("\0")[0]
    gone = inside(
        probe,
        """
        import os, time
        told, tell = os.pipe()
        hold, release = os.pipe()
        child = os.fork()
        if not child:
            if not os.fork():
                os.close(release)
                os.write(tell, b"%d" % os.getpid())
                os.read(hold, 1)
            os._exit(0)
        os.waitpid(child, 0)
        orphan = int(os.read(told, 20))
        parent = int(open(f"/proc/{orphan}/stat").read().rpartition(")")[2].split()[1])
        for end in (told, tell, hold, release):
            os.close(end)
        end = time.monotonic() + 5
        while os.path.exists(f"/proc/{orphan}") and time.monotonic() < end:
            pass
        found = [parent, os.path.exists(f"/proc/{orphan}")]
        """,
    )
    assert gone == [1, False]


def test_it_is_published_on_loopback_only(engine: docker.DockerClient, probe: Service) -> None:
    port = probe.record.port
    [published] = facts(engine, probe)["NetworkSettings"]["Ports"].values()
    assert published == [{"HostIp": "127.0.0.1", "HostPort": str(port)}]
    addresses = {
        address.address
        for interface in psutil.net_if_addrs().values()
        for address in interface
        if address.family == socket.AF_INET
    }
    for address in (addresses | {"127.0.0.2"}) - {"127.0.0.1"}:
        with socket.socket() as client:
            client.settimeout(5)
            assert client.connect_ex((address, port)) == errno.ECONNREFUSED, address
    with socket.socket() as client:
        assert client.connect_ex(("127.0.0.1", port)) == 0


def test_who_has_no_token_cannot_reload_it(probe: Service) -> None:
    base = probe.scoring_uri.removesuffix("/score")
    for route, ask in (("/-/reload", requests.post), ("/-/state", requests.get)):
        assert ask(base + route, timeout=10).status_code in {401, 403, 404}
        assert ask(base + route, timeout=10, headers={"Authorization": "Bearer x"}).status_code in {401, 403, 404}


def secrets_of(service: Service) -> list[str]:
    """What must be seen by nobody, each proven to be there."""
    token = (Path(container_of(service).share) / "service" / "admin.token").read_text()
    assert inside(service, "os.environ['PASSWORD']") == PASSWORD
    assert len(token) > 20
    return [PASSWORD, token]


def test_secrets_are_not_where_docker_shows_things(engine: docker.DockerClient, probe: Service) -> None:
    image = facts(engine, probe)["Config"]["Image"]
    environment = image.replace("/runtime:", "/environment:").rpartition("-")[0]
    shown = [docker_says("inspect", identity(probe)), docker_says("logs", identity(probe))]
    shown += [docker_says("inspect", name) for name in (image, environment)]
    shown += [docker_says("history", "--no-trunc", name) for name in (image, environment)]
    shown += [docker_says("ps", "--no-trunc", "--all", "--format", "{{json .}}"), docker_says("top", identity(probe))]
    for text in shown:
        for secret in secrets_of(probe):
            assert secret not in text
    labels = facts(engine, probe)["Config"]["Labels"]
    assert labels["jupyter-deploy.service"] == "probe"
    assert labels["jupyter-deploy.bundle"] == probe.record.bundle
    assert labels["jupyter-deploy.workspace"]


def test_secrets_are_not_where_this_package_shows_things(opened: Workspace, probe: Service) -> None:
    change = opened.deploy("probe").change
    shown: list[Any] = [
        probe,
        probe.record,
        probe.record.spec,
        probe.as_dict(),
        probe.stats(),
        change,
        probe.logs(1000),
    ]
    environment = {**os.environ, "JUPYTER_DEPLOY_HOME": str(opened.home.root)}
    for words in (["services"], ["state", "probe"], ["deploy", "probe"], ["logs", "probe"], ["stats", "probe"]):
        command = [sys.executable, "-m", "jupyter_deploy.cli", *words, *([] if words[0] == "logs" else ["--json"])]
        said = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60)
        assert said.returncode == 0, said.stderr
        shown += [said.stdout, said.stderr]
    for thing in shown:
        for secret in secrets_of(probe):
            assert secret not in repr(thing)


def test_an_environments_secrets_are_not_shown_either(workspace: Workspace) -> None:
    workspace.score_script("hidden", "import os\n\ndef run(data):\n    return os.environ['PASSWORD']\n")
    service = workspace.deploy(
        "hidden", target="docker", environment=Environment("with-secret", variables={"PASSWORD": PASSWORD})
    )
    assert service.invoke("") == PASSWORD
    shown: list[Any] = [docker_says("inspect", identity(service)), service.record, service.record.spec]
    shown += [json.dumps(service.as_dict()), service.logs(1000)]
    for thing in shown:
        assert PASSWORD not in repr(thing)


def test_secrets_are_in_no_programs_arguments(probe: Service) -> None:
    commands = [" ".join(process.info["cmdline"] or ()) for process in psutil.process_iter(["cmdline"])]
    assert any("--config /service/config.json" in command for command in commands), "it is among them"
    for secret in secrets_of(probe):
        assert not [command for command in commands if secret in command]


def test_the_bundle_is_shown_and_neither_copied_nor_baked(engine: docker.DockerClient, probe: Service) -> None:
    mounted = {mount["Destination"]: mount for mount in facts(engine, probe)["Mounts"]}
    assert mounted["/service"]["Type"] == "bind"
    assert mounted["/service"]["RW"] is False
    place = inside(probe, f"os.path.join(os.environ['AZUREML_MODEL_DIR'], {MODEL!r})")
    (artifact,) = (probe.log_file.parent.parent / "artifacts").rglob(MODEL)
    shared = Path(container_of(probe).share) / place.lstrip("/")
    assert artifact.stat().st_ino == shared.stat().st_ino == inside(probe, f"os.stat({place!r}).st_ino")
    found = inside(
        probe,
        f"""
        import os
        found = [folder for folder, folders, names in os.walk("/") if {MODEL!r} in names]
        """,
    )
    assert found
    assert all(folder.startswith("/service/bundles/") for folder in found)
