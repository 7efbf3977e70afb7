"""Plain scripts: what reaches run(), and what becomes of what it returns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.serving import serving

SCRIPT = """import datetime, json, pickle, multiprocessing, sys
from dataclasses import dataclass
import numpy as np, pandas as pd
from azureml.core import Workspace, Run
from azureml.core.model import Model
import azureml.core.model as by_name
import utils

@dataclass
class Point:
    x: int

def square(n):
    return n * n

async def init():
    global ready
    ready = True

def stream():
    yield 1
    yield {"a": None}

def raw():
    yield b"ab"
    yield b"c"

async def later():
    yield "x"

def unavailable():
    try:
        Workspace.from_config()
    except RuntimeError as error:
        return str(error)

def pool():
    with multiprocessing.get_context("fork").Pool(1) as pool:
        return pool.map(square, [1, 2, 3])

VALUES = {
    "array": lambda: np.array([[1, 2]]),
    "scalar": lambda: np.int64(3),
    "frame": lambda: pd.DataFrame({"a": [1]}),
    "time": lambda: datetime.datetime(2026, 1, 2),
    "set": lambda: {1},
    "none": lambda: None,
    "json": lambda: json.dumps([1]),
    "nan": lambda: [float("nan"), 1.0],
    "bytes": lambda: b"x",
    "pair": lambda: ("body", 400),
    "stream": stream,
    "raw": raw,
    "later": later,
    "exit": lambda: sys.exit(3),
    "interrupt": lambda: (_ for _ in ()).throw(KeyboardInterrupt()),
    "timeout": lambda: (_ for _ in ()).throw(TimeoutError("mine")),
    "pickle": lambda: pickle.loads(pickle.dumps(Point(5))).x,
    "pool": pool,
    "sibling": lambda: utils.WHO,
    "unavailable": unavailable,
    "same": lambda: by_name.Model is Model,
    "path": lambda: Model.get_model_path("utils.py"),
}

async def run(data, request_headers, extra=7):
    if data.startswith("header "):
        return request_headers[data.split()[1]]
    return VALUES[data]() if data in VALUES else data
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("plain")


@pytest.fixture(scope="module")
def url(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    (folder / "utils.py").write_text("WHO = 'the user'\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DEPLOY_HOME", str(tmp_path_factory.mktemp("home")))
        with serving(folder, SCRIPT) as (address, _):
            yield address


@pytest.mark.parametrize(
    ("sent", "status", "body"),
    [
        ("array", 200, "[[1,2]]"),
        ("scalar", 200, "3"),
        ("frame", 200, '[{"a":1}]'),
        ("time", 200, '"2026-01-02T00:00:00"'),
        ("set", 200, "[1]"),
        ("none", 200, "{}"),
        ("json", 200, '"[1]"'),
        ("nan", 200, "[null,1.0]"),
        ("pair", 200, '["body",400]'),
        ("stream", 200, '[1,{"a":null}]'),
        ("raw", 200, "abc"),
        ("later", 200, '["x"]'),
        ("pickle", 200, "5"),
        ("pool", 200, "[1,4,9]"),
        ("sibling", 200, '"the user"'),
        ("same", 200, "true"),
        ("path", 200, '"utils.py"'),
        ("\ufeffé", 200, '"\ufeffé"'),
        ("header x-mine", 200, '"1"'),
        ("header X-MINE", 200, '"1"'),
    ],
)
def test_answers(url: str, sent: str, status: int, body: str) -> None:
    response = requests.post(url, data=sent.encode(), headers={"x-mine": "1"}, timeout=20)
    assert (response.status_code, response.content.decode()) == (status, body)
    assert response.headers["x-ms-run-function-failed"] == "False"
    assert float(response.headers["x-ms-run-fn-exec-ms"]) >= 0
    assert response.headers["x-ms-server-version"].startswith("jupyter_deploy/")


@pytest.mark.parametrize(("sent", "failed"), [("exit", "True"), ("interrupt", "True"), ("timeout", "True"), ("bytes", "False")])
def test_failures_are_json_with_ids(url: str, sent: str, failed: str) -> None:
    response = requests.post(url, data=sent, timeout=20, headers={"TraceId": "t"})
    assert response.status_code == 500
    assert response.json()["message"].endswith("Check the logs for more info.")
    assert response.headers["x-ms-run-function-failed"] == failed
    assert response.headers["x-request-id"]
    assert response.headers["TraceId"] == "t"


def test_what_is_not_there_says_so_when_it_is_used(url: str) -> None:
    text = requests.post(url, data="unavailable", timeout=20).json()
    assert text.startswith("azureml.core.Workspace is not available inside a service")


def test_nan_is_warned_of(url: str, folder: Path) -> None:
    requests.post(url, data="nan", timeout=20, headers={"x-ms-request-id": "the-nan"})
    log = (folder / "server.log").read_text()
    assert any("the-nan" in line and "NaN or infinity" in line and " W " in line for line in log.splitlines())


def test_multipart_bodies_are_text(url: str) -> None:
    assert "hello" in requests.post(url, files={"f": ("a.txt", b"hello")}, timeout=20).json()


def test_ids_that_are_too_long_are_not_echoed(url: str) -> None:
    response = requests.post(url, data="1", headers={"x-ms-request-id": "x" * 101}, timeout=20)
    assert response.status_code == 431
    assert len(response.headers["x-ms-request-id"]) == 36


def test_strict_json_refuses_nan(tmp_path: Path, home: Path) -> None:
    with serving(tmp_path, "def run(data):\n    return float('nan')\n", "--set", "strict_json=true") as (url, _):
        assert requests.post(url, data="1", timeout=20).status_code == 500


@pytest.mark.parametrize(
    ("script", "message"),
    [
        ("def run(*data):\n    return 1\n", "cannot have *args"),
        ("from azureml.contrib.services.aml_request import rawhttp\nx = 1\n", "no run() function"),
        ("def init():\n    raise ValueError('no luck')\n\ndef run(data):\n    return 1\n", "ValueError: no luck"),
    ],
)
def test_scripts_that_cannot_serve_end_with_3_or_are_refused(tmp_path: Path, home: Path, script: str, message: str) -> None:
    import subprocess
    import sys

    (tmp_path / "score.py").write_text(script)
    command = [sys.executable, "-m", "jupyter_deploy.serving", "--entry-script", "score.py", "--port", "0"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert message in done.stdout
