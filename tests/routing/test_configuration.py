"""What Envoy is told: checked by Envoy itself, and in the parts that requests depend on."""

from __future__ import annotations

import json
import subprocess
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.endpoints import Limits, RunningRouter
from jupyter_deploy.home import Home
from jupyter_deploy.routing import Backend, Pool, Rules
from jupyter_deploy.routing.binary import envoy
from jupyter_deploy.routing.configuration import bootstrap, clusters, document, listeners, routes
from jupyter_deploy.serving import Credentials

KEYS = ("primary-key-0123", "secondary-key-01")
CREDENTIALS = {
    "none": Credentials(),
    "key": Credentials("key", KEYS),
    "token": Credentials("token", (), "ab" * 32, "endpoint/shop"),
}


def rules(kind: str = "key", **given: Any) -> Rules:
    pools = tuple(Pool(name, (Backend("127.0.0.1", 5001),)) for name in ("blue", "green"))
    return Rules("shop", **{"pools": pools, "credentials": CREDENTIALS[kind], "inner_key": "inner-key-01", **given})


def test_envoy_accepts_all_kinds_of_rules(tmp_path: Path) -> None:
    (tmp_path / "bootstrap.json").write_text(json.dumps(bootstrap(tmp_path, tmp_path / "admin.sock")))
    backends = (Backend("127.0.0.1", 5001), Backend("127.0.0.1", 5002))
    limited = Pool("blue", backends, Limits(200, 3, 100), "/ready", "/predict")
    kinds = product(CREDENTIALS, ({}, {"blue": 100}, {"blue": 90, "green": 10}), ({}, {"green": 20}), ("", "x-user"))
    # One configuration with the resources of all of them.
    made: dict[str, list[dict[str, Any]]] = {"clusters": [], "routes": [], "listeners": []}
    for number, (kind, traffic, mirror, sticky) in enumerate(kinds):
        mirrored = {} if traffic.get("green") else mirror
        one = rules(kind, traffic=traffic, mirror=mirrored, sticky=sticky)
        if number % 2:
            one = rules(kind, pools=(limited, one.pools[1]), traffic=traffic, mirror=mirrored, sticky=sticky)
        for resource in clusters(one):
            resource["name"] = resource["load_assignment"]["cluster_name"] = f"{resource['name']}-{number}"
            made["clusters"].append(resource)
        running = RunningRouter("envoy", 5100 + number, {"inner": str(tmp_path / f"{number}.sock")})
        for resource in listeners(one, running, tmp_path, tmp_path / "access.log"):
            made["listeners"].append({**resource, "name": f"{resource['name']}-{number}"})
        made["routes"] += [{**resource, "name": f"rules-{number}"} for resource in routes(one)]
    static = {
        "clusters": [{key: value for key, value in one.items() if key != "@type"} for one in made["clusters"]],
        "listeners": [{key: value for key, value in one.items() if key != "@type"} for one in made["listeners"]],
    }
    for listener, route in zip(static["listeners"][::2], made["routes"], strict=True):
        manager = listener["filter_chains"][0]["filters"][0]["typed_config"]
        del manager["rds"]
        manager["route_config"] = {key: value for key, value in route.items() if key != "@type"} | {
            "validate_clusters": False
        }
    (tmp_path / "whole.json").write_text(json.dumps({"static_resources": static}))
    for name in ("clusters", "listeners", "routes"):
        (tmp_path / f"{name}.json").write_text(document([])[0])
    for file in ("bootstrap.json", "whole.json"):
        command = [str(envoy(Home(tmp_path))), "--mode", "validate", "-c", str(tmp_path / file), "--log-level", "error"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr[-2000:]


def test_a_version_is_that_of_the_content() -> None:
    one, same, other = rules(traffic={"blue": 100}), rules(traffic={"blue": 100}), rules(traffic={"green": 100})
    assert document(routes(one)) == document(routes(same))
    assert document(routes(one))[1] != document(routes(other))[1]


def test_a_key_is_in_no_repr_of_rules() -> None:
    shown = repr(rules()) + repr(rules("token"))
    assert not any(secret in shown for secret in (*KEYS, "inner-key-01", "ab" * 32))


@pytest.mark.parametrize(("concurrency", "instances", "most"), [(0, 1, 1_000_000), (1, 1, 2), (3, 2, 12)])
def test_twice_as_many_requests_get_in_as_are_run(concurrency: int, instances: int, most: int) -> None:
    backends = tuple(Backend("127.0.0.1", 5001 + number) for number in range(instances))
    (cluster,) = clusters(rules(pools=(Pool("blue", backends, Limits(concurrency=concurrency)),)))
    assert cluster["circuit_breakers"]["thresholds"][0]["max_requests"] == most


def test_without_traffic_clients_are_told_the_command() -> None:
    text = json.dumps(routes(rules()))
    assert "jupyter model endpoint traffic shop blue=100" in text
    assert "weighted_clusters" not in text
