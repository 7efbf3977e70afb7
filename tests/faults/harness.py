"""A server under test with its log, its admin routes and its clients."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.conftest import until

__all__ = ["TOKEN", "Served", "served", "until"]
TOKEN = "a-token"


@dataclass
class Served:
    """One server that runs."""

    url: str
    process: subprocess.Popen[bytes]
    folder: Path

    @property
    def log(self) -> str:
        return (self.folder / "server.log").read_text(errors="replace")

    @property
    def lines(self) -> list[str]:
        return self.log.splitlines()

    def lines_with(self, text: str) -> list[str]:
        return [line for line in self.lines if text in line]

    @property
    def base(self) -> str:
        return self.url.removesuffix("/score")

    def post(self, body: Any = "", **options: Any) -> requests.Response:
        return requests.post(self.url, data=body, timeout=options.pop("timeout", 20), **options)

    def ask(self, body: Any = "", **options: Any) -> Any:
        answer = self.post(body, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def get(self, path: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return requests.get(self.base + path, timeout=10, headers=headers)

    @property
    def state(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/-/state").json()
        return found

    @property
    def workers(self) -> list[int]:
        found: list[int] = self.state["workers"]
        return found

    def reload(self, body: Any = None) -> requests.Response:
        return self.admin("/-/reload", {} if body is None else body)

    def admin(self, route: str, body: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        return requests.post(self.base + route, data=json.dumps(body), timeout=20, headers=headers)

    def write(self, script: str, name: str = "score.py") -> None:
        (self.folder / name).write_text(script)

    def metrics(self) -> dict[str, float]:
        """All samples; ``name{label=value}`` without the service's name."""
        found = {}
        for family in text_string_to_metric_families(self.get("/metrics").text):
            for sample in family.samples:
                labels = ",".join(f"{key}={value}" for key, value in sample.labels.items() if key != "service")
                found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
        return found

    def connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.url)
        return http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=20)

    def stop(self) -> str:
        """End it by SIGTERM; returns the whole log."""
        self.process.terminate()
        self.process.wait(20)
        return self.log

    def family(self) -> list[int]:
        return [self.process.pid, *(child.pid for child in psutil.Process(self.process.pid).children(recursive=True))]


@contextmanager
def served(
    folder: Path, script: str, *options: str, ready: bool = True, files: dict[str, str] | None = None, **config: Any
) -> Iterator[Served]:
    """Serve a script with settings and an admin token."""
    (folder / "token").write_text(TOKEN)
    (folder / "config.json").write_text(json.dumps({"token_file": str(folder / "token"), "port": 0, **config}))
    for name, content in (files or {}).items():
        (folder / name).write_text(content)
    (folder / "score.py").write_text(script)
    # Not through the command line: importing that takes as long as all the rest of a start.
    command = [sys.executable, "-u", "-m", "jupyter_deploy.serving", "--entry-script", "score.py"]
    with (folder / "server.log").open("wb") as output:
        process = subprocess.Popen(
            [*command, "--config", "config.json", *options], cwd=folder, stdout=output, stderr=output
        )
    server = Served("", process, folder)
    try:
        found = until(lambda: process.poll() is not None or server.lines_with("Serving"))
        assert found is not True, server.log
        server.url = found[0][found[0].index("http") :].partition('"')[0].strip()
        if ready:
            until(lambda: process.poll() is not None or server.get("/-/ready").ok)
        yield server
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(20)


class Clients:
    """Requests that are on their way while the test goes on."""

    def __init__(self, server: Served) -> None:
        self._server = server
        self._threads: list[threading.Thread] = []
        self.answers: dict[str, requests.Response | requests.RequestException] = {}

    def send(self, *bodies: str, timeout: float = 20) -> None:
        """Send each body on a connection of its own, in order of arrival."""
        for body in bodies:
            thread = threading.Thread(target=self._post, args=(body, timeout))
            self._threads.append(thread)
            thread.start()

    def send_in_order(self, *bodies: str) -> None:
        """As ``send``, but each one has arrived before the next is sent."""
        for body in bodies:
            before = self._arrived()
            self.send(body)
            until(lambda before=before: self._arrived() > before)

    def _arrived(self) -> float:
        state = self._server.state
        return float(state["waiting"] + state["requests"] + self._server.metrics()["model_requests_in_flight"])

    def _post(self, body: str, timeout: float) -> None:
        try:
            self.answers[body] = self._server.post(body, timeout=timeout)
        except requests.RequestException as error:
            self.answers[body] = error

    def wait(self) -> dict[str, tuple[int, Any]]:
        for thread in self._threads:
            thread.join(30)
        found = {}
        for body, answer in self.answers.items():
            assert isinstance(answer, requests.Response), f"{body}: {answer!r}"
            found[body] = (answer.status_code, answer.json())
        return found


class Held:
    """Keeps ``run()`` from going on until the test lets it; scripts call what :attr:`code` defines."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "gate"
        self.code = (
            "import os, time\n\ndef hold():\n"
            f"    while not os.path.exists({str(self._path)!r}):\n        time.sleep(0.005)\n\n"
        )

    def release(self) -> None:
        self._path.touch()

    def again(self) -> None:
        """Hold what comes from now on."""
        self._path.unlink()


def percentile(samples: list[float], share: float) -> float:
    return sorted(samples)[min(len(samples) - 1, int(len(samples) * share))]
