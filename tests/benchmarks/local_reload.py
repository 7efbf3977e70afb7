"""How long ``LocalWebservice.reload()`` takes under load, and what it loses.

``python -m tests.benchmarks.local_reload`` deploys a service by Azure ML's SDK v1, edits its script and reloads it
again and again while clients send requests without a pause. Azure's own SDK took 2.3 to 4 s, refused 80 to 150
connections and kept no old version.
"""

from __future__ import annotations

import http.client
import os
import statistics
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from .section import machine, mark, write_section

RELOADS = 30
WANTED = 300  # milliseconds
CLIENTS = 4
SCRIPT = "def init():\n    pass\n\n\ndef run(raw_data):\n    return {version}\n"


def client(url: str, stop: threading.Event, answered: list[int], failed: list[str]) -> None:
    """Send requests on one connection until told to stop."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    while not stop.is_set():
        try:
            connection.request("POST", parts.path, b"{}", {"Content-Type": "application/json"})
            reply = connection.getresponse()
            body = reply.read()
        except OSError as error:
            failed.append(str(error))
            connection.close()
            continue
        if reply.status == 200:
            answered.append(int(body))
        else:
            failed.append(str(reply.status))


def main() -> None:
    """Run it, and print one line of the table."""
    os.environ["JUPYTER_DEPLOY_HOME"] = tempfile.mkdtemp()
    os.environ["JUPYTER_DEPLOY_TARGET"] = "process"
    os.chdir(tempfile.mkdtemp())
    from jupyter_deploy.sdk.v1 import InferenceConfig, LocalWebservice, Model, Workspace

    ws, script = Workspace.get("bench"), Path("score.py")
    script.write_text(SCRIPT.format(version=0))
    Path("model.txt").write_text("model")
    model = Model.register(ws, "model.txt", "model")
    service = Model.deploy(ws, "reloaded", [model], InferenceConfig("score.py"), LocalWebservice.deploy_configuration())
    service.wait_for_deployment()
    stop, answered, failed = threading.Event(), list[int](), list[str]()
    given = (service.scoring_uri, stop, answered, failed)
    threads = [threading.Thread(target=client, args=given) for _ in range(CLIENTS)]
    for thread in threads:
        thread.start()
    took, stale = [], 0
    for version in range(1, RELOADS + 1):
        script.write_text(SCRIPT.format(version=version))
        started = time.perf_counter()
        service.reload()
        took.append((time.perf_counter() - started) * 1000)
        stale += service.run("{}") != version
    stop.set()
    for thread in threads:
        thread.join()
    service.delete()
    times = sorted(took)
    p95, longest = times[int(0.95 * RELOADS) - 1], times[-1]
    lines = [
        "### `LocalWebservice.reload()` under load",
        "",
        "| reloads | median | p95 | longest | wanted | met | requests meanwhile | failed | old answers after it |",
        "|---|---|---|---|---|---|---|---|---|",
        f"| {RELOADS} | {statistics.median(times):.0f} ms | {p95:.0f} ms | {longest:.0f} ms | ≤ {WANTED} ms "
        f"| {mark(p95 <= WANTED and not failed and not stale)} | {len(answered):,} | {len(failed)} | {stale} |",
        "",
        f"{machine()} {CLIENTS} clients without a pause; each reload follows an edit of the script.",
    ]
    print("\n".join(lines))
    write_section("local reload", lines)


if __name__ == "__main__":
    main()
