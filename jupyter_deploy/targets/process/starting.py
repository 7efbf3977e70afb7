"""Starting the processes of a server: by a command, or by a warm process that forks them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from ...environments import runtime
from ...errors import DeployError, StartFailed
from ...services import Launch
from ...serving import layout_of_bundle
from .fronts import CONFIG
from .warm import SUPPORTED, Warm


def spawn(
    launch: Launch, python: Path, sockets: tuple[socket.socket, ...], run: Path, commit: Callable[[int], None]
) -> None:
    """Start watcher and front, which go on once ``commit`` has written the front's pid down.

    Raises
    ------
    StartFailed
        If they do not come up at all.
    """
    ours, theirs = socket.socketpair()
    arguments = [str(launch.bundle.folder), "--config", str(run / CONFIG), "--rotate", str(launch.local.log)]
    arguments += ["--again", launch.again] if launch.again else []
    options = dict(zip(("--listener", "--inherited", "--channel"), sockets, strict=False))
    with ours, launch.local.log.open("ab") as log:
        starter = None
        with theirs:
            options["--detach"] = theirs
            warm = warm_of(launch, python)
            if warm is None or not warm.start(arguments, options, launch.local.folder, log.fileno()):
                command = [str(python), "-u", "-m", "jupyter_deploy.serving", *arguments]
                for option, given in options.items():
                    command += [option, str(given.fileno())]
                # The started process forks and ends at once, so this one has no child left to reap.
                starter = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    cwd=launch.local.folder,
                    env=_environ(launch, python),
                    pass_fds=[given.fileno() for given in options.values()],
                )
        pid = ours.recv(32)
        if starter is not None:
            starter.wait()
        if not pid:
            raise StartFailed(
                f"The server process of {launch.named} did not start.", hint=f"Look at {launch.local.log}."
            )
        commit(int(pid))
        ours.sendall(b"1")


def warm_of(launch: Launch, python: Path) -> Warm | None:
    """Return which warm process could fork a server; None where nothing may be imported before its script."""
    if not SUPPORTED:
        return None
    try:
        modules = layout_of_bundle(launch.bundle.folder).preload
    except DeployError:
        return None
    if modules is None:
        return None
    environ = {**_environ(launch, python), **launch.variables}
    return Warm(launch.local.home, str(python), environ, tuple(modules))


def _environ(launch: Launch, python: Path) -> dict[str, str]:
    environ = {key: value for key, value in os.environ.items() if not _belongs_to_the_kernel(key, value)}
    if str(python) != sys.executable:
        environ = {key: value for key, value in environ.items() if key not in {"VIRTUAL_ENV", "PYTHONHOME"}}
    if not launch.environment.is_kernel:
        environ["PYTHONPATH"] = str(runtime.ensure(launch.local.home))
    return environ


def _belongs_to_the_kernel(key: str, value: str) -> bool:
    """Whether a variable is the kernel's own: its plot backend and its connection mean nothing to a service."""
    return key.startswith(("JPY_", "IPYTHON", "PYDEVD_")) or (key == "MPLBACKEND" and value.startswith("module://"))
