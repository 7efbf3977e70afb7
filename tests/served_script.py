"""A server in the foreground, for tests that speak HTTP to it."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def serving(folder: Path, script: str, *options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Serve a script on a port that the server finds itself; its output goes to ``server.log``."""
    (folder / "score.py").write_text(script)
    log = folder / "server.log"
    command = [sys.executable, "-u", "-m", "jupyter_deploy.cli", "serve", "--entry-script", "score.py", "--port", "0"]
    with log.open("w") as output:
        process = subprocess.Popen([*command, *options], cwd=folder, stdout=output, stderr=output, text=True)
    try:
        while "/score" not in log.read_text():
            assert process.poll() is None, log.read_text()
            time.sleep(0.005)
        found = re.search(r"Serving .* at (http\S+/score)", log.read_text())
        assert found, log.read_text()
        yield found[1], process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(20)


def ended(folder: Path, process: subprocess.Popen[str]) -> str:
    """Wait for the end of a server of :func:`serving`; returns all that it wrote."""
    process.wait(20)
    return (folder / "server.log").read_text()
