"""The API of the side panel: what it shows, what it does, and whom it lets in."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import time
from pathlib import Path
from typing import Any

import pytest
from jupyter_server.auth import Authorizer
from tornado.httpclient import HTTPClientError

from jupyter_deploy.labserver import hub
from jupyter_deploy.labserver.handlers import PARTS, ROUTES
from jupyter_deploy.verbs import NAMES
from jupyter_deploy.workspace import Workspace

from .conftest import API, Ask, write


async def test_info_is_a_handshake_also_behind_a_prefix(ask: Ask, shared: Workspace, jp_base_url: str) -> None:
    assert jp_base_url == "/a%40b/"
    status, found = await ask("GET", "info")
    assert (status, found["protocol"], found["problems"]) == (200, 1, [])
    assert found["home"] == str(shared.home.root)
    assert "process" in found["targets"]
    assert found["target"] == "process"


async def test_the_overview_has_the_facts_of_the_faces(ask: Ask, shared: Workspace) -> None:
    status, found = await ask("GET", "overview")
    assert status == 200
    (service,) = (one for one in found["services"] if one["name"] == "echo")
    facts = json.loads(json.dumps(shared.services["echo"].as_dict()))
    assert service.keys() == facts.keys()
    same = (
        "name",
        "state",
        "scoring_uri",
        "models",
        "target",
        "auth",
        "generation",
        "environment",
        "replicas",
        "started",
    )
    assert {key: service[key] for key in same} == {key: facts[key] for key in same}
    (model,) = (one for one in found["models"] if one["name"] == "weights")
    assert (model["versions"], model["used_by"], model["size"]) == (model["latest"], ["echo"], 4)
    assert found["endpoints"] == []
    assert found["revision"] > 0


async def test_pages_that_ask_at_once_share_an_overview(ask: Ask, shared: Workspace) -> None:
    answers = await asyncio.gather(*(ask("GET", "overview") for _ in range(8)))
    assert {status for status, _ in answers} == {200}
    # The first one is under way when the others come: they share the next.
    assert len({repr(found["services"][0]["uptime_seconds"]) for _, found in answers}) <= 2


async def test_an_engine_that_hangs_does_not_hide_the_states(
    ask: Ask, shared: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each page asks first what would keep the panel from working, and that asks Docker."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        monkeypatch.delenv("JUPYTER_DEPLOY_TARGET", raising=False)
        monkeypatch.setenv("DOCKER_HOST", f"tcp://127.0.0.1:{silent.getsockname()[1]}")
        # More than there are threads; the tests' client has ten requests on their way at once.
        infos = [asyncio.create_task(ask("GET", "info")) for _ in range(9)]
        await asyncio.sleep(0)
        assert (await ask("GET", "overview"))[0] == 200
        assert not any(info.done() for info in infos)
        answers = await asyncio.gather(*infos)
    assert {(status, found["target"]) for status, found in answers} == {(200, "process")}


async def test_requests_that_a_service_does_not_answer_leave_room_for_others(
    ask: Ask, shared: Workspace, tmp_path: Path, jp_serverapp: Any
) -> None:
    go = tmp_path / "go"
    waiting = (
        f"def run(data):\n    while not pathlib.Path({str(go)!r}).exists():\n        time.sleep(0.02)\n    return 1\n"
    )
    script = write(tmp_path, "hangs.py", f"import pathlib, time\n\n{waiting}")
    service = await asyncio.to_thread(shared.deploy, "hangs", script=script, target="process")
    try:
        body = {"arguments": {"service": "hangs", "data": "[1]"}}
        calls = [asyncio.create_task(ask("POST", "verbs/invoke", body)) for _ in range(9)]
        threads = jp_serverapp.web_app.settings[PARTS]._acts._threads
        async with asyncio.timeout(10):
            while len(threads) < 8:
                await asyncio.sleep(0.01)
        assert (await ask("POST", "verbs/models"))[0] == 200
        assert not any(call.done() for call in calls)
        go.touch()
        assert {status for status, _ in await asyncio.gather(*calls)} == {200}
    finally:
        go.touch()
        service.delete()


async def test_a_face_is_not_kept_waiting_where_no_page_listens(ask: Ask, shared: Workspace) -> None:
    began = time.monotonic()
    assert (await ask("POST", "faces/overview", {}))[0] == 200
    assert time.monotonic() - began < hub._FIRST_SECONDS


async def test_a_model_has_all_its_versions(ask: Ask, shared: Workspace) -> None:
    status, found = await ask("GET", "models/weights")
    assert status == 200
    newest = found["versions"][0]
    assert newest["files"] == [{"path": "weights.bin", "size": 4}]
    assert found["versions"][-1]["used_by"] == ["echo"]
    status, found = await ask("GET", "models/wieghts")
    assert (status, found["code"]) == (404, "NotFound")
    assert "'weights'" in found["hint"]


async def test_a_service_has_its_history_and_what_a_form_needs(ask: Ask, shared: Workspace) -> None:
    status, found = await ask("GET", "services/echo")
    assert status == 200
    assert [entry["action"] for entry in found["history"]][-1] == "created"
    assert found["history"][-1]["at"] >= found["created"] - 60
    assert (found["fields"], found["sample"], found["failure"]) == ([], "[[1, 2]]", None)
    assert found["limits"] == {"memory": 0, "cpus": 0, "workers": 1, "replicas": 1}


async def test_each_verb_is_offered_or_has_a_reason(ask: Ask) -> None:
    status, found = await ask("GET", "verbs")
    assert status == 200
    assert [verb["name"] for verb in found] == list(NAMES)
    without = {verb["name"]: verb["why_not"] for verb in found if verb["why_not"]}
    assert set(without) == {"serve", "view"}
    assert all(without.values())
    status, error = await ask("POST", "verbs/serve", {"arguments": {}})
    assert (status, error["code"]) == (400, "UsageProblem")
    assert without["serve"] in error["message"]


async def test_a_verb_takes_values_and_returns_its_result(ask: Ask, shared: Workspace) -> None:
    body: dict[str, Any] = {"arguments": {"model": "weights:1", "tags": ["team=risk", "stage=live"]}}
    status, found = await ask("POST", "verbs/tag", body)
    assert (status, found["value"]["tags"]) == (200, {"stage": "live", "team": "risk"})
    status, found = await ask("POST", "verbs/tag", {"arguments": {"model": "weights:1", "remove": ["team"]}})
    assert (status, found["value"]["tags"]) == (200, {"stage": "live"})
    status, found = await ask("POST", "verbs/invoke", {"arguments": {"service": "echo", "data": "[1, 2]"}})
    assert status == 200
    assert (found["value"]["value"], found["value"]["status"], found["written"]) == (6, 200, "6")
    assert found["notes"][0].startswith("200 OK")


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("verbs/tag", "{", 400, "UsageProblem"),
        ("verbs/tag", "[]", 400, "UsageProblem"),
        ("verbs/tag", "[" * 100_000, 400, "UsageProblem"),
        ("faces/listing", "[" * 100_000, 400, "UsageProblem"),
        ("verbs/tag", {"arguments": {"modle": "weights"}}, 400, "UsageProblem"),
        ("verbs/tag", {"arguments": {"model": ["weights"]}}, 400, "UsageProblem"),
        ("verbs/tag", {"arguments": {}, "sudo": True}, 400, "UsageProblem"),
        ("verbs/logs", {"arguments": {"service": "echo", "lines": "many"}}, 400, "UsageProblem"),
        ("verbs/logs", {"arguments": {"service": "echo", "follow": True}}, 400, "UsageProblem"),
        ("verbs/keys", {"arguments": {"service": "echo", "regenerate": "primary", "set": "-"}}, 400, "UsageProblem"),
        ("verbs/tga", {"arguments": {}}, 400, "UsageProblem"),
        ("verbs/state", {"arguments": {"service": "ehco"}}, 200, ""),
        ("verbs/unregister", {"arguments": {"model": "weights:1"}}, 409, "NeedsConfirmation"),
        ("verbs/unregister", {"arguments": {"model": "weights:1"}, "confirmed": True}, 409, "InUse"),
        ("verbs/show", {"arguments": {"model": "nothing"}}, 404, "NotFound"),
    ],
)
async def test_what_is_wrong_is_said_as_data(
    ask: Ask, shared: Workspace, path: str, body: Any, status: int, code: str
) -> None:
    found, error = await ask("POST", path, body)
    if not code:
        # The nearest service is only proposed.
        status, code = 404, "NotFound"
    assert (found, error["code"]) == (status, code), error
    assert set(error) == {"code", "message", "hint", "command", "lines"}
    assert error["message"]
    assert error["hint"]


async def test_addresses_that_are_not_there_are_data_too(ask: Ask) -> None:
    for method, path in (("GET", "nothing/here"), ("POST", "nothing"), ("POST", "info"), ("DELETE", "jobs/none")):
        status, error = await ask(method, path, {})
        assert status in {404, 405}
        assert set(error) == {"code", "message", "hint", "command", "lines"}


async def test_keys_are_asked_for_alone_and_kept_by_no_cache(
    ask: Ask, jp_fetch: Any, shared: Workspace, tmp_path: Any
) -> None:
    status, error = await ask("GET", "services/echo/keys")
    assert (status, error["code"]) == (400, "UsageProblem")
    shared.deploy("echo", auth="key")
    try:
        answer = await jp_fetch(*API.split("/"), "services", "echo", "keys")
        keys = json.loads(answer.body)
        assert keys == dict(shared.services["echo"].get_keys()._asdict())
        assert answer.headers["Cache-Control"] == "no-store"
        for path in ("overview", "services/echo", "models/weights", "verbs", "jobs"):
            _, found = await ask("GET", path)
            assert not any(key in json.dumps(found) for key in keys.values())
    finally:
        shared.deploy("echo", auth="none")


GETS = ("info", "overview", "models/weights", "services/echo", "services/echo/log", "services/echo/log/download")
GETS += ("services/echo/traffic", "services/echo/keys", "verbs", "jobs", "jobs/none", "whatever")
GETS += ("endpoints/shop", "endpoints/shop/keys", "endpoints/shop/log", "endpoints/shop/log/download")
POSTS = ("listening", "verbs/tag", "faces/overview", "whatever")


def test_all_routes_are_among_those_that_are_tried() -> None:
    tried = {f"{API}/{path}" for path in (*GETS, *POSTS)}
    for pattern, _ in ROUTES:
        assert any(re.fullmatch(pattern, path) for path in tried), pattern


async def test_an_open_page_is_no_activity(ask: Ask, shared: Workspace, jp_serverapp: Any) -> None:
    """JupyterHub ends idle servers: a verb counts as activity, a look does not."""
    before = jp_serverapp.web_app.settings.get("api_last_activity")
    for path in ("overview", "services/echo", "services/echo/log", "jobs"):
        assert (await ask("GET", path))[0] == 200
    assert (await ask("POST", "listening"))[0] == 200
    assert jp_serverapp.web_app.settings.get("api_last_activity") == before
    await ask("POST", "verbs/state", {"arguments": {"service": "echo"}})
    assert jp_serverapp.web_app.settings.get("api_last_activity") != before


async def test_a_request_without_a_token_is_refused(ask: Ask, jp_fetch: Any) -> None:
    wrong = {"headers": {"Authorization": "token wrong"}}
    for path in GETS:
        status, error = await ask("GET", path, **wrong)
        assert (path, status) == (path, 403)
        assert error["code"] == "HTTP403"
    for path in POSTS:
        assert (await ask("POST", path, {}, **wrong))[0] == 403
    assert (await ask("DELETE", "jobs/none", **wrong))[0] == 403


class OnlyLook(Authorizer):
    """Allows every user to look, and none to act."""

    def is_authorized(self, handler: Any, user: Any, action: str, resource: str) -> bool:
        return resource == "jupyter_model_deploy" and action == "read"


@pytest.fixture
def reader_config(jp_server_config: dict[str, Any]) -> None:
    jp_server_config["ServerApp"]["authorizer_class"] = OnlyLook


async def test_who_may_look_may_not_act(reader_config: None, ask: Ask, shared: Workspace) -> None:
    assert (await ask("GET", "overview"))[0] == 200
    assert (await ask("GET", "services/echo"))[0] == 200
    assert (await ask("POST", "faces/overview", {}))[0] == 200
    assert (await ask("GET", "services/echo/keys"))[0] == 403
    assert (await ask("GET", "endpoints/shop/keys"))[0] == 403
    status, error = await ask("POST", "verbs/tag", {"arguments": {"model": "weights", "tags": ["a=b"]}})
    assert (status, error["code"]) == (403, "HTTP403")
    assert (await ask("DELETE", "jobs/none"))[0] == 403


async def test_a_cookie_alone_does_not_act(jp_serverapp: Any, jp_base_url: str, http_server_client: Any) -> None:
    """Another site's page makes the browser send the cookies, but cannot read the XSRF token that goes with them."""
    token = jp_serverapp.identity_provider.token
    page = await http_server_client.fetch(f"{jp_base_url}api/spec.yaml?token={token}")
    cookies = {
        part.partition("=")[0]: part.partition(";")[0].partition("=")[2] for part in page.headers.get_list("Set-Cookie")
    }
    cookies["_xsrf"] = "made-here"
    headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}
    url = f"{jp_base_url}{API}/listening"
    with pytest.raises(HTTPClientError) as refused:
        await http_server_client.fetch(url, method="POST", body="{}", headers=headers)
    assert refused.value.code == 403
    assert "_xsrf" in str(json.loads(refused.value.response.body)["message"])
    answer = await http_server_client.fetch(
        url, method="POST", body="{}", headers={**headers, "X-XSRFToken": cookies["_xsrf"]}
    )
    assert answer.code == 200
