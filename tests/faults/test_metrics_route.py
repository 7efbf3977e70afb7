"""``/metrics``, read by Prometheus's own parser."""

from __future__ import annotations

from pathlib import Path

from .harness import Clients, Held, served, until

SCRIPT = """
def run(data):
    print("begun", data)
    if data == "hold":
        hold()
    if data == "fail":
        raise ValueError
    return data
"""


def test_counts_after_some_requests(tmp_path: Path, home: Path) -> None:
    held = Held(tmp_path)
    with served(tmp_path, held.code + SCRIPT) as server:
        assert server.metrics()["model_requests_in_flight"] == 0
        for number in range(10):
            server.ask(str(number))
        for _ in range(3):
            assert server.post("fail").status_code == 500
        clients = Clients(server)
        clients.send_in_order("hold", "a", "b", "c")
        meanwhile = server.metrics()
        assert meanwhile["model_requests_in_flight"] >= 1
        assert meanwhile["model_requests_waiting"] == 3
        held.release()
        clients.wait()
        found = until(lambda: server.metrics()["model_request_seconds_count"] == 17 and server.metrics())
        assert found["model_requests_total{status=200}"] == 14
        assert found["model_requests_total{status=500}"] == 3
        for name in ("model_request_seconds", "model_queue_seconds", "model_batch_size"):
            assert found[f"{name}_count"] == found[f"{name}_bucket{{le=+Inf}}"] == 17, name
        assert found["model_run_seconds_count"] == 14
        # Each by itself, however many the worker held.
        assert found["model_batch_size_sum"] == found["model_batch_size_bucket{le=1.0}"] == 17
        assert found["model_requests_in_flight"] == found["model_requests_waiting"] == 0
        assert found["model_generation"] == found["model_workers"] == 1
        assert found["model_worker_restarts_total"] == found["model_timeouts_total"] == 0
        (worker,) = server.workers
        assert found[f"model_worker_memory_bytes{{pid={worker}}}"] > 1 << 20
        server.reload()
        assert server.metrics()["model_reloads_total{outcome=succeeded}"] == 1


def test_the_queue_time_is_what_a_request_waited_also_inside_the_worker(tmp_path: Path, home: Path) -> None:
    script = "import time\n\ndef run(data):\n    time.sleep(0.2)\n    return data\n"
    with served(tmp_path, script) as server:
        clients = Clients(server)
        clients.send_in_order(*"abcd")
        clients.wait()
        found = until(lambda: server.metrics()["model_request_seconds_count"] == 4 and server.metrics())
        # 0, 0.2, 0.4 and 0.6 s.
        assert found["model_queue_seconds_sum"] > 0.8
        assert 0.8 <= found["model_run_seconds_sum"] < 1.2


def test_batches_count_by_size(tmp_path: Path, home: Path) -> None:
    held = Held(tmp_path)
    script = held.code + "def run_batch(items):\n    if 'hold' in items:\n        hold()\n    return items\n"
    with served(tmp_path, script) as server:
        clients = Clients(server)
        clients.send_in_order("hold", *"abcde")
        held.release()
        clients.wait()
        found = server.metrics()
        assert found["model_batch_size_count"] == 2
        assert found["model_batch_size_sum"] == 6
