"""Envoy in a hardened container beside deployments in containers: the same files, watcher, port and admin socket.

It sees three folders at the paths that they have outside: what it reads, its sockets, and its logs. What the watcher
reads is in none of them.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import psutil

from ..endpoints import RunningRouter
from ..files import owner_of, write_atomic
from ..home import Home
from ..store import refuse_secrets
from ..targets import RouterContainer
from .binary import envoy
from .boxed import Box, begin_log, engine_here
from .process import EnvoyRouter, command_of, config_of
from .router import CONTAINED
from .rules import Rules
from .watched import process_of, socket_place, write_plan
from .watcher import PLAN

# Less than the patience of who holds requests meanwhile.
_FIRST_SECONDS = 20.0
_LABEL = "jupyter-deploy"


class ContainedEnvoy(EnvoyRouter):
    """An Envoy in a container of its own for each endpoint, and a watcher on this machine that starts it again."""

    kind = CONTAINED

    def _facts(self, home: Home, rules: Rules) -> tuple[dict[str, str], dict[str, object]]:
        executable, user = envoy(home), RouterContainer.user_here()
        image = RouterContainer.image_of(home, executable, rules.workspace)
        folder = home.endpoint(rules.endpoint) / "router"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        config, logs = folder / "config", folder / "output"
        sockets = socket_place(folder / "sockets")
        for one in (config, logs, sockets):
            give(one, user)
        access_log = home.logs / f"{rules.endpoint}.access.log"
        home.logs.mkdir(mode=0o700, exist_ok=True)
        begin_log(access_log, logs / "access.log")
        name = f"{_LABEL}-router-{rules.endpoint.lower()}-{secrets.token_hex(3)}"
        facts = {
            "folder": str(folder),
            "config": str(config),
            "admin": str(sockets / "admin.sock"),
            "inner": str(sockets / "inner.sock"),
            "access_log": str(access_log),
            "inside_log": str(logs / "access.log"),
            "output": str(logs / "envoy.log"),
            "container": name,
        }
        labels = {
            f"{_LABEL}.workspace": rules.workspace,
            f"{_LABEL}.endpoint": rules.endpoint,
            f"{_LABEL}.plan": str(folder / PLAN),
        }
        command = tuple(command_of(executable, RunningRouter(self.kind, 0, facts))[1:])
        box = RouterContainer(
            name, str(executable), image, user, command, (str(config),), (str(sockets), str(logs)), labels
        )
        return facts, {"container": box.to_json(), "engine": engine_here()}

    def _seen(self, running: RunningRouter, rules: Rules) -> Rules:
        """Show it a copy of the certificate, named by its content: it sees none of the user's own files."""
        if rules.certificate is None:
            return rules
        shown, folder = rules.certificate, config_of(running)
        stem = sha256(Path(shown.file).read_bytes()).hexdigest()[:16]
        copy = replace(shown, file=str(folder / f"{stem}.pem"))
        for source, place in ((shown.key_file, copy.key_file), (shown.file, copy.file)):
            if not Path(place).exists():
                write_atomic(Path(place), Path(source).read_bytes(), mode=0o600, owner=owner_of(folder))
        return replace(rules, certificate=copy)

    def take_over(
        self, home: Home, running: RunningRouter, rules: Rules, commit: Callable[[RunningRouter], None]
    ) -> None:
        """Take the place of a router that is a process: at its port, with its watcher, which holds what comes.

        Raises
        ------
        DeployError
            If no container can; the process goes on.
        """
        refuse_secrets(home.root, f"The keys of endpoint {rules.endpoint}")
        facts, more = self._facts(home, rules)
        new = RunningRouter(self.kind, running.port, facts)
        versions = self._write(home, new, rules)
        folder = Path(facts["folder"])
        plan = (folder / PLAN).read_text()
        self.ensure(home, running)
        write_plan(new, command_of(envoy(home), new), **more)
        commit(new)
        try:
            self._await(new, versions, _FIRST_SECONDS)
        except BaseException:
            failed = Box.of(json.loads((folder / PLAN).read_text()))
            write_atomic(folder / PLAN, plan, mode=0o600)
            commit(running)
            # Its watcher starts what the plan says.
            _end(folder)
            if failed is not None:
                failed.remove()
            raise
        _forget(Path(running.facts["admin"]), folder)

    def stop(self, running: RunningRouter) -> None:
        """Drain, end the watcher, which ends Envoy, and remove the container."""
        box = Box.of(json.loads((Path(running.facts["folder"]) / PLAN).read_text()))
        super().stop(running)
        if box is not None:
            box.remove()


def give(folder: Path, user: str) -> None:
    """Make a folder of the router's user."""
    folder.mkdir(mode=0o700, exist_ok=True)
    if os.geteuid() == 0:
        os.chown(folder, *(int(number) for number in user.split(":")))


def _end(folder: Path) -> None:
    if found := process_of(folder, "router"):
        with contextlib.suppress(psutil.Error):
            found.kill()


def _forget(admin: Path, folder: Path) -> None:
    """Remove what the process of before has read, keys among it, and its sockets."""
    if admin.parent != folder:
        shutil.rmtree(admin.parent, ignore_errors=True)
    for name in ("bootstrap.json", "clusters.json", "listeners.json", "routes.json", "admin.sock", "inner.sock"):
        (folder / name).unlink(missing_ok=True)
