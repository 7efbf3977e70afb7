"""Measure what keys and tokens cost a server: ``python -m tests.benchmarks.auth``.

Three servers run the same script, without credentials, with a key, with a token. One is loaded at a time, in turn, for
many short rounds, so that what else the machine does meets all of them alike; figures are medians of the rounds.
"""

from __future__ import annotations

import argparse
import secrets
import statistics
import sys
import tempfile
from collections import defaultdict
from contextlib import ExitStack
from pathlib import Path

import jwt

from jupyter_deploy.serving import Credentials

from .load import Running, free_port, lua, wrk
from .section import machine, mark, write_section

SCRIPT = "def run(data):\n    return data\n"
CONNECTIONS = 64
ALLOWED = 0.03


def variants() -> dict[str, tuple[Credentials, str]]:
    """What each server asks for, and what its clients send."""
    key, signing = secrets.token_urlsafe(32), secrets.token_bytes(32)
    claims = {"aud": "echo", "iat": 0, "nbf": 0, "exp": 4_000_000_000}
    token = jwt.encode(claims, signing, "HS256")
    return {
        "none": (Credentials(), ""),
        "key": (Credentials("key", (secrets.token_urlsafe(32), key)), key),
        "token": (Credentials("token", (), signing.hex(), "echo"), token),
    }


def measured(rounds: int, seconds: int) -> dict[str, list[float]]:
    """Requests a second, by variant, one figure a round."""
    found: dict[str, list[float]] = defaultdict(list)
    with ExitStack() as stack:
        servers = {}
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
        for turn in range(rounds):
            names = list(servers)
            for name in names[turn % 3 :] + names[: turn % 3]:
                load = wrk(*servers[name], CONNECTIONS, seconds)
                if load.failed:
                    raise SystemExit(f"{name}: {load.failed} requests failed")
                found[name].append(load.rate)
    return found


def main() -> None:
    """Measure and write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seconds", type=int, default=1)
    options = parser.parse_args()
    figures = measured(options.rounds, options.seconds)
    lines = [
        "### Keys and tokens",
        "",
        "| clients need | requests/s at 64 | cost | wanted | met |",
        "|---|---|---|---|---|",
    ]
    plain = figures["none"]
    for name, rates in figures.items():
        # Round by round: what the machine did in a round met its neighbours, too.
        cost = 1 - statistics.median(rate / other for rate, other in zip(rates, plain, strict=True))
        told = "" if name == "none" else f"{cost:.1%} | ≤ {ALLOWED:.0%} | {mark(cost <= ALLOWED)}"
        lines.append(f"| {name} | {statistics.median(rates):,.0f} | {told or ' | | '} |")
    lines += ["", f"{machine()} {options.rounds} rounds of {options.seconds} s each, in turn."]
    print("\n".join(lines))
    write_section("auth", lines)


if __name__ == "__main__":
    main()
