"""``python -m jupyter_deploy.serving BUNDLE_DIR --config FILE``, or ``--entry-script FILE`` for a plain script."""

from __future__ import annotations

import argparse
import os
import socket
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DeployError
from .watcher import Life, detach

if TYPE_CHECKING:
    from .config import ServingConfig
    from .front import Inherited


def main(arguments: list[str] | None = None, imported: tuple[int, ...] | None = None) -> int:
    """Read the command line and serve; returns the exit code.

    ``imported`` is what was installed when a warm process, whose fork this is, imported libraries.
    """
    parser = argparse.ArgumentParser(prog="python -m jupyter_deploy.serving", description=__doc__)
    parser.add_argument("bundle", nargs="?", type=Path, help="a bundle's folder")
    parser.add_argument("--entry-script", type=Path, help="a plain script, instead of a bundle")
    parser.add_argument("--model-dir", default="", help="AZUREML_MODEL_DIR for --entry-script")
    parser.add_argument("--config", type=Path, help="a JSON file with the server's settings")
    parser.add_argument("--app-root", type=Path, help="AML_APP_ROOT for --entry-script (the current folder)")
    parser.add_argument("--source-directory", default="", help="AZUREML_SOURCE_DIRECTORY for --entry-script")
    parser.add_argument("--host", help="the address to bind (127.0.0.1)")
    parser.add_argument("--port", type=int, help="the port to bind (5001)")
    parser.add_argument("--workers", type=int, help="processes that run the script (1)")
    parser.add_argument("--max-batch", type=int, metavar="N", help="requests that are predicted together, where it can")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="any other of --config's keys")
    parser.add_argument("--watch", action="store_true", help="reload when the files of --entry-script change")
    parser.add_argument("--log", type=Path, help="a file that output is appended to, beside standard output")
    parser.add_argument("--rotate", type=Path, help=argparse.SUPPRESS)
    # Its own socket; that of the server before this one, and the line on which its connections come.
    for descriptor in ("--listener", "--inherited", "--channel"):
        parser.add_argument(descriptor, type=int, help=argparse.SUPPRESS)
    # Where the server before this one finds it, in the network that both have.
    parser.add_argument("--waits-at", default="", help=argparse.SUPPRESS)
    parser.add_argument("--detach", type=int, metavar="SOCKET", help=argparse.SUPPRESS)
    parser.add_argument("--again", default="", help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if (given.bundle is None) == (given.entry_script is None):
        parser.error("give either a bundle or --entry-script")
    life: Life | None = Life()
    if given.detach is not None:
        listeners = [one for one in (given.listener, given.inherited) if one is not None]
        life = detach(given.detach, listeners, given.config.parent, given.channel)
    if life is None:
        return 0
    if given.again and not life.restarts:
        life = replace(life, restarts=1, why=given.again)
    if imported is not None:
        from .forked import ForkServer
        from .forking import fork_server

        opened = [
            one
            for one in (given.listener, given.inherited, given.channel)
            if one is not None and not (one == given.channel and life.restarts)
        ]
        forked = fork_server(imported, opened)
        if not isinstance(forked, ForkServer):
            return forked()
        life = replace(life, fork_server=forked)
    echo = _log_to(given.log) if given.log else None
    try:
        return _serve(given, echo, life)
    except DeployError as error:
        print(error.text(), file=sys.stderr)  # noqa: T201 - the program's edge
        return 1
    except OSError as error:
        print(f"The server cannot start: {error}", file=sys.stderr)  # noqa: T201 - the program's edge
        return 1


def _log_to(file: Path) -> int:
    """Send all output to a file, a crash's too; returns the former standard output."""
    echo = os.dup(1)
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.dup2(handle, 1)
    os.dup2(handle, 2)
    os.close(handle)
    return echo


def _serve(given: argparse.Namespace, echo: int | None, life: Life) -> int:
    from .config import ServingConfig, read_config, with_settings
    from .credentials import credentials_of
    from .front import Served, Server
    from .layout import Layout, layout_of_bundle, layout_of_script
    from .logs import Format, log, write_all
    from .succession import LEFT, has_left, hold
    from .telemetry import check_installed

    config = read_config(given.config) if given.config else ServingConfig()
    if has_left(config.state_folder):
        hold()
    named = ("host", "port", "workers", "max_batch")
    changes = {key: getattr(given, key) for key in named if getattr(given, key) is not None}
    pairs = dict(item.partition("=")[::2] for item in given.set)
    config = with_settings(config, {**pairs, **changes}, "command line", texts=True)
    # Before a client can connect, and before the script's variables are there.
    credentials = credentials_of(config)
    os.environ.update(config.environ)
    if config.otlp_endpoint:
        check_installed()
    if given.bundle:
        # Resolve a link now: it may name another bundle later.
        folder = given.bundle.resolve()
        awaited = bool(config.bundle_folder) and folder.parent == Path(config.bundle_folder) and not folder.exists()
        layout: Layout | Path = folder if awaited else layout_of_bundle(folder)
        if life.restarts:
            layout, config = Served.read(given.config.parent).over(layout, config)
    else:
        layout = layout_of_script(
            given.entry_script, given.model_dir, given.app_root or Path.cwd(), given.source_directory
        )
    listener, before = _listener(given, life, config)
    if given.entry_script:
        host = f"[{config.host}]" if ":" in config.host else config.host
        text = f"Serving {given.entry_script} at http://{host}:{listener.getsockname()[1]}/score"
        if config.log_format == "json":
            write_all(Format("json").lines("INFO", log.name, text, ""))
        else:
            print(text, flush=True)  # noqa: T201 - the line that people look for first
    log_file = given.log or given.rotate
    code = Server(
        config,
        layout,
        listener,
        watch=given.watch,
        echo=echo,
        log_file=log_file,
        life=life,
        credentials=credentials,
        inherited=before,
    ).run()
    if code == LEFT:
        hold()
    return code


def _listener(given: argparse.Namespace, life: Life, config: ServingConfig) -> tuple[socket.socket, Inherited | None]:
    from .front import listen
    from .succession import bound_or_handed_over

    if given.waits_at:
        return bound_or_handed_over(config.host, config.port, given.waits_at)
    bound = given.listener is not None
    listener = socket.socket(fileno=given.listener) if bound else listen(config.host, config.port)
    # Only the front may hold the socket: a worker's child that inherited it would keep the port busy.
    listener.set_inheritable(False)
    return listener, _inherited(given, life)


def _inherited(given: argparse.Namespace, life: Life) -> Inherited | None:
    from .front import Inherited

    if given.inherited is None:
        return None
    sockets = [socket.socket(fileno=given.inherited)]
    if given.channel is not None and not life.restarts:
        sockets.append(socket.socket(fileno=given.channel))
    for one in sockets:
        one.set_inheritable(False)
    return Inherited(*sockets)


if __name__ == "__main__":
    sys.exit(main())
