"""Mixed load on two servers for half an hour: ``python -m tests.benchmarks.mixed [--minutes 30]``.

One serves a plain script, which also streams, the other one batches. Clients keep connections, renew them, and send ids
of their own. Scripts are reloaded and workers killed meanwhile. Every failed request is counted under its cause. A
request that a worker had begun when it was killed cannot be saved; any other failure is a fault.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import http.client
import json
import os
import random
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from tests.faults.harness import Served, served, until

from .section import machine, mark, write_section

PLAIN = """import json

VERSION = {version}

def parts(count):
    for number in range(count):
        yield number

def run(data):
    value = json.loads(data)
    if "stream" in value:
        return parts(value["stream"])
    return [VERSION, sum(value["data"])]
"""
BATCH = """import json

VERSION = {version}

def run_batch(texts):
    return [[VERSION, sum(json.loads(text)["data"])] for text in texts]
"""
PAUSE_SECONDS = 0.002
RELOAD_SECONDS = 3.0
KILL_SECONDS = 10.0


@dataclass
class Seen:
    """What all clients have seen."""

    answered: collections.Counter[str] = field(default_factory=collections.Counter)
    failed: collections.Counter[str] = field(default_factory=collections.Counter)
    kills: list[float] = field(default_factory=list)
    reloads: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def fail(self, kind: str, cause: str, since: float, *, lost: bool) -> None:
        """Count a failure; ``lost`` says that the death of its worker would explain it, if there was one meanwhile."""
        killed = lost and any(since - 1 <= when <= time.monotonic() for when in self.kills[-20:])
        self.failed[f"{kind}: {'its worker was killed' if killed else cause}"] += 1

    @property
    def faults(self) -> int:
        """Failures that no kill explains."""
        return sum(count for cause, count in self.failed.items() if not cause.endswith("its worker was killed"))


def ask(connection: http.client.HTTPConnection, kind: str, seen: Seen) -> None:
    """Send one request of a kind and judge its answer."""
    numbers = [random.randrange(1000) for _ in range(random.choice((1, 10, 300)))]
    count = random.randrange(1, 200)
    body = json.dumps({"stream": count} if kind == "stream" else {"data": numbers})
    headers = {"Content-Type": "application/json"}
    if kind == "ids":
        headers["x-request-id"] = f"mine-{random.getrandbits(64):x}"
    since = time.monotonic()
    try:
        connection.request("POST", "/score", body, headers)
        answer = connection.getresponse()
        found = answer.read()
    except (OSError, http.client.HTTPException) as error:
        seen.fail(kind, repr(error)[:100], since, lost=kind == "stream")
        connection.close()
        return
    if answer.status != 200:
        seen.fail(kind, f"{answer.status} {found[:100]!r}", since, lost=answer.status == 502)
        return
    right = json.loads(found) == list(range(count)) if kind == "stream" else json.loads(found)[1] == sum(numbers)
    if not right or headers.get("x-request-id") not in {None, answer.getheader("x-request-id")}:
        seen.fail(kind, "the answer is another one's", since, lost=False)
    seen.answered[kind] += 1


def client(server: Served, kind: str, seen: Seen) -> None:
    """Ask until the end, on one connection, or on a new one each time."""
    address = urlsplit(server.url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    while not seen.over.wait(PAUSE_SECONDS):
        ask(connection, kind, seen)
        if kind == "new connections":
            connection.close()
    connection.close()


def disturb(servers: list[tuple[Served, str]], seconds: float, seen: Seen) -> None:
    """Reload scripts and kill workers, in turn, until the time is over."""
    end, version = time.monotonic() + seconds, 1
    reload_at, kill_at = time.monotonic() + RELOAD_SECONDS, time.monotonic() + KILL_SECONDS
    while (now := time.monotonic()) < end:
        server, script = random.choice(servers)
        if now >= kill_at:
            kill_at = now + KILL_SECONDS
            pids = server.workers
            if len(pids) > 1:
                seen.kills.append(time.monotonic())
                os.kill(random.choice(pids), signal.SIGKILL)
        elif now >= reload_at:
            reload_at, version = now + RELOAD_SECONDS, version + 1
            server.write(script.format(version=version))
            answer = server.reload()
            if answer.status_code != 200:
                seen.fail("reload", f"{answer.status_code} {answer.text[:100]}", now, lost=False)
            seen.reloads += 1
        seen.over.wait(min(0.2, max(0.0, end - now)))


@contextlib.contextmanager
def loaded(plain: Served, batch: Served, seen: Seen) -> Iterator[None]:
    """Have all clients ask while the block runs."""
    kinds = [(plain, kind) for kind in ("plain", "plain", "plain", "ids", "new connections", "stream", "stream")]
    kinds += [(batch, "batch")] * 6 + [(batch, "ids"), (batch, "new connections")]
    threads = [threading.Thread(target=client, args=(*pair, seen)) for pair in kinds]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        seen.over.set()
        for thread in threads:
            thread.join(90)


def main() -> None:
    """Load, disturb and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=30)
    options = parser.parse_args()
    seen = Seen()
    with contextlib.ExitStack() as stack:
        servers: list[tuple[Served, str]] = []
        for script in (PLAIN, BATCH):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            os.environ["JUPYTER_DEPLOY_HOME"] = str(folder / "home")
            servers.append((stack.enter_context(served(folder, script.format(version=1), workers=2)), script))
        with loaded(servers[0][0], servers[1][0], seen):
            disturb(servers, options.minutes * 60, seen)
        for server, _ in servers:
            until(lambda server=server: len(server.workers) == 2)
    total = sum(seen.answered.values())
    lines = ["| requests | answered |", "|---|---|"]
    lines += [f"| {kind} | {count:,} |" for kind, count in sorted(seen.answered.items())]
    lines += ["", "| failed | times |", "|---|---|"]
    lines += [f"| {cause} | {count} |" for cause, count in sorted(seen.failed.items())]
    lines += ["", "| what | measured | wanted | met |", "|---|---|---|---|"]
    lines.append(f"| failures that no kill explains, of {total:,} | {seen.faults} | 0 | {mark(not seen.faults)} |")
    lines += ["", f"{machine()} {options.minutes:g} minutes, {seen.reloads} reloads, {len(seen.kills)} workers killed."]
    print("\n".join(lines))
    write_section("mixed load", lines)


if __name__ == "__main__":
    main()
