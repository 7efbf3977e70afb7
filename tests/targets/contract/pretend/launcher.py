"""Starts the processes of a deployment and ends, so that they are nobody's children; writes their pids and ports."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from jupyter_deploy.targets.process.pids import birth


def _started(command: list[str], listener: socket.socket, log: Path) -> dict[str, Any]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            pass_fds=[listener.fileno()],
            start_new_session=True,
            cwd=log.parent,
        )
    return {"pid": process.pid, "born": birth(process.pid), "port": listener.getsockname()[1]}


def replica(folder: Path, digest: str, log: Path) -> dict[str, Any]:
    """Start one server, which waits for its bundle."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        command = [sys.executable, "-u", "-m", "jupyter_deploy.serving", str(folder / "bundles" / digest)]
        command += ["--config", str(folder / "config.json"), "--listener", str(listener.fileno())]
        return _started(command, listener, log)


def router(folder: Path, port: int, log: Path) -> dict[str, Any]:
    """Start the one address before them; raises OSError where the port is taken."""
    with socket.create_server(("127.0.0.1", port)) as listener:
        script = Path(__file__).with_name("router.py")
        command = [sys.executable, str(script), str(listener.fileno()), str(folder / "backends.json")]
        return _started(command, listener, log)


def main(folder: Path, count: int, port: int, digest: str, log: Path) -> dict[str, Any]:
    """Start what is asked for: so many replicas, and the router unless there is one."""
    before = json.loads((folder / "pids.json").read_text()) if (folder / "pids.json").exists() else {"replicas": []}
    first = before.get("router") or router(folder, port, log)
    more = [replica(folder / str(number), digest, log) for number in range(len(before["replicas"]), count)]
    found = {"router": first, "replicas": [*before["replicas"], *more]}
    (folder / "pids.json").write_text(json.dumps(found))
    return found


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4], Path(sys.argv[5]))
    except OSError as error:
        sys.exit(str(error))
