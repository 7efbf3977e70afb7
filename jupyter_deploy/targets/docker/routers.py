"""Routers in containers: a program of this machine, hardened, which sees nothing but folders of its own.

Such a container has the host's network. A published port is refused while its container is away, and the addresses
that the engine publishes for deployments are loopback's, as those of plain processes are.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ...errors import StartFailed, TargetProblem
from ...home import Home
from ...store import built_once
from .containers import user_of
from .daemon import engine
from .images import LABEL, base_image, build_folder, exists, pull

ROLE = "router"
_PROGRAM = "/usr/local/bin/envoy"
# With the program's own check: where it does not run on the base image, the build says so.
_DOCKERFILE = f"""FROM {{base}}
USER 0
COPY envoy {_PROGRAM}
RUN ["{_PROGRAM}", "--version"]
USER 10001:10001
ENTRYPOINT ["{_PROGRAM}"]
CMD []
"""
_MEMORY = 1 << 30
_PIDS = 128
_START_SECONDS = 20.0
_LOOK_SECONDS = 0.01


@dataclass(frozen=True)
class RouterContainer:
    """A router's container: all that starts it again, as plain values.

    Parameters
    ----------
    name : str
        By which it is found again.
    executable : str
        The program, a file of this machine; the image is made of it.
    image : str
        The image's name.
    user : str
        ``uid:gid``, never root.
    command : sequence of str
        The program's arguments.
    shown, written : sequence of str
        Folders that it reads, and those that it may write; they have the same path inside.
    labels : mapping
        Nothing secret.
    """

    name: str
    executable: str
    image: str
    user: str
    command: tuple[str, ...]
    shown: tuple[str, ...]
    written: tuple[str, ...]
    labels: Mapping[str, str]

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> RouterContainer:
        """Read what :meth:`to_json` returned."""
        lists = {key: tuple(values[key]) for key in ("command", "shown", "written")}
        return cls(**{**values, **lists})

    def to_json(self) -> dict[str, Any]:
        """Return plain values."""
        return asdict(self)

    @staticmethod
    def user_here() -> str:
        """Return the ``uid:gid`` that a router has.

        Raises
        ------
        TargetProblem
            If the engine cannot run a router beside this machine's processes.
        """
        with engine() as client:
            info = client.info()
        if problem := _obstacle(info):
            raise TargetProblem(f"The router cannot run in a container: {problem}.", hint="It runs as a process.")
        return user_of(info)

    @staticmethod
    def image_of(home: Home, executable: Path, workspace: str, say: Callable[[str], None] = lambda _: None) -> str:
        """Build the router's image of a program of this machine, unless it is there; returns its name."""
        with executable.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256")
        digest.update(f"{_base()}{_DOCKERFILE}".encode())
        name = f"{LABEL}/router:{digest.hexdigest()[:24]}"
        with engine(timeout=600.0) as client:
            if exists(client, name):
                return name
            home.environments.mkdir(exist_ok=True)
            with built_once(home.environments, f"image-router-{digest.hexdigest()[:24]}"):
                _built(client, executable, name, workspace, say)
        return name

    def start(self) -> int:
        """Start it, unless it runs; returns the pid of its process on this machine.

        Raises
        ------
        TargetProblem
            If the engine does not answer, or refuses.
        """
        for folder in self.written:
            _own(Path(folder), self.user)
        until = time.monotonic() + _START_SECONDS
        with engine() as client:
            while time.monotonic() < until:
                if pid := self._started(client):
                    return pid
                time.sleep(_LOOK_SECONDS)
        raise StartFailed(f"The router's container {self.name} does not start.", hint=f"docker logs {self.name}")

    def _started(self, client: Any) -> int:
        from docker.errors import NotFound

        try:
            state = client.api.inspect_container(self.name)["State"]
        except NotFound:
            # What nothing used while it was away may have been removed.
            _built(client, Path(self.executable), self.image, self.labels.get(f"{LABEL}.workspace", ""))
            client.api.create_container(
                self.image,
                command=list(self.command),
                name=self.name,
                user=self.user,
                labels={**self.labels, f"{LABEL}.role": ROLE},
                host_config=_host_config(client, self),
            )
            client.api.start(self.name)
            return 0
        if not state["Running"]:
            client.api.start(self.name)
            return 0
        # The engine learns of a death a moment after it.
        return int(state["Pid"]) if Path(f"/proc/{state['Pid']}").exists() else 0

    def remove(self) -> None:
        """End and remove it, if it is there."""
        from docker.errors import NotFound

        with engine() as client:
            try:
                client.api.remove_container(self.name, v=True, force=True)
            except NotFound:
                return


def _obstacle(info: Mapping[str, Any]) -> str:
    """Say why a container of this engine has not this machine's network and processes; empty if it has."""
    options = " ".join(info.get("SecurityOptions") or ())
    if sys.platform != "linux" or info.get("KernelVersion") != platform.release():
        return "the engine runs in a machine of its own"
    if "rootless" in options or "name=userns" in options:
        return "the engine has a network or users of its own"
    return ""


def _host_config(client: Any, container: RouterContainer) -> Any:
    from docker.types import Mount

    mounts = [Mount(one, one, type="bind", read_only=True) for one in container.shown]
    mounts += [Mount(one, one, type="bind") for one in container.written]
    return client.api.create_host_config(
        network_mode="host",
        read_only=True,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        pids_limit=_PIDS,
        mem_limit=_MEMORY,
        memswap_limit=_MEMORY,
        # Its watcher starts it again, sooner than the engine would.
        restart_policy={"Name": "no"},
        log_config={"Type": "json-file", "Config": {"max-size": "1m", "max-file": "2"}},
        mounts=mounts,
    )


def _base() -> str:
    return base_image(f"{sys.version_info.major}.{sys.version_info.minor}")


def _built(
    client: Any, executable: Path, name: str, workspace: str, say: Callable[[str], None] = lambda _: None
) -> None:
    if exists(client, name):
        return
    base = _base()
    if not exists(client, base):
        pull(client, base, say, chosen=False)
    say("building the router's image")
    with tempfile.TemporaryDirectory(prefix="jupyter-deploy-") as folder:
        context = Path(folder) / "context"
        context.mkdir()
        shutil.copyfile(executable, context / "envoy")
        (context / "envoy").chmod(0o755)
        labels = {f"{LABEL}.workspace": workspace, f"{LABEL}.role": ROLE}
        build_folder(client, _DOCKERFILE.format(base=base), context, name, labels)


def _own(folder: Path, user: str) -> None:
    """Make a folder that is gone since the machine was started again, and give it to the router's user."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, *(int(number) for number in user.split(":")))
