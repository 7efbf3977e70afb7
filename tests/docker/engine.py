"""The Docker engine the tests use, and a second daemon that a test may stop, kill and fill up."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import NoReturn

import docker
import psutil
import pytest

BASE_IMAGE = "JUPYTER_DEPLOY_BASE_IMAGE"
REQUIRED = "JUPYTER_DEPLOY_TESTS_NEED_DOCKER"


def engine_problem() -> str:
    """Why no test can use Docker here, and what to do about it; empty where they can."""
    host = os.environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"
    if host.startswith("unix://") and not listens(Path(host.removeprefix("unix://"))):
        return f"No Docker daemon answers at {host}: start one, or run .ci/engine, or set DOCKER_HOST."
    try:
        client = docker.from_env(timeout=10)
    except docker.errors.DockerException as problem:
        return f"No Docker daemon answers at {host} ({problem}): start one, or run .ci/engine, or set DOCKER_HOST."
    with closing(client):
        try:
            client.ping()
            client.images.get(base_image())
        except docker.errors.ImageNotFound:
            return f"There is no image {base_image()}: pull it, or run .ci/engine and set {BASE_IMAGE} as it says."
        except docker.errors.DockerException as problem:
            return f"The Docker daemon does not work ({problem}): look into its log."
    return ""


def listens(path: Path) -> bool:
    """Whether a server listens at a Unix socket. Where none does, Docker's client would forget to close its own."""
    with socket.socket(socket.AF_UNIX) as client:
        return client.connect_ex(str(path)) == 0


def base_image() -> str:
    """The image with this Python that containers start from; without the variable it can be pulled."""
    return os.environ.get(BASE_IMAGE) or f"python:{sys.version_info.major}.{sys.version_info.minor}-slim"


def refuse(reason: str) -> NoReturn:
    """Skip the test for what the machine lacks; fail it where the engine is required."""
    if os.environ.get(REQUIRED) == "1":
        pytest.fail(f"{reason} {REQUIRED} is set, so this is not skipped.", pytrace=False)
    pytest.skip(reason)


# The first process of the namespaces. It adopts what loses its parent there and must reap it, because dockerd takes a
# dead containerd for a running one while its pid exists; SIG_IGN lets the kernel do that. What other daemons have
# mounted is copied into a new mount namespace, and keeping it would hold their containers' files. A new network's
# loopback interface is down, and not every machine has `ip`. It ends when the test's process does, however that ends,
# since its input is closed then.
HOLDER = """
import fcntl, os, signal, socket, struct, subprocess, sys
with open("/proc/self/mounts") as mounts:
    for _, target, kind, *_ in map(str.split, mounts.readlines()):
        if kind == "nsfs" or (kind == "overlay" and target.endswith("/merged")):
            subprocess.run(["umount", "--lazy", target])
for mount in sys.argv[1:]:
    target, _, size = mount.rpartition("=")
    os.makedirs(target, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", target], check=True)
with socket.socket() as any_socket:
    SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40
    fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP | IFF_RUNNING))
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
print("ready", flush=True)
sys.stdin.read()
"""


class Namespaces:
    """A network, a mount and a process namespace; their end is the end of all that was started or mounted in them.

    Parameters
    ----------
    mounts
        File systems in memory that only the inside sees: their size in the kernel's notation for each folder.

    Raises
    ------
    OSError
        With what the machine said where it cannot make them.
    """

    def __init__(self, mounts: dict[str, str]) -> None:
        unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        self._process = subprocess.Popen(
            [*unshare, sys.executable, "-I", "-c", HOLDER, *(f"{folder}={size}" for folder, size in mounts.items())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout
        if self._process.stdout.readline() != "ready\n":
            _, said = self._process.communicate(timeout=30)
            raise OSError(said.strip() or f"unshare ended with {self._process.returncode}")
        [holder] = psutil.Process(self._process.pid).children()
        self.pid = holder.pid
        self._network = _namespace(holder.pid, "net")

    def enter(self, *kinds: str) -> list[str]:
        """What the command line of something that runs in these namespaces begins with."""
        return ["nsenter", f"--target={self.pid}", *(f"--{kind}" for kind in kinds)]

    def close(self) -> None:
        """End everything inside."""
        # What entered the network only is not below the namespaces' first process and would go on without it.
        own = _namespace("self", "pid")
        for pid in psutil.pids():
            if pid != self._process.pid and _namespace(pid, "net") == self._network and _namespace(pid, "pid") == own:
                with _gone_is_fine():
                    os.kill(pid, signal.SIGKILL)
        # The kernel ends all processes with the first one, and that one is only gone when they are.
        self._process.communicate(timeout=60)


def _namespace(pid: int | str, kind: str) -> str:
    try:
        return str(Path(f"/proc/{pid}/ns/{kind}").readlink())
    except OSError:  # it has ended, or it is more privileged than this process
        return ""


def _gone_is_fine() -> suppress:
    return suppress(FileNotFoundError, ProcessLookupError, psutil.NoSuchProcess)


class SecondDaemon:
    """A Docker daemon beside the machine's, to stop, kill and fill up; a context manager that starts it.

    It lives in namespaces of its own: a second daemon in the same network would flush the first one's firewall rules,
    and whatever survives a killed daemon ends with the namespaces. They stay while it restarts. Ports it publishes on
    127.0.0.1 are reached from :meth:`run_python` only, and pids that it reports count inside.

    Parameters
    ----------
    tmpfs_mb
        Keep its data in memory, with so many megabytes of room; 0 for a plain folder.

    Attributes
    ----------
    folder
        Its data, its log ``dockerd.log`` and its socket.
    socket, url
        Where it answers, also from outside of its namespaces.
    """

    def __init__(self, tmpfs_mb: int = 0) -> None:
        self._tmpfs_mb = tmpfs_mb
        self._daemon: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> SecondDaemon:
        missing = [name for name in ("dockerd", "unshare", "nsenter") if not shutil.which(name)]
        if sys.platform != "linux" or os.geteuid() or missing:
            refuse(f"A second Docker daemon needs Linux, root, dockerd, unshare and nsenter (not here: {missing}).")
        # Not the test's own folder: the path of a Unix socket has room for about a hundred characters.
        self.folder = Path(tempfile.mkdtemp(prefix="jd-docker-"))
        self.socket = self.folder / "docker.sock"
        self.url = f"unix://{self.socket}"
        self._cgroup = self.folder.name
        # The sockets of containers' shims are in this folder for every daemon, and remain where shims are killed.
        mounts = {"/run/containerd": "16m"}
        if self._tmpfs_mb:
            mounts[str(self.folder / "data")] = f"{self._tmpfs_mb}m"
        try:
            self.namespaces = Namespaces(mounts)
        except OSError as problem:
            shutil.rmtree(self.folder)
            refuse(f"This machine cannot make namespaces for a second Docker daemon: {problem}.")
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.namespaces.close()
        if self._daemon:
            self._daemon.wait(30)
        remove_cgroups(self._cgroup)
        shutil.rmtree(self.folder)

    def start(self) -> None:
        """Start the daemon and wait until it answers."""
        assert not self._daemon, "it runs"
        (self.folder / "dockerd.pid").unlink(missing_ok=True)  # its pid may be another process by now
        (self.folder / "daemon.json").write_text("{}")  # the machine's settings are for the machine's daemon
        command = [
            *self.namespaces.enter("net", "mount", "pid"),
            "dockerd",
            f"--config-file={self.folder / 'daemon.json'}",
            f"--data-root={self.folder / 'data'}",
            f"--exec-root={self.folder / 'exec'}",
            f"--pidfile={self.folder / 'dockerd.pid'}",
            f"--host={self.url}",
            "--exec-opt=native.cgroupdriver=cgroupfs",
            f"--cgroup-parent=/{self._cgroup}",
        ]
        with (self.folder / "dockerd.log").open("ab") as log:
            self._daemon = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + 60
        while not listens(self.socket) or not self._answers():
            assert self._daemon.poll() is None, f"dockerd ended: {self.log()[-3000:]}"
            assert time.monotonic() < deadline, f"dockerd does not answer: {self.log()[-3000:]}"
            time.sleep(0.02)

    def stop(self) -> None:
        """End the daemon in order, and with it its containers."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End the daemon at once; its containers may go on without it."""
        self._end(signal.SIGKILL)

    def restart(self) -> None:
        """Stop the daemon if it runs, and start it anew on the same data."""
        if self._daemon:
            self.stop()
        self.start()

    def log(self) -> str:
        """What the daemon wrote."""
        return (self.folder / "dockerd.log").read_text(errors="replace")

    @contextmanager
    def client(self) -> Iterator[docker.DockerClient]:
        """A client of this daemon."""
        with closing(docker.DockerClient(base_url=self.url)) as client:
            yield client

    def load(self, image: str = "") -> str:
        """Copy an image (the base image, when none is named) here from the machine's daemon; returns its name."""
        image = image or base_image()
        with closing(docker.from_env()) as machine, self.client() as client:
            try:
                found = machine.images.get(image)
            except docker.errors.ImageNotFound:
                found = machine.images.pull(image)
            client.images.load(found.save(named=image))
        return image

    def run_python(
        self, code: str, env: dict[str, str] | None = None, timeout: float = 60
    ) -> subprocess.CompletedProcess[str]:
        """Run code with this Python where this daemon's published ports are, and with ``DOCKER_HOST`` set to it."""
        return subprocess.run(
            [*self.namespaces.enter("net"), sys.executable, "-c", code],
            env={**os.environ, "DOCKER_HOST": self.url, **(env or {})},
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    def processes(self) -> list[psutil.Process]:
        """All that runs for this daemon: itself, containerd, shims, proxies, containers."""
        roots = [self.namespaces.pid, *([self._daemon.pid] if self._daemon else [])]
        return [process for pid in roots for process in psutil.Process(pid).children(recursive=True)]

    def _answers(self) -> bool:
        try:
            with self.client() as client:
                return bool(client.ping())
        except docker.errors.DockerException:
            return False

    def _end(self, how: signal.Signals) -> None:
        assert self._daemon, "it does not run"
        # The started process is nsenter's, which passes no signal on.
        [daemon] = psutil.Process(self._daemon.pid).children()
        below = daemon.children(recursive=True)
        daemon.send_signal(how)
        self._daemon.wait(60)
        self._daemon = None
        # containerd ends by itself with dockerd, a moment later; the next dockerd would take it for its own.
        psutil.wait_procs(below, timeout=30)


def cgroups(name: str) -> list[Path]:
    """The control groups of a name and those in them, the innermost first."""
    root = Path("/sys/fs/cgroup")
    tops = [path for path in [root / name, *root.glob(f"*/{name}")] if path.is_dir()]
    return [path for top in tops for path in [*sorted(top.rglob("*/"), reverse=True), top]]


def remove_cgroups(name: str) -> None:
    """Remove the control groups of a name; what was in them has ended."""
    for path in cgroups(name):
        with _gone_is_fine():
            path.rmdir()
