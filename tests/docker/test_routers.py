"""The router in a container, by the tests of the routers that are processes, and what it may not do."""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest
import requests

from jupyter_deploy.deploying.certificates import certificate_in
from jupyter_deploy.endpoints import RunningRouter
from jupyter_deploy.home import Home
from jupyter_deploy.routing import router_of
from jupyter_deploy.routing.binary import envoy
from tests.routing.test_routers import (
    KEY,
    KEYS,
    SECRET,
    Routed,
    again,
    test_a_request_gets_there_and_back,
    test_an_instance_that_is_gone_gets_nothing,
    test_changes_and_a_death_refuse_nobody,
    test_copies_are_marked_and_counted_apart,
    test_each_request_is_in_the_log,
    test_keys_are_rotated_live_and_tokens_are_verified,
    test_no_way_around_the_key_leads_over_the_health_routes,
    test_shares_and_the_header_that_names_one,
    test_statuses_are_those_of_the_contract,
    test_the_same_value_gets_the_same_instance_and_a_route_of_its_own,
    test_what_holds_requests_may_come_later,
    test_without_its_key_a_client_gets_401,
    until,
)

__all__ = [
    "again",
    "test_a_request_gets_there_and_back",
    "test_an_instance_that_is_gone_gets_nothing",
    "test_changes_and_a_death_refuse_nobody",
    "test_copies_are_marked_and_counted_apart",
    "test_each_request_is_in_the_log",
    "test_keys_are_rotated_live_and_tokens_are_verified",
    "test_no_way_around_the_key_leads_over_the_health_routes",
    "test_shares_and_the_header_that_names_one",
    "test_statuses_are_those_of_the_contract",
    "test_the_same_value_gets_the_same_instance_and_a_route_of_its_own",
    "test_what_holds_requests_may_come_later",
    "test_without_its_key_a_client_gets_401",
]


@pytest.fixture(scope="module")
def routed(tmp_path_factory: pytest.TempPathFactory, _engine_is_there: None) -> Iterator[Routed]:
    yield from routed_in(tmp_path_factory.mktemp("contained"))


def routed_in(folder: Path) -> Iterator[Routed]:
    home = Home(folder / "home")
    home.create()
    made = Routed("envoy-container", home)
    yield made
    made.router.stop(made.running)
    for one in (made.blue, made.green):
        one.shutdown()
        one.server_close()


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Routed]:
    yield from routed_in(tmp_path)


def container(engine: docker.DockerClient, routed: Routed) -> docker.models.containers.Container:
    return engine.containers.get(routed.running.facts["container"])


def test_it_may_do_nothing_but_route(routed: Routed, engine: docker.DockerClient) -> None:
    found = container(engine, routed).attrs
    host = found["HostConfig"]
    assert (host["ReadonlyRootfs"], host["CapDrop"], host["CapAdd"]) == (True, ["ALL"], None)
    assert (host["SecurityOpt"], host["Privileged"]) == (["no-new-privileges:true"], False)
    assert host["PidsLimit"] > 0
    assert host["Memory"] == host["MemorySwap"] > 0
    assert found["Config"]["User"].split(":")[0] != "0"
    pid = routed.pids()["router"]
    status = dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    assert (int(status["CapEff"], 16), int(status["CapBnd"], 16), status["NoNewPrivs"]) == (0, 0, "1")
    assert int(status["Uid"].split()[0]) != 0
    mounts = {mount["Destination"]: mount["RW"] for mount in found["Mounts"]}
    folder = Path(routed.running.facts["folder"])
    # What its watcher starts is not in its reach.
    assert str(folder) not in mounts
    assert mounts[routed.running.facts["config"]] is False
    assert not any(str(folder / "router.json").startswith(f"{place}/") for place in mounts)


def test_no_key_is_in_its_arguments_labels_variables_or_image(routed: Routed, engine: docker.DockerClient) -> None:
    found = container(engine, routed)
    pid = routed.pids()["router"]
    shown = f"{found.attrs} {found.image.attrs} {found.image.history()} {found.logs()!r}"
    shown += Path(f"/proc/{pid}/cmdline").read_text() + Path(f"/proc/{pid}/environ").read_text()
    for secret in (*KEYS, SECRET, "inner-key-01"):
        assert secret not in shown
    config = Path(routed.running.facts["config"])
    places = [*config.iterdir(), Path(routed.running.facts["admin"]), Path(routed.running.facts["access_log"])]
    assert {stat.S_IMODE(place.stat().st_mode) for place in places} == {0o600}
    assert found.labels["jupyter-deploy.endpoint"] == "shop"


def test_it_shows_a_certificate_that_only_its_user_can_read(routed: Routed) -> None:
    shown = certificate_in(routed.home.root, routed.home.root / "tls", "endpoint shop", "self-signed", "")
    assert shown is not None
    routed.use(certificate=shown)
    url = f"https://127.0.0.1:{routed.running.port}/score"
    assert requests.post(url, data=b"1", headers=KEY, verify=shown.file, timeout=30).json() == "blue"
    shown_to_it = [one for one in Path(routed.running.facts["config"]).iterdir() if one.suffix in {".pem", ".key"}]
    assert [stat.S_IMODE(one.stat().st_mode) for one in shown_to_it] == [0o600, 0o600]
    routed.use()
    assert routed.post().json() == "blue"


@pytest.mark.parametrize("how", ["kill", "remove", "stop"])
def test_it_is_back_within_two_seconds_however_it_ends(alone: Routed, engine: docker.DockerClient, how: str) -> None:
    routed, found, before = alone, container(engine, alone), alone.pids()["router"]
    if how == "kill":
        os.kill(before, signal.SIGKILL)
    elif how == "remove":
        found.remove(force=True)
    else:
        found.stop(timeout=5)
    until(lambda: not Path(f"/proc/{before}").exists())
    ended = time.monotonic()
    # Held by its watcher meanwhile, not refused.
    assert routed.post().json() == "blue"
    assert time.monotonic() - ended < 2
    until(lambda: routed.pids()["router"] not in {0, before})
    assert routed.router.probe(routed.running).state == "Healthy"


def test_it_takes_the_place_of_a_process_and_no_client_notices(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.create()
    made, over = Routed("envoy", home), threading.Event()
    lost: list[str] = []

    def client(*, keep: bool) -> None:
        with requests.Session() as session:
            ask = session.post if keep else requests.post
            while not over.is_set():
                try:
                    answer = ask(f"http://127.0.0.1:{made.running.port}/score", data=b"1", headers=KEY, timeout=30)
                except requests.RequestException as error:
                    lost.append(repr(error))
                else:
                    lost.extend([] if answer.status_code == 200 else [answer.text])

    clients = [threading.Thread(target=client, kwargs={"keep": number % 2 == 0}) for number in range(4)]
    for one in clients:
        one.start()
    until(lambda: len(made.blue.got) > 20)
    before, contained, found = made.running, router_of("envoy-container"), list[RunningRouter]()
    try:
        contained.take_over(home, before, made.rules, found.append)
        made.router, made.running = contained, found[-1]
        sent = len(made.blue.got)
        until(lambda: len(made.blue.got) > sent + 20)
    finally:
        over.set()
        for one in clients:
            one.join()
        made.router.stop(made.running)
    assert lost == []
    assert (made.running.kind, made.running.port) == ("envoy-container", before.port)
    # What the process has read is gone, with the keys in it.
    assert not (Path(before.facts["folder"]) / "routes.json").exists()


def test_its_watcher_may_die_and_it_goes_on(routed: Routed, monkeypatch: pytest.MonkeyPatch) -> None:
    before = routed.pids()
    # The next one is started where nothing says where the engine is.
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
    os.kill(before["watcher"], signal.SIGKILL)
    assert routed.post().json() == "blue"
    routed.router.ensure(routed.home, routed.running)
    until(lambda: routed.pids()["watcher"] != before["watcher"])
    assert routed.pids()["router"] == before["router"]
    os.kill(before["router"], signal.SIGKILL)
    until(lambda: routed.pids()["router"] not in {0, before["router"]})
    assert routed.post().json() == "blue"


def test_a_long_log_is_begun_again_and_loses_no_line(routed: Routed) -> None:
    log, one, other = Path(routed.running.facts["access_log"]), f"one-{time.time_ns()}", f"other-{time.time_ns()}"
    routed.post(x_ms_request_id=one)
    until(lambda: one in log.read_text())
    os.truncate(log, 20_000_001)
    older = log.with_name(f"{log.name}.1")
    until(older.exists)
    assert one in older.read_text(errors="replace")
    routed.post(x_ms_request_id=other)
    until(lambda: other in log.read_text())
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_it_goes_with_its_workspace_and_comes_back_without_its_image(
    tmp_path: Path, engine: docker.DockerClient
) -> None:
    alone = next(made := routed_in(tmp_path))
    try:
        found, before = container(engine, alone), alone.pids()["router"]
        # As after docker system prune --all, where a container was removed, too.
        other = Path(tmp_path / "envoy")
        other.write_bytes(envoy(alone.home).read_bytes() + b"another")
        other.chmod(0o755)
        plan = Path(alone.running.facts["folder"]) / "router.json"
        named = json.loads(plan.read_text())
        named["container"]["executable"], named["container"]["image"] = (
            str(other),
            f"jupyter-deploy/router:{time.time_ns()}",
        )
        plan.write_text(json.dumps(named))
        until(lambda: alone.pids()["router"] not in {0, before})
        assert alone.post().json() == "blue"
        assert container(engine, alone).id != found.id
        image = container(engine, alone).image
        shutil.rmtree(alone.home.root)
        until(lambda: not engine.api.containers(all=True, filters={"name": found.name}))
        engine.images.remove(image.id, force=True)
    finally:
        made.close()
        for one in (alone.blue, alone.green):
            one.shutdown()
            one.server_close()
