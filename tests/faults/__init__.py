"""Servers whose scripts, clients and operators misbehave; all real processes, all over HTTP."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import requests

from tests.e2e.conftest import until

TOKEN = "a-token-of-its-own"
ADMIN = {"Authorization": f"Bearer {TOKEN}"}


def admin(folder: Path) -> tuple[str, str]:
    """Options that open the admin routes."""
    path = folder / "token"
    path.write_text(TOKEN)
    return "--set", f"token_file={path}"


def base(url: str) -> str:
    """The server's address without the route."""
    return url.removesuffix("/score")


def reload(url: str, body: Any = None) -> requests.Response:
    """Ask for a reload."""
    return requests.post(f"{base(url)}/-/reload", json=body, headers=ADMIN, timeout=60)


def state(url: str) -> Any:
    """What the admin route tells."""
    return requests.get(f"{base(url)}/-/state", headers=ADMIN, timeout=10).json()


def log_of(folder: Path) -> str:
    """All that the server has written."""
    return (folder / "server.log").read_text()


def samples(url: str) -> dict[tuple[str, str], float]:
    """The metrics by name and the label beside the service's."""
    from prometheus_client.parser import text_string_to_metric_families

    text = requests.get(f"{base(url)}/metrics", timeout=10).text
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = [value for key, value in sample.labels.items() if key != "service"]
            found[sample.name, ",".join(labels)] = sample.value
    return found


def until_waiting(url: str, count: int) -> None:
    """Wait until so many requests wait."""
    until(lambda: samples(url)["model_requests_waiting", ""] >= count)


def slowest(url: str, paths: tuple[str, ...], count: int) -> float:
    """The 99th percentile of the seconds that the routes take."""
    took = []
    with requests.Session() as session:
        for path in paths:
            assert session.get(base(url) + path, timeout=10).ok
        for number in range(count):
            started = time.perf_counter()
            assert session.get(base(url) + paths[number % len(paths)], timeout=10).ok
            took.append(time.perf_counter() - started)
    return sorted(took)[int(count * 0.99) - 1]
