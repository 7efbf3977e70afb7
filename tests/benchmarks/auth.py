"""Measure what keys and tokens cost a server: ``python -m tests.benchmarks.auth``.

Servers run the same script without credentials, with a key, with a token; and once more without, for clients that send
a token all the same: that tells what its bytes cost. One is loaded at a time, in turn, for many short rounds, so that
what else the machine does meets all of them alike; figures are medians of the rounds.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import Any

import jwt

from jupyter_deploy.serving import Credentials

from .load import Running, free_port, lua, wrk
from .section import machine, mark, write_section

SCRIPT = "def run(data):\n    return data\n"
CONNECTIONS = 64
ALLOWED = 0.03
NONE, SENT = "none", "none, but send a token"


def variants() -> dict[str, tuple[Credentials, str]]:
    """What each server asks for, and what its clients send."""
    key, signing = secrets.token_urlsafe(32), secrets.token_bytes(32)
    claims = {"aud": "echo", "iat": 0, "nbf": 0, "exp": 4_000_000_000}
    token = jwt.encode(claims, signing, "HS256")
    return {
        NONE: (Credentials(), ""),
        SENT: (Credentials(), token),
        "key": (Credentials("key", (secrets.token_urlsafe(32), key)), key),
        "token": (Credentials("token", (), signing.hex(), "echo"), token),
    }


def measured(rounds: int, seconds: int) -> dict[str, list[tuple[float, float]]]:
    """Requests a second and microseconds of processor time a request, by variant, one pair a round."""
    found: dict[str, list[tuple[float, float]]] = defaultdict(list)
    with ExitStack() as stack:
        servers, running = {}, {}
        for name, (credentials, bearer) in variants().items():
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            (folder / "score.py").write_text(SCRIPT)
            (folder / "auth.json").write_text(credentials.dumps())
            port = free_port()
            command = [sys.executable, "-m", "jupyter_deploy.serving", "--entry-script", "score.py"]
            command += ["--port", str(port), "--set", f"auth_file={folder}/auth.json", "--set", "log_level=ERROR"]
            # Health needs no credentials, so the same question tells when each of them is ready.
            server = Running(command, folder, f"http://127.0.0.1:{port}/-/ready", None, "text/plain")  # type: ignore[arg-type]
            stack.callback(server.stop)
            script = lua(folder, b'"x"')
            if bearer:
                script.write_text(script.read_text() + f'wrk.headers["Authorization"] = "Bearer {bearer}"\n')
            servers[name] = (f"http://127.0.0.1:{port}/score", script)
            running[name] = server
        for turn in range(rounds):
            names = list(servers)
            for name in names[turn % len(names) :] + names[: turn % len(names)]:
                before = running[name].processor_seconds()
                load = wrk(*servers[name], CONNECTIONS, seconds)
                if load.failed:
                    raise SystemExit(f"{name}: {load.failed} requests failed")
                used = running[name].processor_seconds() - before
                found[name].append((load.rate, used / load.requests * 1e6))
    return found


def pairs(figure: list[tuple[float, float]], plain: list[tuple[float, float]]) -> Iterator[tuple[Any, Any]]:
    """Pair the rounds of two variants: their rates, their times."""
    yield from zip(zip(*figure, strict=True), zip(*plain, strict=True), strict=True)


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--starts", type=int, default=5, help="of all servers, with so many rounds each")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=1)
    options = parser.parse_args()
    figures: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for _ in range(options.starts):
        # One process is up to a tenth faster than the next of the same command.
        for name, found in measured(options.rounds, options.seconds).items():
            figures[name] += found
    lines = [
        "### Keys and tokens",
        "",
        "| clients need | requests/s at 64 | cost | processor time | more | wanted (requests/s) | met |",
        "|---|---|---|---|---|---|---|",
    ]
    plain = figures[NONE]
    for name, figure in figures.items():
        # Round by round: what the machine did in a round met its neighbours, too.
        rate, time = (median(one / other for one, other in zip(*both, strict=True)) for both in pairs(figure, plain))
        judged = f"≤ {ALLOWED:.0%} | {mark(1 - rate <= ALLOWED)}" if name not in {NONE, SENT} else " | "
        told = " | " if name == NONE else f"{1 - rate:.1%} | "
        more = " | " if name == NONE else f"{time - 1:+.1%} | "
        rates, times = zip(*figure, strict=True)
        lines.append(f"| {name} | {median(rates):,.0f} | {told}{median(times):.1f} µs | {more}{judged} |")
    lines += ["", f"{machine()} {options.starts} starts, {options.rounds} rounds of {options.seconds} s each, in turn."]
    print("\n".join(lines))
    write_section("auth", lines)


if __name__ == "__main__":
    main()
