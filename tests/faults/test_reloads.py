"""New code, new settings, new models: without a failed request, and never half."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psutil
import pytest
import requests

from .harness import Clients, Held, Served, served, until

ANSWER = "def run(data):\n    return {}\n"


def test_a_reload_reads_the_edited_script_and_its_siblings(tmp_path: Path, home: Path) -> None:
    script = "import beside\n\ndef run(data):\n    return [1, beside.VALUE]\n"
    with served(tmp_path, script, files={"beside.py": "VALUE = 'old'\n"}) as server:
        assert server.ask() == [1, "old"]
        server.write(script.replace("[1", "[2"))
        server.write("VALUE = 'new'\n", "beside.py")
        answer = server.reload()
        assert answer.json()["generation"] == 2
        assert server.ask() == [2, "new"]
        assert server.metrics()["model_generation"] == 2


BROKEN = {
    "def run(data)\n": "SyntaxError",
    "1 / 0\n\ndef run(data):\n    return 2\n": "ZeroDivisionError: division by zero in score.py line 1",
    "def init():\n    raise ValueError('no')\n\ndef run(data):\n    pass\n": "ValueError: no in score.py line 2",
    "import os\nos._exit(4)\n": "The new worker did not start: the worker exited with code 4",
    "x = 1\n": "AttributeError: the script has no run() function",
}


def test_a_broken_edit_keeps_the_old_generation(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, ANSWER.format(1)) as server:
        (worker,) = server.workers
        for broken, message in BROKEN.items():
            server.write(broken)
            answer = server.reload()
            assert answer.status_code == 422
            assert message in answer.json()["message"]
            if "init" in broken:
                assert "score.py, line 2, in init" in answer.json()["failure"]["traceback"]
                assert server.lines_with("score.py, line 2, in init")
            assert server.ask() == 1
            assert server.workers == [worker]
        server.write(ANSWER.format(3))
        assert server.reload().status_code == 200
        assert server.ask() == 3


def test_sighup_loads_the_script_anew(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, ANSWER.format(1)) as server:
        server.write("1 / 0\n")
        server.process.send_signal(signal.SIGHUP)
        until(lambda: "ZeroDivisionError" in server.log)
        assert server.ask() == 1
        server.write(ANSWER.format(2))
        server.process.send_signal(signal.SIGHUP)
        until(lambda: server.ask() == 2)


def test_watch_sees_the_script_its_siblings_and_the_models(tmp_path: Path, home: Path) -> None:
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "weights").write_text("10")
    script = (
        "import os, beside\n\ndef init():\n    global weights\n"
        "    weights = open(os.environ['AZUREML_MODEL_DIR'] + '/weights').read()\n\n"
        "def run(data):\n    return [1, beside.VALUE, weights]\n"
    )
    files = {"beside.py": "VALUE = 'old'\n"}
    with served(tmp_path, script, "--watch", "--model-dir", "models", files=files) as server:
        assert server.ask() == [1, "old", "10"]
        server.write(script.replace("[1", "[2"))
        until(lambda: server.ask() == [2, "old", "10"])
        server.write("VALUE = 'new'\n", "beside.py")
        until(lambda: server.ask() == [2, "new", "10"])
        (tmp_path / "models" / "weights").write_text("11")
        until(lambda: server.ask() == [2, "new", "11"])
        server.write("1 / 0\n", "beside.py")
        until(lambda: "ZeroDivisionError" in server.log)
        assert server.lines_with('beside.py", line 1')
        assert server.ask() == [2, "new", "11"]
        # One reload for each change, and none without.
        assert server.state["generation"] == 4


SAMPLED = "import os\n\ndef run(data):\n    {}\n    return data\n"


UNSAMPLED = {
    "raise ValueError('bad sample')": "ValueError: bad sample in score.py line 4",
    "os._exit(3)": "run() exited with code 3 on the sample request",
    "import time; time.sleep(60)": "run() took more than 0.4 s on the sample request",
}


def test_a_generation_must_answer_the_sample(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, SAMPLED.format("pass"), scoring_timeout_ms=400) as server:
        for line, message in UNSAMPLED.items():
            server.write(SAMPLED.format(line))
            answer = server.reload({"sample": "[1]"})
            assert answer.status_code == 422
            assert message in answer.json()["message"]
            assert server.ask("x") == "x"
        server.write(SAMPLED.format("data = [data]"))
        assert server.reload({"sample": "[1]"}).status_code == 200
        assert server.ask("x") == ["x"]
        # The samples do not count as requests.
        assert server.state["requests"] == len(UNSAMPLED) + 1
        # The sample is a setting now: it guards the next reloads too.
        server.write(SAMPLED.format("raise ValueError"))
        assert server.reload().status_code == 422


def test_a_sample_that_hangs_ends_the_start(tmp_path: Path, home: Path) -> None:
    script = SAMPLED.format("import time; time.sleep(60)")
    with served(tmp_path, script, ready=False, scoring_timeout_ms=300, sample="[1]") as server:
        assert server.process.wait(20) == 3
        assert server.lines_with("run() took more than 0.3 s on the sample request")


def test_reloads_that_queue_up_end_in_the_last_one(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, ANSWER.format(0), workers=2) as server:
        for number in range(1, 11):
            server.write(ANSWER.format(number))
            server.process.send_signal(signal.SIGHUP)
        until(lambda: server.ask() == 10)
        threads = [threading.Thread(target=server.reload) for _ in range(10)]
        server.write(ANSWER.format(11))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert {server.ask() for _ in range(4)} == {11}
        until(lambda: len(server.family()) == 5)


def test_settings_of_reloads_that_queue_up_are_all_kept(tmp_path: Path, home: Path) -> None:
    """Found by reading: each took the settings from before the one that it waited for."""
    held = Held(tmp_path)
    script = held.code + ANSWER.format(1)
    with served(tmp_path, script) as server:
        server.write(script.replace("def run", "hold()\n\ndef run"))
        bodies: list[dict[str, Any]] = [
            {},
            {"settings": {"body_limit": 10}},
            {"settings": {"scoring_timeout_ms": 99}},
            {"workers": 2},
        ]
        with ThreadPoolExecutor(4) as pool:
            waiting = [pool.submit(server.reload, body) for body in bodies]
            # All have arrived before the first one is done.
            until(lambda: len(server.family()) > 3)
            held.release()
            answers = [answer.result() for answer in waiting]
        assert [answer.status_code for answer in answers] == [200] * 4, [answer.text for answer in answers]
        assert server.state["generation"] == 5
        assert len(server.workers) == 2
        assert server.post("x" * 11).status_code == 413
        assert server.reload({"settings": {"body_limit": 11}}).status_code == 200, "its own limit is not the clients'"
        assert server.post("x" * 11).status_code != 413
        server.write("import time\n\ndef run(data):\n    time.sleep(60)\n")
        server.reload()
        assert server.post("x").json() == {"message": "Scoring timeout after 99 ms"}


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"settings": {"queue_limitt": 1}}, "queue_limit"),
        ({"settings": {"queue_limit": "many"}}, "queue_limit must be a int"),
        ({"settings": {"queue_limit": 0}}, "at least 1"),
        ({"settings": {"port": 1}}, "port"),
        ({"setings": {}}, "setings"),
        ({"workers": -1}, "workers"),
        ({"workers": "two"}, "workers"),
        ({"sample": 5}, "sample"),
        ({"bundle": "/nowhere"}, "/nowhere"),
        ([], "JSON object"),
    ],
    ids=str,
)
def test_what_cannot_be_is_refused_by_name(reloadable: Served, body: Any, message: str) -> None:
    answer = reloadable.reload(body)
    assert answer.status_code == 400, answer.text
    assert message in answer.json()["message"]
    assert reloadable.ask() == 1


@pytest.fixture(scope="module")
def reloadable(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with served(tmp_path_factory.mktemp("reloadable"), ANSWER.format(1)) as server:
        yield server


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"path": "/nowhere/s"}, 400, "path, port and connections"),
        ({"path": "/nowhere/s", "port": "x", "connections": True}, 400, "path, port and connections"),
        ({"path": "/nowhere/s", "port": 1, "connections": True}, 409, "no socket on port 1 to hand over"),
        ({"path": "/nowhere/s", "port": 0, "connections": True}, 409, "Nobody takes the socket: No such file"),
        ({"path": "/x" * 200, "port": 0, "connections": True}, 409, "Nobody takes the socket"),
    ],
    ids=str,
)
def test_a_socket_that_nobody_takes_stays(reloadable: Served, body: Any, status: int, message: str) -> None:
    port = urlsplit(reloadable.url).port
    answer = reloadable.admin("/-/listener", body | ({"port": port} if body.get("port") == 0 else {}))
    assert (answer.status_code, message in answer.json()["message"]) == (status, True), answer.text
    assert requests.post(f"{reloadable.base}/-/listener", json=body, timeout=20).status_code == 401
    assert reloadable.ask() == 1


def test_who_gives_up_taking_over_changes_nothing(reloadable: Served, tmp_path: Path) -> None:
    port = urlsplit(reloadable.url).port
    for _ in range(2):
        with socket.socket(socket.AF_UNIX) as waiting:
            place = Path(os.path.relpath(tmp_path / "s", Path.cwd()))
            waiting.bind(str(place))
            waiting.listen(1)
            asked = {"path": str(tmp_path / "s"), "port": port, "connections": True}
            assert reloadable.admin("/-/listener", asked).status_code == 200
            channel, _ = waiting.accept()
            with channel:
                _, (descriptor,), _, _ = socket.recv_fds(channel, 1, 1)
                with socket.socket(fileno=descriptor) as listener:
                    assert listener.getsockname()[1] == port
                assert reloadable.ask() == 1
        assert reloadable.ask() == 1
        place.unlink()


def test_workers_can_be_added_and_removed(tmp_path: Path, home: Path) -> None:
    with served(
        tmp_path, "import os, time\n\ndef run(data):\n    time.sleep(0.02)\n    return os.getpid()\n"
    ) as server:
        for count in (3, 1, 2):
            assert server.reload({"workers": count}).status_code == 200
            workers = server.workers
            assert len(workers) == count
            clients = Clients(server)
            clients.send(*map(str, range(20)))
            assert {pid for _, pid in clients.wait().values()} == set(workers)


def test_what_the_front_itself_logs_follows_the_settings(tmp_path: Path, home: Path) -> None:
    with served(tmp_path, "def run(data):\n    print(data)\n") as server:
        assert server.reload({"settings": {"log_format": "json", "log_level": "WARNING"}}).status_code == 200
        count = len(server.lines)
        server.post("hello")
        until(lambda: len(server.lines) >= count + 2)
        assert [line for line in server.lines[count:] if not line.startswith("{")] == []


@pytest.mark.parametrize("config", [{}, {"workers": 2}, {"preload": True}], ids=["one", "two", "preload"])
def test_reloads_under_load_lose_nothing(tmp_path: Path, home: Path, config: dict[str, Any]) -> None:
    with served(tmp_path, ANSWER.format(0), **config) as server:
        stop, problems = threading.Event(), []
        least, counts = [0], [0] * 16

        def client(number: int) -> None:
            connection = server.connect()
            while not stop.is_set():
                oldest = least[0]
                try:
                    connection.request("POST", "/score", "x")
                    answer = connection.getresponse()
                    found = int(answer.read())
                except (OSError, http.client.HTTPException, ValueError) as error:
                    problems.append(repr(error))
                    break
                if answer.status != 200 or found < oldest:
                    problems.append(f"{answer.status} {found} < {oldest}")
                counts[number] += 1
            connection.close()

        threads = [threading.Thread(target=client, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for number in range(1, 11):
            server.write(ANSWER.format(number))
            assert server.reload().status_code == 200
            least[0] = number
            assert server.ask() == number
            if number == 5:
                server.write("def run(:\n")
                assert server.reload().status_code == 422
        stop.set()
        for thread in threads:
            thread.join()
        assert problems == []
        assert min(counts) > 10


@pytest.mark.parametrize("config", [{}, {"preload": True}, {"start_method": "spawn"}], ids=["fork", "preload", "spawn"])
def test_what_is_replaced_leaves_nothing_open(tmp_path: Path, home: Path, config: dict[str, Any]) -> None:
    with served(tmp_path, ANSWER.format(0), **config) as server:
        front = psutil.Process(server.process.pid)

        assert server.reload().status_code == 200
        before, family = front.num_fds(), {"fork": 4, "preload": 5, "spawn": 2}[server_kind(config)]
        for number in range(1, 6):
            server.write("1 / 0\n")
            assert server.reload().status_code == 422
            server.write(ANSWER.format(number))
            assert server.reload().status_code == 200
        until(lambda: len(server.family()) == family)
        # One that is left open each time would make ten; the last worker forked ahead makes two.
        until(lambda: front.num_fds() < before + 5)


def server_kind(config: dict[str, Any]) -> str:
    return "preload" if config.get("preload") else config.get("start_method", "fork")
