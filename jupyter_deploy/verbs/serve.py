"""``serve``: the scoring server alone, in the foreground, for a plain entry script."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..errors import NotFound, PortBusy, StartFailed, UsageProblem
from ..scripts import script_from_file
from ..serving.listener import listen
from ..targets.pids import owner_of_port
from ..workspace import Workspace
from .verb import Done, Session, Verb, argument


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    path = Path(given.entry_script).expanduser()
    script_from_file(path)
    if given.model_dir and not Path(given.model_dir).is_dir():
        raise NotFound(f"No folder {given.model_dir}.", hint="--model-dir is where the script finds its model's files.")
    if not 0 <= given.port <= 65535:
        raise UsageProblem(
            f"port must be an integer in range [1, 65535], not {given.port}.", hint="0 takes a free one."
        )
    if given.workers < 1:
        raise UsageProblem(f"--workers must be at least 1, not {given.workers}.", hint="Leave --workers out to get 1.")
    try:
        listener = listen(given.host, given.port)
    except OSError as error:
        owner = owner_of_port(given.port)
        raise PortBusy(
            f"{given.host}:{given.port} cannot be used: {error.strerror or error}"
            + (f"; {owner} listens there." if owner else "."),
            hint="Give another --port; 0 takes a free one.",
        ) from error
    with listener:
        command = [sys.executable, "-u", "-m", "jupyter_deploy.serving", "--entry-script", str(path)]
        command += ["--model-dir", given.model_dir or "", "--workers", str(given.workers), "--host", given.host]
        command += ["--listener", str(listener.fileno())]
        if session.variables is None:
            # On the command line this process becomes the server: its signals and exit code are the user's.
            listener.set_inheritable(True)
            sys.stdout.flush()
            os.execv(command[0], command)  # noqa: S606
        return _inside_notebook(command, listener.fileno(), session)


def _inside_notebook(command: list[str], descriptor: int, session: Session) -> Done:
    # In the kernel's process group: interrupting the kernel drains it, and it does not survive the kernel.
    server = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, pass_fds=[descriptor]
    )
    assert server.stdout is not None
    with server.stdout as output:
        while True:
            try:
                piece = os.read(output.fileno(), 1 << 16)
            except KeyboardInterrupt:
                server.terminate()
                continue
            if not piece:
                break
            session.emit(piece.decode("utf-8", "replace"))
    if server.wait():
        raise StartFailed(f"The server ended with code {server.returncode}.", hint="The lines above say why.")
    return Done("stopped", {"stopped": command[5]})


VERB = Verb(
    "serve",
    "serve a plain entry script in the foreground; Ctrl-C ends it",
    (
        argument("--entry-script", required=True, metavar="FILE", help="with init() and run()", completes="files"),
        argument("--model-dir", metavar="DIR", help="AZUREML_MODEL_DIR for the script", completes="files"),
        argument("--host", default="127.0.0.1", metavar="H", help="the address to bind; 127.0.0.1 by default"),
        argument("--port", type=int, default=5001, metavar="N", help="the port; 5001 by default, 0 for a free one"),
        argument("--workers", type=int, default=1, metavar="N", help="processes that run the script; 1 by default"),
    ),
    _run,
    shows=False,
)
