"""The contract of entry scripts, through HTTP: one server a script, shared by the tests of a module."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from jupyter_deploy.serving.front.short_way import VARIABLE
from tests.served_script import serving

FAILED = {"message": "An unexpected error occurred in scoring script. Check the logs for more info."}
INTERNAL = {"message": "An unexpected internal error occurred. Check the logs for more info."}


class Server(str):
    """The address of ``/score``, and what the server wrote."""

    __slots__ = ("log",)
    log: Path

    def at(self, path: str) -> str:
        return self.removesuffix("/score") + path

    def wait_for_log(self, text: str) -> bool:
        """Ask the server something until it has written the text, or 10 seconds have passed."""
        deadline = time.monotonic() + 10
        while text not in self.log.read_text():
            if time.monotonic() > deadline:
                return False
            requests.get(self.at("/-/live"), timeout=10)
        return True


# The ways that a request may take through the front: as long as it may, and always the long one.
WAYS = ("short", "long")


@contextmanager
def served(
    factory: pytest.TempPathFactory, script: str, *options: str, way: str = "short", **files: str
) -> Iterator[Server]:
    """Serve a script in a new folder, with other files beside it (``a__b`` stands for ``a.b``)."""
    folder = factory.mktemp("script")
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DEPLOY_HOME", str(factory.mktemp("home")))
        patch.setenv(VARIABLE, "1" if way == "long" else "")
        with serving(folder, script, *options) as (url, _):
            server = Server(url)
            server.log = folder / "server.log"
            while requests.get(server.at("/-/ready"), timeout=20).status_code != 200:
                time.sleep(0.01)
            yield server


def fixture_of(
    script: str, *options: str, ways: tuple[str, ...] = WAYS, **files: str
) -> Callable[..., Iterator[Server]]:
    """Make the fixture of one script; with several ways, each test is made on each of them."""

    @pytest.fixture(scope="module", params=ways if len(ways) > 1 else None)
    def server(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Server]:
        way = getattr(request, "param", ways[0])
        with served(tmp_path_factory, script, *options, way=way, **files) as found:
            yield found

    return server


def refusal(folder: Path, script: str) -> tuple[int, str]:
    """Run a server that does not come up; returns its exit code and what it wrote."""
    (folder / "score.py").write_text(script)
    command = [sys.executable, "-m", "jupyter_deploy.serving", "--entry-script", "score.py", "--port", "0"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=30, check=False)
    return done.returncode, done.stdout + done.stderr
