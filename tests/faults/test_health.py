"""What the public routes say before the first script serves and after, and what ids may write into the log."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import requests

from tests.contract.raw import ask

from .harness import Held, served, until


def test_nothing_is_healthy_until_something_serves_and_then_it_stays_so(tmp_path: Path, home: Path) -> None:
    held = Held(tmp_path)
    script = held.code + "def init():\n    hold()\n\ndef run(data):\n    return data\n"
    with served(tmp_path, script, ready=False) as server:
        early = {path: requests.get(server.base + path, timeout=10) for path in ("/", "/swagger.json", "/-/live")}
        assert {path: answer.status_code for path, answer in early.items()} == {
            "/": 503,
            "/swagger.json": 503,
            "/-/live": 200,
        }
        assert early["/"].headers["retry-after"] == "1"
        assert all("x-request-id" in answer.headers for answer in early.values())
        assert requests.head(server.base + "/", timeout=10).status_code == 503
        held.release()
        until(lambda: server.get("/").status_code == 200)
        assert server.get("/").text == "Healthy"
        assert server.get("/swagger.json").json()["schemes"] == ["http"]
        server.write("def run(data):\n    return missing\n\ndef init():\n    raise ValueError('broken')\n")
        assert server.reload().status_code == 422
        assert server.get("/").status_code == server.get("/swagger.json").status_code == 200


def test_a_service_that_fails_later_is_still_there(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, "import os\n\ndef run(data):\n    os._exit(3)\n", max_restarts=0) as server:
        server.post("x")
        until(lambda: server.state["state"] == "Failed")
        assert server.get("/").status_code == 200
        assert server.get("/-/ready").status_code == 503


@pytest.mark.parametrize("form", ["text", "json"])
def test_an_id_cannot_write_a_line_of_its_own(tmp_path: Path, home: Path, form: str) -> None:
    forged = "2026-01-01 00:00:00,000 E [1] - jupyter_deploy.serving - the service has failed"
    ids = [
        b"a\x85" + forged.encode(),
        b"a b access - POST /score 500 1.000ms 3",
        b"a\tb",
        "a\u00a0b".encode(),
        b"a\xe2\x80\xa8" + forged.encode(),
        b"\xff\xfe",
        b"a\\x85",
    ]
    script = "def run(data):\n    print('from the script')\n    raise ValueError(data)\n"
    with served(tmp_path, script, log_format=form) as server:
        before = len(server.log.splitlines())
        head = b"POST /score HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Length: 1\r\n"
        for name in ids:
            for header in (b"x-request-id", b"x-ms-request-id", b"x-ms-client-request-id"):
                answer = ask(server.url, head + header + b": " + name + b"\r\n\r\nx")[0]
                assert answer.headers[header.decode()].encode("latin-1") == name
        lines = server.stop().splitlines()[before:]
        failed = [line for line in lines if "the service has failed" in line and "a\\x" not in line]
        assert failed == []
        if form == "json":
            names = {json.loads(line).get("request_id", "-") for line in lines if line.startswith("{")}
        else:
            assert not [line for line in lines if not line.startswith("20")]
            names = {line.split(" ")[4] for line in lines}
        assert names <= {"-", "a\\x85", *names}
        assert not [name for name in names if not name.isascii() or not name.isprintable() or " " in name]
        assert any(name.startswith("a\\x20b\\x20access") for name in names)


def test_a_failure_is_found_under_any_id(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, "def run(data):\n    raise ValueError(data)\n") as server:
        server.post("x", headers={"x-request-id": "an id with spaces"})
        found = server.get("/-/state?failure=an%20id%20with%20spaces").json()["asked"]
        assert found["kind"] == "ValueError"
