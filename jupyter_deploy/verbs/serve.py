"""``serve``: the scoring server alone, in the foreground, for a plain entry script."""

from __future__ import annotations

import argparse
import os
import socket
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..environments import KERNEL, environment_of, infer_requirements, reference_of, runtime, venvs
from ..errors import NotFound, PortBusy, StartFailed, UsageProblem
from ..files import in_home
from ..scripts import Script, script_from_file
from ..scripts.shipment import shipment_of
from ..serving import IGNORED, ServingConfig, Settings, gather
from ..serving.front import listen
from ..targets import owner_of_port
from ..workspace import Workspace
from .verb import SETTING, Done, Session, Verb, argument, pairs

# Options that have the setting's name.
_NAMED = ("host", "port", "workers", "health_port", "cors_origins", "max_batch", "log_format", "preload", "sample")


def _run(workspace: Workspace, given: argparse.Namespace, session: Session) -> Any:
    # In a notebook, ignore the kernel's own variables, but not those that the user sets there.
    settings = _settings(given)
    entry, root = _entry(settings)
    script = script_from_file(entry)
    model_dir = settings.places.get("model_dir", "")
    if model_dir and not Path(model_dir).is_dir():
        raise NotFound(f"No folder {model_dir}.", hint="--model-dir is where the script finds its model's files.")
    config = settings.config
    python, environ = _interpreter(workspace, given.environment, script, session)
    with _listen(config) as listener:
        command = [python, "-u", "-m", "jupyter_deploy.serving", "--entry-script", str(entry)]
        command += ["--app-root", str(root), "--model-dir", model_dir, "--listener", str(listener.fileno())]
        command += ["--source-directory", settings.places.get("source_directory", "")]
        command += ["--watch"] if given.watch else []
        default = asdict(ServingConfig())
        changed = {key: value for key, value in asdict(config).items() if value != default[key]}
        command += [word for key, value in changed.items() for word in ("--set", f"{key}={value}")]
        notices = (*script.notices, *settings.notices)
        if given.appinsights_instrumentation_key:
            notices += (f"--appinsights_instrumentation_key is ignored: {IGNORED['AML_APP_INSIGHTS_KEY']}.",)
        for notice in notices:
            session.emit(f"{notice}\n")
        if session.variables is None:
            # On the command line this process becomes the server: its signals and exit code are the user's.
            listener.set_inheritable(True)
            sys.stdout.flush()
            os.execve(command[0], command, environ)  # noqa: S606
        return _inside_notebook(command, environ, listener.fileno(), session)


def _interpreter(workspace: Workspace, given: str, script: Script, session: Session) -> tuple[str, dict[str, str]]:
    """Return the interpreter to serve with, and its variables."""
    registered = workspace.environments
    reference = reference_of(given, registered) or KERNEL
    environment = environment_of(
        reference,
        registered,
        lambda: infer_requirements(shipment_of(script, workspace.home.root, folder=False), ()),
    )
    environ = dict(os.environ)
    if not environment.is_kernel:
        environ |= {**environment.variables, "PYTHONPATH": str(runtime.ensure(workspace.home))}
    return str(venvs.ensure(workspace.home, environment, session.say)), environ


def _settings(given: argparse.Namespace) -> Settings:
    words: dict[str, Any] = {name: getattr(given, name) for name in _NAMED}
    if given.script and given.entry_script:
        raise UsageProblem(
            f"{given.script} and --entry-script {given.entry_script} are two scripts.", hint=f"serve {given.script}"
        )
    words |= {"entry_script": given.script or given.entry_script, "model_dir": given.model_dir}
    words |= {key: value for key, value in pairs(given.set, "--set").items() if value}
    if given.port is not None and not 0 <= given.port <= 65535:
        raise UsageProblem(
            f"port must be an integer in range [1, 65535], not {given.port}.", hint="0 takes a free one."
        )
    if given.workers is not None and given.workers < 1:
        raise UsageProblem(f"--workers must be at least 1, not {given.workers}.", hint="Leave --workers out to get 1.")
    file = in_home(given.config_file) if given.config_file else None
    return gather(words, os.environ, file)


def _entry(settings: Settings) -> tuple[Path, Path]:
    """Return the script and ``AML_APP_ROOT``; if the variable names the script, it is relative to that."""
    root = in_home(Path(settings.places.get("app_root", "") or Path.cwd()))
    entry = settings.places.get("entry_script", "")
    if not entry:
        raise UsageProblem("serve needs an entry script.", hint="For example: jupyter model serve score.py")
    path = in_home(entry)
    below = root / path
    return (below if below.is_file() and not path.is_file() else path), root


def _listen(config: ServingConfig) -> socket.socket:
    try:
        return listen(config.host, config.port)
    except OSError as error:
        owner = owner_of_port(config.port)
        raise PortBusy(
            f"{config.host}:{config.port} cannot be used: {error.strerror or error}"
            + (f"; {owner} listens there." if owner else "."),
            hint="Give another --port; 0 takes a free one.",
        ) from error


def _inside_notebook(command: list[str], environ: dict[str, str], descriptor: int, session: Session) -> Done:
    # In the kernel's process group: interrupting the kernel drains it, and it ends with the kernel.
    server = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        pass_fds=[descriptor],
        env=environ,
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


def _both(name: str) -> tuple[str, ...]:
    """Spell an option with dashes and, as azureml-inference-server-http does, with underscores."""
    return f"--{name}", f"--{name.replace('-', '_')}"


VERB = Verb(
    "serve",
    "serve a plain entry script in the foreground; Ctrl-C ends it",
    (
        argument("script", nargs="?", metavar="FILE", help="the script, with init() and run()", completes="files"),
        argument(*_both("entry-script"), metavar="FILE", help="the same", completes="files"),
        argument(*_both("model-dir"), metavar="DIR", help="AZUREML_MODEL_DIR for the script", completes="files"),
        argument(
            "--environment",
            metavar="E",
            default=KERNEL,
            help="kernel (this interpreter, the default), inferred, a conda or requirements file, or a registered name",
            completes="environments",
        ),
        argument("--host", metavar="H", help="the address to bind; 127.0.0.1 by default"),
        argument("--port", type=int, metavar="N", help="the port; 5001 by default, 0 for a free one"),
        argument(
            "--workers",
            *_both("worker-count"),
            dest="workers",
            type=int,
            metavar="N",
            help="processes that run the script; 1 by default",
        ),
        argument(
            "--watch", action="store_true", help="reload when the script, a module beside it or the model changes"
        ),
        argument("--max-batch", type=int, metavar="N", help="predict up to N waiting requests together"),
        argument("--preload", action="store_const", const="true", help="run init() once and copy the process"),
        argument("--sample", metavar="JSON", help="a request that every new version must answer before it serves"),
        argument("--log-format", metavar="text|json", help="json: one JSON object a line"),
        argument(
            "--cors-origins",
            *_both("access-control-allow-origins"),
            dest="cors_origins",
            metavar="LIST",
            help="origins whose pages may call it, separated by commas",
        ),
        argument(*_both("health-port"), type=int, metavar="N", help="a second port with the same routes"),
        argument(*_both("config-file"), metavar="FILE", help="a JSON object of settings", completes="files"),
        argument("--set", action="append", metavar="KEY=VALUE", help=SETTING, completes="settings"),
        argument("--appinsights_instrumentation_key", metavar="KEY", help="accepted, without effect"),
    ),
    _run,
    shows=False,
)
