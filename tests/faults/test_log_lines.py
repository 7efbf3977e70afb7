"""One structured stream: everything a script says, in order, each line with its request's id."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from .harness import Served, served, until

SCRIPT = r"""import logging, os, subprocess, sys, threading, warnings

print("init without an end", end="")
sys.stdout.reconfigure(line_buffering=True)

def run(data):
    print("one")
    logging.info("two")
    logging.debug("debug line")
    print("three", end="")
    print(" and three")
    warnings.warn("four")
    try:
        1 / 0
    except ZeroDivisionError:
        logging.exception("five")
    sys.stderr.write("six\n")
    print("seven\nseven again")
    print("10%\r20%\rdone eight")
    sys.stdout.buffer.write(b"nine \xff\n")
    sys.stdout.buffer.write("ä".encode()[:1])
    sys.stdout.buffer.write("ä".encode()[1:] + b"\n")
    print("lone \udc80 ten")
    thread = threading.Thread(target=print, args=("eleven",))
    thread.start()
    thread.join()
    sys.stderr.write("half an error")
    print("half a line", end="")
    return data
"""
IN_ORDER = ["one", "two", "three and three", "four", "five", "six", "seven", "seven again", "done eight", "nine", "ä"]
IN_ORDER += ["lone", "eleven", "half", "half", "POST /score 200"]


def lines_of(server: Served, name: str) -> list[str]:
    until(lambda: server.lines_with(f"{name} access"))
    return server.lines_with(f" {name} ")


@pytest.mark.parametrize("config", [{}, {"preload": True}, {"start_method": "spawn"}], ids=["fork", "preload", "spawn"])
def test_every_line_has_its_id_and_its_place(tmp_path: Path, home: Path, config: dict[str, Any]) -> None:
    with served(tmp_path, SCRIPT, **config) as server:
        (worker,) = server.workers
        for name in ("first-id", "second-id"):
            server.ask("x", headers={"x-request-id": name})
            lines = lines_of(server, name)
            messages = [line.partition(" - ")[2] for line in lines]
            found = iter(messages)
            # Python shows a warning once for each place.
            for wanted in [text for text in IN_ORDER if text != "four" or name == "first-id"]:
                assert any(wanted in message for message in found), f"{wanted} is missing or late in {messages}"
            assert sum("access" in line for line in lines) == 1
            assert {int(re.findall(r"\[(\d+)\]", line)[0]) for line in lines[:-1]} == {worker}
            assert any("score.py" in message and "line 14, in run" in message for message in messages)
        assert "debug line" not in server.log
        shape = re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [DIWEC] \[\d+\] \S+ \S+ - .*|Serving .*")
        assert [line for line in server.lines if not shape.fullmatch(line)] == []
        (unfinished,) = server.lines_with("init without an end")
        assert unfinished.endswith("- print - init without an end")


def test_debug_lines_appear_where_the_level_says_so(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, SCRIPT, log_level="DEBUG") as server:
        server.ask("x", headers={"x-request-id": "the-id"})
        assert [line for line in lines_of(server, "the-id") if " D [" in line and "debug line" in line]


def test_json_lines(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, SCRIPT, log_format="json") as server:
        server.ask("x", headers={"x-request-id": "the-id"})
        until(lambda: "POST /score" in server.log)
        log = server.stop()
    records = [json.loads(line) for line in log.splitlines()]
    assert {"time", "level", "pid", "logger", "message"} <= set.intersection(*map(set, records))
    mine = [record for record in records if record.get("request_id") == "the-id"]
    found = iter(record["message"] for record in mine)
    for wanted in [text for text in IN_ORDER if text != "seven again"]:
        assert any(wanted in message for message in found), wanted
    levels = {record["message"]: record["level"] for record in mine}
    assert (levels["one"], levels["two"], levels["six"]) == ("INFO", "INFO", "ERROR")
    assert [record["level"] for record in mine if "five" in record["message"]] == ["ERROR"]


def test_threads_that_print_at_once_keep_their_lines_whole(tmp_path: Path, home: Path) -> None:
    script = """import threading

def talk(letter):
    for _ in range(300):
        print(letter * 20, letter * 20)

def run(data):
    threads = [threading.Thread(target=talk, args=(letter,)) for letter in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
"""
    with served(tmp_path, script) as server:
        server.ask()
        spoken = [line.partition(" - ")[2] for line in server.lines_with(" print - ")]
        assert sorted(spoken) == sorted(f"{letter * 20} {letter * 20}" for letter in "abcd" for _ in range(300))


LOGGING = {
    "version": 1,
    "formatters": {"own": {"format": "OWN %(levelname)s %(message)s"}},
    "handlers": {"own": {"class": "logging.StreamHandler", "formatter": "own", "stream": "ext://sys.stdout"}},
    "root": {"level": "DEBUG", "handlers": ["own"]},
}


@pytest.mark.parametrize("config", [{}, {"preload": True}], ids=["fork", "preload"])
def test_a_logging_json_beside_the_script_is_applied(tmp_path: Path, home: Path, config: dict[str, Any]) -> None:
    script = "import logging\n\ndef run(data):\n    logging.debug('hello')\n    return 1\n"
    with served(tmp_path, script, files={"logging.json": json.dumps(LOGGING)}, **config) as server:
        server.ask("x", headers={"x-request-id": "the-id"})
        assert [line for line in lines_of(server, "the-id") if line.endswith("print - OWN DEBUG hello")]


def test_a_broken_logging_json_says_so(tmp_path: Path, home: Path) -> None:
    files = {"logging.json": '{"version": 1, "root": {"handlers": ["nobody"]}}'}
    with served(tmp_path, "def run(data):\n    return 1\n", files=files, ready=False) as server:
        assert server.process.wait(20) == 3
        assert server.lines_with("the service cannot start: ValueError: Unable to configure root logger")


def test_a_client_that_fails_has_its_traceback_once(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, "def run(data):\n    raise ValueError('no luck')\n") as server:
        assert server.post("x", headers={"x-request-id": "the-id"}).status_code == 500
        lines = lines_of(server, "the-id")
        assert sum("score.py, line 2, in run" in line for line in lines) == 1
        assert sum("ValueError: no luck" in line for line in lines) == 1
        assert lines[-1].split(" - ")[1].startswith("POST /score 500")


def test_access_lines_of_refused_and_failed_requests_have_levels(tmp_path: Path, home: Path) -> None:
    script = "def run(data):\n    return 1 / int(data)\n"
    with served(tmp_path, script) as server:
        for name, body in (("fine", b"1"), ("refused", b"\xff"), ("failed", b"0")):
            server.post(body, headers={"x-request-id": name})
        until(lambda: server.lines_with(" failed access "))
        levels = [server.lines_with(f" {name} access ")[0].split(" ")[2] for name in ("fine", "refused", "failed")]
        assert levels == ["I", "W", "E"]
