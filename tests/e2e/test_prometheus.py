"""``/metrics`` as Debian's Prometheus reads it."""

from __future__ import annotations

import json
import math
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import requests

from jupyter_deploy.workspace import Service, Workspace

from .conftest import until

PROGRAM = shutil.which("prometheus")
NEEDED = "JUPYTER_DEPLOY_TESTS_NEED_PROMETHEUS"
pytestmark = pytest.mark.skipif(
    not PROGRAM and not os.environ.get(NEEDED),
    reason="NOT TESTED: Prometheus is not installed (apt-get install --no-install-recommends prometheus)",
)
# The one in docs/guide/watching.md, but for the times.
CONFIG = """
global:
  scrape_interval: 1s
  scrape_timeout: 1s
scrape_configs:
  - job_name: models
    authorization:
      credentials_file: {key}
    static_configs:
      - targets: ["{target}"]
"""


@contextmanager
def prometheus(folder: Path, service: Service) -> Iterator[str]:
    """Run it on a free port, reading the service each second; yields its address."""
    key = folder / "key"
    key.write_text(service.get_keys().primary)
    target = service.scoring_uri.removeprefix("http://").removesuffix("/score")
    (folder / "prometheus.yml").write_text(CONFIG.format(key=key, target=target))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(PROGRAM), f"--config.file={folder / 'prometheus.yml'}", f"--storage.tsdb.path={folder / 'data'}"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen([*command, f"--web.listen-address=127.0.0.1:{port}"], stdout=log, stderr=log)
    try:
        url = f"http://127.0.0.1:{port}"

        def ready() -> bool:
            assert process.poll() is None, (folder / "prometheus.log").read_text()
            try:
                return requests.get(f"{url}/-/ready", timeout=5).ok
            except requests.ConnectionError:
                return False

        until(ready)
        yield url
    finally:
        process.terminate()
        process.wait(20)


def test_debians_prometheus_reads_a_service_with_keys(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "score.py").write_text("def run(data):\n    return 1 / int(data)\n")
    service = workspace.deploy("scraped", script=tmp_path / "score.py", auth="key")
    headers = {"Authorization": f"Bearer {service.get_keys().primary}"}
    page = requests.get(service.scoring_uri.replace("/score", "/metrics"), headers=headers, timeout=10).content
    checked = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, timeout=20)
    assert (checked.returncode, checked.stderr) == (0, b"")
    with prometheus(tmp_path, service) as url:

        def value(query: str) -> float:
            answer = requests.get(f"{url}/api/v1/query", params={"query": query}, timeout=10).json()
            assert answer["status"] == "success", json.dumps(answer)
            found = answer["data"]["result"]
            return float(found[0]["value"][1]) if found else math.nan

        # It has seen the service before its first request: rates need two points.
        until(lambda: value('model_request_seconds_count{service="scraped"}') == 0)
        statuses = [
            requests.post(service.scoring_uri, body, headers=headers, timeout=10).status_code
            for body in "1" * 20 + "00"
        ]
        assert statuses == [200] * 20 + [500] * 2
        until(lambda: value('model_requests_total{service="scraped",status="200"}') == 20)
        assert value('model_requests_total{service="scraped",status="500"}') == 2
        assert value("sum(model_requests_total)") == value("model_request_seconds_count") == 22
        assert value("up") == value("model_workers") == 1
        p95 = value("histogram_quantile(0.95, sum by (le) (rate(model_request_seconds_bucket[30s])))")
        assert 0 < p95 < 1
