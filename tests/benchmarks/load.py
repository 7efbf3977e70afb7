"""Load from wrk (Debian's package of that name), and the servers it goes to."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import time
import urllib.request
from dataclasses import dataclass, replace
from pathlib import Path

_UNITS = {"us": 0.001, "ms": 1.0, "s": 1000.0, "m": 60000.0}


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw.

    Latencies are in milliseconds; ``foreign`` is what others used of the machine, in processors, and ``cost`` what
    the server used for a request, in microseconds.
    """

    rate: float
    p50: float
    p99: float
    failed: int
    requests: int
    foreign: float = 0.0
    cost: float = 0.0


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


def lua(folder: Path, body: bytes, content_type: str = "application/json") -> Path:
    """The script that makes wrk send a body."""
    (folder / "body").write_bytes(body)
    script = folder / "post.lua"
    script.write_text(
        f'wrk.method = "POST"\nlocal file = io.open("{folder}/body", "rb")\nwrk.body = file:read("*a")\n'
        f'wrk.headers["Content-Type"] = "{content_type}"\n'
    )
    return script


def wrk_program() -> str:
    """Where wrk is."""
    program = shutil.which("wrk")
    if program is None:
        raise SystemExit("This benchmark needs wrk: apt-get install wrk")
    return program


def wrk(url: str, script: Path, connections: int, seconds: float) -> Load:
    """Load a server for some seconds."""
    command = [wrk_program(), "-t1", f"-c{connections}", f"-d{seconds:.0f}s", "--latency", "-s", str(script), url]
    return parsed(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def parsed(text: str) -> Load:
    """Read wrk's report."""

    def number(pattern: str) -> float:
        found = re.search(pattern, text)
        return float(found[1]) if found else 0.0

    def latency(percent: int) -> float:
        found = re.search(rf"^\s*{percent}%\s+([\d.]+)(us|ms|s|m) *$", text, re.MULTILINE)
        return float(found[1]) * _UNITS[found[2]] if found else 0.0

    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", text)
    failed = int(number(r"Non-2xx or 3xx responses: (\d+)")) + (sum(map(int, errors.groups())) if errors else 0)
    return Load(
        number(r"Requests/sec:\s+([\d.]+)"), latency(50), latency(99), failed, int(number(r"(\d+) requests in"))
    )


def processor_seconds() -> float:
    """What all processes of this machine have used, and what its host took away."""
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    user, nice, system, _, _, irq, softirq, steal = fields
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


class Running:
    """A server in a session of its own, until it is stopped."""

    def __init__(self, command: list[str], folder: Path, url: str, body: bytes, content_type: str) -> None:
        self.url = url
        self._log = folder / "server.log"
        environ = {**os.environ, "PYTHONUNBUFFERED": "1", "JUPYTER_DEPLOY_HOME": str(folder / "home")}
        started = time.perf_counter()
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, stdout=log, stderr=log, start_new_session=True, env=environ
            )
        try:
            self._until_ready(body, content_type)
        except BaseException:
            self.stop()
            raise
        self.start_seconds = time.perf_counter() - started

    def _until_ready(self, body: bytes, content_type: str) -> None:
        end = time.monotonic() + 90
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise SystemExit(f"{self.process.args} ended:\n{self._log.read_text()[-2000:]}")
            request = urllib.request.Request(self.url, body, {"Content-Type": content_type})
            try:
                with urllib.request.urlopen(request, timeout=30):
                    return
            except OSError:
                time.sleep(0.02)
        raise SystemExit(f"{self.process.args} was not ready:\n{self._log.read_text()[-2000:]}")

    def pids(self) -> list[int]:
        """The processes of its session."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal():
                try:
                    if os.getsid(int(entry.name)) == self.process.pid:
                        found.append(int(entry.name))
                except ProcessLookupError:
                    continue
        return found

    def memory(self, key: str = "Pss") -> float:
        """Megabytes of all its processes together."""
        total = 0
        for pid in self.pids():
            try:
                text = Path(f"/proc/{pid}/smaps_rollup").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            found = re.search(rf"^{key}:\s+(\d+) kB", text, re.MULTILINE)
            total += int(found[1]) if found else 0
        return total / 1024

    def processor_seconds(self) -> float:
        """What its processes have used."""
        used = 0
        for pid in self.pids():
            try:
                fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            used += int(fields[11]) + int(fields[12])
        return used / os.sysconf("SC_CLK_TCK")

    def loaded(self, script: Path, connections: int, seconds: int) -> Load:
        """Load it, and see what other processes did meanwhile: they slow a server that needs all processors most."""

        def everything() -> tuple[float, float, float]:
            children, own = resource.getrusage(resource.RUSAGE_CHILDREN), time.process_time()
            client, mine = children.ru_utime + children.ru_stime + own, self.processor_seconds()
            return processor_seconds(), client + mine, mine

        started, before = time.perf_counter(), everything()
        load = wrk(self.url, script, connections, seconds)
        after, took = everything(), time.perf_counter() - started
        foreign = max(0.0, (after[0] - before[0] - (after[1] - before[1])) / took)
        return replace(load, foreign=foreign, cost=(after[2] - before[2]) / max(1, load.requests) * 1e6)

    def stop(self) -> None:
        """End all processes of its session, and wait: a server's children may not notice that it is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(20)
        end = time.monotonic() + 5
        while self.pids() and time.monotonic() < end:
            time.sleep(0.02)
        for pid in self.pids():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
