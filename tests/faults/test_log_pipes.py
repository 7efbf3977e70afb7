"""Where the log goes, and what else arrives there: raw output, readers who do not read, readers who leave."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from .harness import Served, served, until

RAW = """import ctypes, os, subprocess, sys

def run(data):
    print("before")
    os.write(1, b"raw one\\n")
    os.write(2, b"raw two\\n\\xff\\n")
    print("between")
    subprocess.run(["sh", "-c", "echo from a child; echo child error >&2"])
    libc = ctypes.CDLL(None)
    libc.puts(b"from C")
    libc.fflush(None)
    sys.__stdout__.write("past us\\n")
    sys.__stdout__.flush()
    os.write(1, b"unfinished")
    return data
"""
SAID = ["before", "raw one", "raw two", "\ufffd", "between", "from a child", "child error", "from C", "past us"]
SAID += ["unfinished", "POST /score 200"]


@pytest.mark.parametrize(
    ("config", "log_format"),
    [({}, "text"), ({}, "json"), ({"preload": True}, "json"), ({"start_method": "spawn"}, "json")],
    ids=["fork, text", "fork", "preload", "spawn"],
)
def test_raw_output_becomes_records_in_their_place(
    tmp_path: Path, home: Path, config: dict[str, Any], log_format: str
) -> None:
    with served(tmp_path, RAW, log_format=log_format, **config) as server:
        (worker,) = server.workers
        server.ask("x", headers={"x-request-id": "the-id"})
        until(lambda: "POST /score" in server.log)
        lines = server.lines_with("the-id")
        assert "\x1e" not in server.log
    if log_format == "json":
        records = [json.loads(line) for line in lines]
        assert {record["request_id"] for record in records} == {"the-id"}
        assert {record["pid"] for record in records[:-1]} == {worker}
        messages = [record["message"] for record in records]
    else:
        assert all(f"[{worker}]" in line for line in lines[:-1])
        messages = [line.split(" - ", 1)[1] for line in lines]
    assert [text.startswith(said) for text, said in zip(messages, SAID, strict=True)] == [True] * len(SAID), messages


def test_what_a_dying_worker_says_is_kept(tmp_path: Path, home: Path) -> None:
    script = "import os\n\ndef run(data):\n    os.write(2, b'last words')\n    os._exit(1)\n"
    with served(tmp_path, script, log_format="json") as server:
        assert server.post("x", headers={"x-request-id": "the-id"}).status_code == 502
        until(lambda: "exited with code 1" in server.log)
        (line,) = server.lines_with("last words")
        assert json.loads(line)["request_id"] == "the-id"
        assert server.log.index("last words") < server.log.index("exited with code 1")


@contextmanager
def piped(folder: Path, script: str) -> Iterator[tuple[Served, int]]:
    """A server whose log is a pipe; yields its end to read."""
    (folder / "score.py").write_text(script)
    (folder / "token").write_text("a-token")
    (folder / "config.json").write_text(json.dumps({"token_file": str(folder / "token"), "port": 0}))
    command = [sys.executable, "-u", "-m", "jupyter_deploy.serving", "--entry-script", "score.py"]
    reads, writes = os.pipe()
    process = subprocess.Popen([*command, "--config", "config.json"], cwd=folder, stdout=writes, stderr=writes)
    os.close(writes)
    try:
        first = os.read(reads, 4096).split(b"\n")[0]
        server = Served(first.split()[-1].decode(), process, folder)
        until(lambda: server.get("/-/ready").ok)
        yield server, reads
    finally:
        process.terminate()
        with open(reads, "rb", closefd=False) as rest:
            thread = threading.Thread(target=rest.read)
            thread.start()
            process.wait(20)
            thread.join(20)
        os.close(reads)


LONG = "x" * 100
TALK = f"def run(data):\n    print('{LONG}')\n    return data\n"


def test_a_log_that_nobody_reads_stops_nothing_and_goes_on_with_its_reader(tmp_path: Path, home: Path) -> None:
    with piped(tmp_path, TALK) as (server, reads):
        connections = [server.connect() for _ in range(4)]

        def ask(connection: Any, count: int) -> None:
            for _ in range(count):
                connection.request("POST", "/score", "x")
                assert connection.getresponse().read() == b'"x"'

        threads = [threading.Thread(target=ask, args=(connection, 5000)) for connection in connections]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.state["requests"] == 20_000
        # What was kept comes first, whole lines; then the new ones.
        server.ask("x", headers={"x-request-id": "the-last-one"})
        data = bytearray()
        until(lambda: data.extend(os.read(reads, 1 << 20)) or b"the-last-one access" in data, seconds=20)
        lines = bytes(data).split(b"\n")
        assert any(line.endswith(f"the-last-one print - {LONG}".encode()) for line in lines)
        strange = [line for line in lines[1:-2] if b" access - POST" not in line and not line.endswith(LONG.encode())]
        assert all(b" jupyter_deploy.serving - " in line for line in strange), strange[:5]
        for connection in connections:
            connection.close()


def test_a_reader_that_leaves_does_not_take_the_server_with_it(tmp_path: Path, home: Path) -> None:
    with piped(tmp_path, TALK) as (server, reads):
        # The same number, but nobody at the other end of the server's pipe any more.
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, reads)
        os.close(nothing)
        for _ in range(20):
            assert server.ask("x") == "x"
        server.write("def run(data):\n    return 'new'\n")
        assert server.reload().status_code == 200
        assert server.ask("x") == "new"
        server.process.terminate()
        assert server.process.wait(20) == 0
