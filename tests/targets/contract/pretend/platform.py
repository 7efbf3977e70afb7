"""The platform that the pretend target speaks to: its API is slow, and its folder is nobody else's."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from jupyter_deploy.targets.process.pids import lives

from . import DELAY_SECONDS, VARIABLE


@dataclass(frozen=True)
class Replica:
    """A process of a deployment."""

    pid: int
    born: str
    port: int

    @property
    def lives(self) -> bool:
        """Whether it is still there."""
        return lives(self.pid, self.born)


class Taken(Exception):
    """The port is in use."""


class Platform:
    """Deployments of several replicas, each with one address."""

    def __init__(self) -> None:
        time.sleep(DELAY_SECONDS)
        self._root = Path(os.environ[VARIABLE])

    def create(
        self, labels: Mapping[str, str], config: Mapping[str, Any], secret: str, count: int, port: int, digest: str
    ) -> str:
        """Start a deployment; its servers wait for their bundle."""
        name = f"{labels['service']}-{secrets.token_hex(4)}"
        folder = self._root / name
        folder.mkdir(parents=True)
        (folder / "labels.json").write_text(json.dumps(dict(labels)))
        (folder / "config.json").write_text(json.dumps(dict(config)))
        (folder / "token").write_text(secrets.token_urlsafe(16))
        self.keep(name, secret)
        try:
            self.scale(name, count, digest, port)
            self.route(name)
        except BaseException:
            self.remove(name, 0.0)
            raise
        return name

    def scale(self, name: str, count: int, digest: str, port: int = 0) -> None:
        """Have so many replicas: new ones wait for bundle and route, those that go finish what they hold."""
        folder = self._root / name
        going = self.replicas(name)[count:]
        kept = {
            "router": self._pids(name).get("router"),
            "replicas": [vars(one) for one in self.replicas(name)[:count]],
        }
        if going:
            (folder / "pids.json").write_text(json.dumps(kept))
            self.route(name)
        for number in range(count):
            place = folder / str(number)
            (place / "bundles").mkdir(parents=True, exist_ok=True)
            values = json.loads((folder / "config.json").read_text())
            values |= {"token_file": str(folder / "token"), "bundle_folder": str(place / "bundles")}
            values |= {"auth_file": str(folder / "auth.json")}
            values |= {"state_folder": str(place), "host": "127.0.0.1"}
            (place / "config.json").write_text(json.dumps(values))
        (folder / "backends.json").touch()
        command = [sys.executable, "-m", f"{__package__}.launcher", str(folder), str(count), str(port), digest]
        done = subprocess.run(
            [*command, str(self.log_of(json.loads((folder / "labels.json").read_text())))],
            cwd=Path(__file__).parents[4],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise Taken(done.stderr)
        _end(going, 10.0)

    def route(self, name: str) -> None:
        """Send requests to all replicas."""
        half = self._root / name / "backends.half"
        half.write_text(json.dumps([one.port for one in self.replicas(name)]))
        half.replace(self._root / name / "backends.json")

    def _pids(self, name: str) -> dict[str, Any]:
        with contextlib.suppress(FileNotFoundError):
            found: dict[str, Any] = json.loads((self._root / name / "pids.json").read_text())
            return found
        return {"replicas": []}

    def replicas(self, name: str) -> list[Replica]:
        """The servers of a deployment; empty where there is no such."""
        return [Replica(**values) for values in self._pids(name)["replicas"]]

    def port(self, name: str) -> int:
        """Where the deployment answers."""
        return int(self._pids(name)["router"]["port"])

    def token(self, name: str) -> str:
        """What the platform's store of secrets keeps for it."""
        return (self._root / name / "token").read_text()

    def keep(self, name: str, secret: str) -> None:
        """Keep what the next replica asks its clients for."""
        (self._root / name / "auth.json").write_text(secret)

    def reconfigure(self, name: str, config: Mapping[str, Any]) -> None:
        """What the next replica starts with."""
        (self._root / name / "config.json").write_text(json.dumps(dict(config)))

    def failures(self, name: str) -> list[dict[str, Any]]:
        """Why servers ended before they served."""
        return [json.loads(path.read_text()) for path in sorted((self._root / name).glob("*/failure.json"))]

    def log_of(self, labels: Mapping[str, str]) -> Path:
        """Where all servers of a service write."""
        return self._root / f"{labels['workspace']}-{labels['service']}.log"

    def deployments(self, workspace: str) -> Iterator[str]:
        """The deployments of a workspace."""
        for path in self._root.glob("*/labels.json"):
            if json.loads(path.read_text())["workspace"] == workspace:
                yield path.parent.name

    def remove(self, name: str, patience: float) -> None:
        """End a deployment; its log stays."""
        found = self._pids(name)
        _end([Replica(**values) for values in found["replicas"]], patience)
        _end([Replica(**found["router"])] if found.get("router") else [], patience)
        shutil.rmtree(self._root / name, ignore_errors=True)


def _end(processes: list[Replica], patience: float) -> None:
    for number, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 5.0)):
        there = [one for one in processes if one.lives]
        for one in there:
            with contextlib.suppress(ProcessLookupError):
                os.kill(one.pid, number)
        until = time.monotonic() + seconds
        while any(one.lives for one in there) and time.monotonic() < until:
            time.sleep(0.01)


def used(replicas: list[Replica]) -> tuple[int, int]:
    """Measure what replicas use: bytes, and processes."""
    memory = count = 0
    for one in replicas:
        with contextlib.suppress(psutil.Error):
            front = psutil.Process(one.pid)
            for process in (front, *front.children(recursive=True)):
                memory += process.memory_info().rss
                count += 1
    return memory, count
