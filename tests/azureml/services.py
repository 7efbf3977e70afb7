"""What the tests of deployed services share: a script, a model, its configuration, and what holds on every target."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from jupyter_deploy.sdk.v1 import InferenceConfig, Model, WebserviceException, Workspace

SCORE = """\
import json
import os

import joblib
import numpy as np


def init():
    global model
    model = joblib.load(os.path.join(os.getenv("AZUREML_MODEL_DIR"), "model.pkl"))
    print("init ran")


def run(raw_data):
    data = np.array(json.loads(raw_data)["data"])
    return model.predict(data).tolist()
"""
RAW = """\
from azureml.contrib.services.aml_request import AMLRequest, rawhttp
from azureml.contrib.services.aml_response import AMLResponse


def init():
    print("This is init()")


@rawhttp
def run(request):
    print("This is run()")
    print("Request: [{0}]".format(request))
    if request.method == "GET":
        respBody = str.encode(request.full_path)
        resp = AMLResponse(respBody, 200)
        resp.headers["Allow"] = "OPTIONS, GET, POST"
        resp.headers["Access-Control-Allow-Methods"] = "OPTIONS, GET, POST"
        resp.headers["Access-Control-Allow-Origin"] = "http://www.example.com"
        resp.headers["Access-Control-Allow-Headers"] = "*"
        return resp
    elif request.method == "POST":
        return AMLResponse(request.get_data(False), 200)
    elif request.method == "OPTIONS":
        resp = AMLResponse("", 200)
        resp.headers["Access-Control-Allow-Methods"] = "OPTIONS, GET, POST"
        return resp
    else:
        return AMLResponse("bad request", 500)
"""
CHOICE = """\
import json
import os
from pathlib import Path


def init():
    global loaded
    loaded = {}


def run(raw_data):
    wanted = json.loads(raw_data)["model"]
    if wanted not in loaded:
        loaded[wanted] = Path(os.environ["AZUREML_MODEL_DIR"], wanted, "1", wanted + ".txt").read_text()
    return [loaded[wanted], sorted(loaded)]
"""
BODY = '{"data": [[0.0, 1.0], [1.0, 0.0]]}'


def registered(ws: Workspace, outputs: Path, name: str = "classification_model") -> Model:
    """Register the trained model."""
    return Model.register(ws, str(outputs / "model.pkl"), name)


def inference(folder: Path, text: str = SCORE, **options: Any) -> InferenceConfig:
    """Write ``score.py`` and describe it."""
    (folder / "score.py").write_text(text)
    return InferenceConfig(entry_script="score.py", **options)


def until(found: Callable[[], Any], seconds: float = 20) -> Any:
    """Wait for something, and return it."""
    end = time.monotonic() + seconds
    while not (value := found()):
        assert time.monotonic() < end
        time.sleep(0.02)
    return value


def ended(pids: list[int]) -> bool:
    """Whether none of these processes runs; one that no process has waited for is in the list, but ended."""
    found = (one.info for one in psutil.process_iter(["pid", "status"]))
    return not [one for one in found if one["pid"] in pids and one["status"] != psutil.STATUS_ZOMBIE]


@contextmanager
def clients(url: str, body: str | bytes, count: int = 2) -> Iterator[list[Any]]:
    """Ask all the time, each client with a new connection for every request; yields the answers, or what went wrong."""
    stop, found = threading.Event(), []

    def ask() -> None:
        while not stop.is_set():
            try:
                answer = requests.post(url, body, timeout=30)
                found.append(answer.json() if answer.status_code == 200 else answer.status_code)
            except requests.RequestException as error:
                found.append(error)

    threads = [threading.Thread(target=ask) for _ in range(count)]
    for thread in threads:
        thread.start()
    try:
        yield found
    finally:
        stop.set()
        for thread in threads:
            thread.join()


def reloads_under_load(service: Any, script: Path, seconds: float) -> None:
    """Row 1.13: the next line has the new code, no request fails, and the quickest of three takes so long at most."""
    text, took, answers = script.read_text(), [], [service.run(BODY)]
    with clients(service.scoring_uri, BODY) as found:
        for number in range(3):
            until(lambda: found and found[-1] == answers[-1])
            text = text.replace(".tolist()", f".tolist() + [{number + 2}]")
            script.write_text(text)
            began = time.perf_counter()
            service.reload()
            took.append(time.perf_counter() - began)
            answers.append(service.run(BODY))
            assert answers[-1] == [*answers[-2][:2], number + 2, *answers[-2][2:]]
        until(lambda: found[-1] == answers[-1])
    assert {str(answer) for answer in found} == {str(answer) for answer in answers}
    assert min(took) <= seconds


def logs_a_life(service: Any) -> None:
    """Row 1.10: a script that ends at ``crash`` has served once; the log keeps what each of its processes wrote."""
    # No answer waits until its line is written.
    until(lambda: "POST /score 200" in service.get_logs())
    logs = service.get_logs()
    assert (logs.count("init ran"), logs.count("generation 1 serves"), logs.count("POST /score 200")) == (1, 1, 1)
    assert "starting a server: target " in logs.splitlines()[0]
    with pytest.raises(WebserviceException, match="Received bad response from service") as refused:
        service.run("no json")
    assert "Response Code: 500" in refused.value.message
    assert "JSONDecodeError" in refused.value.message
    with pytest.raises(WebserviceException, match="Response Code: 502"):
        service.run("crash")
    assert until(lambda: service.get_logs().count("init ran") == 2)
    service.reload()
    service.run(BODY)
    until(lambda: service.get_logs().count("POST /score 200") == 2)
    after = service.get_logs()
    assert after.startswith(logs.rstrip())
    assert "JSONDecodeError" in after
    assert "exited with code 3" in after
    assert (after.count("init ran"), after.count("generation 2 serves")) == (3, 1)


def echoes_bytes(service: Any) -> None:
    """Rows 2.67 and 2.68: a script with whole requests gets what was sent, and sends what it returns."""
    got = requests.get(service.scoring_uri + "?a=1&b=2", timeout=10)
    assert (got.status_code, got.content) == (200, b"/score?a=1&b=2")
    # As a picture: bytes of every value, a megabyte of them.
    photo = b"\xff\xd8\xff\xe0" + bytes(range(256)) * 4096
    for headers in ({"Content-Type": "application/octet-stream"}, {"Content-Type": "image/jpeg"}, {}):
        back = requests.post(service.scoring_uri, photo, headers=headers, timeout=20)
        assert (back.status_code, back.content) == (200, photo)
    assert requests.post(service.scoring_uri, b"", timeout=10).content == b""
    for method in ("PUT", "DELETE"):
        refused = requests.request(method, service.scoring_uri, timeout=10)
        assert (refused.status_code, refused.headers["Allow"]) == (405, "GET, POST, OPTIONS")
