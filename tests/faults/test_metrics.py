"""What ``/metrics`` counts."""

from __future__ import annotations

from pathlib import Path

import requests

from tests.e2e.conftest import until
from tests.serving import serving

from . import admin, base, reload, samples

SCRIPT = """import os

def run(data):
    if data == "raise":
        raise ValueError("no")
    if data == "die":
        os._exit(3)
    return data
"""


def test_metrics_count_right(tmp_path: Path, home: Path) -> None:
    with serving(tmp_path, SCRIPT, *admin(tmp_path)) as (url, _):
        for body in ["1"] * 7 + ["raise"] * 2 + ["die"]:
            requests.post(url, data=body, timeout=20)
        assert requests.put(url, timeout=20).status_code == 405
        assert requests.post(url, data=b"\xff", timeout=20).status_code == 400
        assert requests.get(base(url) + "/", timeout=20).ok
        assert reload(url).status_code == 200
        (tmp_path / "score.py").write_text("def run(:\n")
        assert reload(url).status_code == 422
        found = until(lambda: (now := samples(url)) and now["model_workers", ""] == 1 and now)
    statuses = {label: value for (name, label), value in found.items() if name == "model_requests_total"}
    assert statuses == {"200": 7, "400": 1, "405": 1, "500": 2, "502": 1}
    assert found["model_request_seconds_count", ""] == 12
    # Of those that came to their end.
    assert found["model_run_seconds_count", ""] == 7
    assert found["model_queue_seconds_count", ""] == 11
    assert found["model_request_seconds_bucket", "+Inf"] == 12
    assert found["model_generation", ""] == 2
    assert found["model_worker_restarts_total", ""] == 1
    assert found["model_reloads_total", "succeeded"] == 1
    assert found["model_reloads_total", "failed"] == 1
    assert found["model_requests_in_flight", ""] == found["model_requests_waiting", ""] == 0
    memory = [value for (name, _), value in found.items() if name == "model_worker_memory_bytes"]
    assert len(memory) == 1
    assert memory[0] > 1 << 20
