"""Endpoints for the side panel: one real endpoint, as a page asks for it and is told of its changes."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from jupyter_deploy.labserver.logs import of_endpoint, page, whole
from jupyter_deploy.workspace import Endpoint, Workspace, endpoint_facts

from .conftest import Ask
from .test_feed import Events, events, names, often  # noqa: F401 - fixtures


@pytest.fixture(scope="module")
def shop(shared: Workspace) -> Iterator[Endpoint]:
    """An endpoint whose only deployment has all traffic."""
    endpoint = shared.endpoints.create("shop", tags={"team": "risk"})
    try:
        endpoint.deploy("blue", script=shared.services["echo"].record.spec.script, models=["weights"])
        endpoint.route("blue=100")
        yield endpoint
    finally:
        endpoint.delete()


async def shown(ask: Ask) -> dict[str, Any]:
    """What the overview says of it."""
    _, found = await ask("GET", "overview")
    return next(one for one in found["endpoints"] if one["name"] == "shop")


def plain(facts: dict[str, Any]) -> Any:
    """The facts as a page gets them, without what changes by itself."""
    told = json.loads(json.dumps(facts))
    told.pop("uptime_seconds")
    for one in told["deployments"]:
        one.pop("numbers")
    return told


async def test_the_overview_has_the_facts_of_its_face(ask: Ask, shop: Endpoint) -> None:
    found = await shown(ask)
    assert plain(found) == plain(shop.as_dict())
    assert found["traffic"] == {"blue": 100}
    _, overview = await ask("GET", "overview")
    (model,) = (one for one in overview["models"] if one["name"] == "weights")
    assert model["used_by"] == ["echo", "shop"]
    _, details = await ask("GET", "models/weights")
    assert details["versions"][0]["used_by"] == ["echo", "shop"]
    assert [one["name"] for one in overview["services"]] == ["echo"]


def test_one_that_cannot_be_asked_has_the_same_facts(shop: Endpoint, shared: Workspace) -> None:
    rows = shared.endpoints.rows()["shop"]
    without, whole_one = rows.unasked("it hangs"), endpoint_facts(shared, rows)
    assert without.keys() == whole_one.keys()
    assert without["deployments"][0].keys() == whole_one["deployments"][0].keys()
    for same in ("name", "scoring_uri", "auth", "traffic", "mirror", "tags"):
        assert without[same] == whole_one[same]
    for same in ("name", "traffic", "instances", "wanted", "script", "models", "target", "limits"):
        assert without["deployments"][0][same] == whole_one["deployments"][0][same]


async def test_a_face_is_of_the_endpoint_that_was_shown_or_says_that_it_is_another(ask: Ask, shop: Endpoint) -> None:
    for kind, facts in (("endpoint", shop.as_dict()), ("deployment", shop.deployments["blue"].as_dict())):
        of = json.loads(json.dumps(facts))
        assert "blue" in (await ask("POST", f"faces/{kind}", of))[1]["html"]
        _, found = await ask("POST", f"faces/{kind}", {**of, "created": 1.0})
        assert found["html"] == ""
        assert found["said"].startswith(f"Another {kind} {of['name']} has been created")


async def test_changes_are_told_and_requests_come_as_numbers(
    often: None,  # noqa: F811
    ask: Ask,
    events: Events,  # noqa: F811
    shop: Endpoint,
) -> None:
    await shown(ask)
    started = time.monotonic()
    await asyncio.to_thread(shop.route, "blue=0")
    changed = time.monotonic()
    assert await events.until(names("endpoints", "shop"), started) < changed - started + 0.5
    assert (await shown(ask))["traffic"] == {"blue": 0}
    body = {"arguments": {"action": "traffic", "endpoint": "shop", "words": ["blue=100"], "only_if": "blue=0"}}
    status, told = await ask("POST", "verbs/endpoint", body)
    # At once, and not as a job: a page waits for it.
    assert (status, told["value"]["traffic"]) == (200, {"blue": 100})
    started = time.monotonic()
    for _ in range(3):
        await asyncio.to_thread(shop.invoke, [1])
    await events.until(lambda data: data["numbers"].get("shop", {}).get("blue", {}).get("requests", 0) >= 3, started)
    pid = shop.deployments["blue"].instances[0].as_dict()["pid"]
    started = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    assert await events.until(names("endpoints", "shop"), started) < 3.0
    async with asyncio.timeout(15):
        while (await shown(ask))["deployments"][0]["state"] != "Healthy":
            await asyncio.sleep(0.1)


async def test_shares_that_were_changed_meanwhile_are_not_overwritten(ask: Ask, shop: Endpoint) -> None:
    body = {"arguments": {"action": "traffic", "endpoint": "shop", "words": ["blue=0"], "only_if": "blue=50 green=50"}}
    status, error = await ask("POST", "verbs/endpoint", body)
    assert (status, error["command"]) == (400, "jupyter model endpoint traffic shop")
    assert "blue=100 now" in error["message"]
    assert shop.traffic == {"blue": 100}


async def test_its_form_keys_and_log(ask: Ask, shop: Endpoint, shared: Workspace) -> None:
    for path in ("endpoints/shop", "endpoints/shop?deployment=blue"):
        status, found = await ask("GET", path)
        assert (status, found["fields"], found["sample"]) == (200, [], "[[1, 2]]")
    assert (await ask("GET", "endpoints/shop?deployment=bleu"))[1]["hint"].startswith("Did you mean 'blue'?")
    status, keys = await ask("GET", "endpoints/shop/keys")
    assert (status, keys) == (200, dict(shop.get_keys()._asdict()))
    everything = json.dumps(await ask("GET", "overview"))
    assert not any(key in everything for key in keys.values())
    body = {"arguments": {"service": "shop", "deployment": "blue", "data": "[1, 2]"}}
    assert (await ask("POST", "verbs/invoke", body))[1]["value"]["value"] == 6
    asked: list[dict[str, str]] = []
    async with asyncio.timeout(10):
        while not asked:
            _, found = await ask("GET", "endpoints/shop/log")
            asked = [one for one in found["lines"] if " blue 200 POST /score " in one["text"]]
    assert asked[-1]["level"] == "I"
    assert asked[-1]["time"] in asked[-1]["text"]
    assert b'"deployment":"blue"' in b"".join(whole(of_endpoint(shared, "shop")))
    assert len(page(of_endpoint(shared, "shop"), -1, 1)["lines"]) == 1
    (instance,) = shop.deployments["blue"].record.instances
    _, own = await ask("GET", f"services/{instance}/log")
    assert any("asked" in line["text"] for line in own["lines"])


async def test_without_a_page_no_router_is_asked(ask: Ask, shop: Endpoint) -> None:
    await ask("GET", "endpoints/shop")
    assert not [one for one in threading.enumerate() if one.name.startswith("jupyter-deploy-hub")]


def test_a_look_starts_no_router_of_one_that_was_deleted(shared: Workspace) -> None:
    endpoint = shared.endpoints.create("brief")
    record = endpoint.record
    endpoint.delete()
    assert endpoint.changes.router_health(record).reason == "it was deleted"
    assert not shared.home.endpoint("brief").exists()
