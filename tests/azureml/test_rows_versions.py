"""Versions of one endpoint on AKS: their shares of the traffic, in the SDK's words."""

from __future__ import annotations

import collections
from pathlib import Path

import pytest
import requests

from jupyter_deploy.sdk.v1 import AksEndpoint, AksWebservice, InferenceConfig, Model, Webservice, Workspace
from jupyter_deploy.sdk.v1 import WebserviceException as Refused
from jupyter_deploy.sdk.v1.webservice.versions import VersionRules

from .services import BODY, inference, registered

_REQUESTS = 150


def answering(folder: Path, word: str) -> InferenceConfig:
    """A script that answers one word."""
    return inference(folder, f"def init():\n    pass\n\n\ndef run(raw_data):\n    return {word!r}\n")


def counted(endpoint: AksEndpoint) -> collections.Counter[str]:
    """Ask the endpoint, and count the answers; each says in its header who has given it."""
    found: collections.Counter[str] = collections.Counter()
    with requests.Session() as session:
        session.headers["Authorization"] = f"Bearer {endpoint.get_keys()[0]}"
        for _ in range(_REQUESTS):
            answer = session.post(endpoint.scoring_uri, BODY, timeout=10)
            assert answer.status_code == 200
            found[answer.json()] += 1
            assert answer.headers["azureml-model-deployment"] == f"version{answer.json()}"
    return found


def is_near(count: int, percent: int) -> bool:
    """Within three sigma."""
    share = percent / 100
    return abs(count - _REQUESTS * share) <= 3 * (_REQUESTS * share * (1 - share)) ** 0.5


def test_row_2_45_traffic_is_split_between_versions(ws: Workspace, outputs: Path, folder: Path) -> None:
    model = registered(ws, outputs)
    config = AksEndpoint.deploy_configuration(
        version_name="versiona", traffic_percentile=20, tags={"team": "risk"}, description="trial", primary_key="k" * 32
    )
    made = Model.deploy(ws, "endpoint-of-two", [model], answering(folder, "a"), config)
    made.wait_for_deployment(show_output=True)
    assert isinstance(made, AksEndpoint)
    assert (made.state, made.tags, made.description, made.get_keys()[0]) == (
        "Healthy",
        {"team": "risk"},
        "trial",
        "k" * 32,
    )
    first = made.versions["versiona"]
    # What nobody else is given goes to the default.
    assert (first.traffic_percentile, first.is_default, first.version_type) == (100.0, True, "control")

    made.create_version("versionb", inference_config=answering(folder, "b"), models=[model], traffic_percentile=10)
    endpoint = Webservice(ws, "endpoint-of-two")
    assert isinstance(endpoint, AksEndpoint)
    assert isinstance(AksWebservice(ws, "endpoint-of-two"), AksEndpoint)
    assert [one.name for one in Webservice.list(ws, compute_type="AksEndpoint", model_name=model.name)] == [made.name]
    assert Webservice.list(ws, "AKS") == []
    versions = endpoint.versions
    assert {name: version.traffic_percentile for name, version in versions.items()} == {"versiona": 90, "versionb": 10}
    second = versions["versionb"]
    assert (second.state, second.is_default, second.version_type) == ("Healthy", False, "treatment")
    assert (second.run(BODY), second.scoring_uri) == ("b", endpoint.scoring_uri)
    assert is_near(counted(endpoint)["a"], 90)

    # Refused before anything changes.
    for said, share in (("endpoint-of-two", 10), ("versionb", 81), ("versionb", -1), ("versionb", 2.5)):
        with pytest.raises(Refused):
            endpoint.update_version(said, traffic_percentile=share)
    with pytest.raises(Refused, match="add up to 110 %"):
        endpoint.create_version("versionc", inference_config=answering(folder, "c"), traffic_percentile=80)
    with pytest.raises(Refused, match="has a version versionb already"):
        endpoint.create_version("versionb", inference_config=answering(folder, "c"))
    with pytest.raises(Refused, match="Did you mean 'versionb'"):
        endpoint.delete_version("version-b")
    with pytest.raises(Refused, match="is the default"):
        endpoint.delete_version("versiona")
    (folder / "broken.py").write_text(
        "def init():\n    raise OSError('no weights')\n\n\ndef run(raw_data):\n    pass\n"
    )
    with pytest.raises(Refused, match="no weights"):
        endpoint.create_version("versionc", inference_config=InferenceConfig("broken.py"), traffic_percentile=5)
    with pytest.raises(Refused, match="already exists"):
        Model.deploy(ws, endpoint.name, [model], answering(folder, "d"), config)
    assert list(endpoint.versions) == ["versiona", "versionb"]

    # As the documents do: by the name that the version has.
    endpoint.update_version(
        endpoint.versions["versionb"].name,
        description="the better one",
        traffic_percentile=40,
        is_default=True,
        is_control_version_type=True,
        inference_config=answering(folder, "b"),
        scoring_timeout_ms=5000,
    )
    assert (second.is_default, second.version_type, second.description) == (True, "control", "the better one")
    assert (second.scoring_timeout_ms, first.scoring_timeout_ms) == (5000, 60000)
    assert (first.traffic_percentile, second.traffic_percentile, endpoint.version_name) == (20, 80, "versionb")
    assert is_near(counted(endpoint)["a"], 20)

    endpoint.update(tags={"team": "sales"}, token_auth_enabled=True)
    assert (endpoint.tags, endpoint.token_auth_enabled, first.auth_enabled) == ({"team": "sales"}, True, False)
    assert endpoint.run(BODY) in {"a", "b"}
    refused = requests.post(endpoint.scoring_uri, BODY, timeout=10)
    token = endpoint.get_access_token().access_token
    let_in = requests.post(endpoint.scoring_uri, BODY, headers={"Authorization": f"Bearer {token}"}, timeout=10)
    assert (refused.status_code, let_in.status_code) == (401, 200)

    endpoint.delete_version("versiona")
    assert {name: version.traffic_percentile for name, version in endpoint.versions.items()} == {"versionb": 100}
    assert {endpoint.run(BODY) for _ in range(10)} == {"b"}
    # Another deployment of the endpoint's name takes the place of all its versions, with their keys.
    again = Model.deploy(ws, endpoint.name, [model], answering(folder, "d"), config, overwrite=True)
    again.wait_for_deployment()
    assert {name: version.traffic_percentile for name, version in endpoint.versions.items()} == {"versiona": 100}
    assert (again.run(BODY), again.scoring_uri) == ("d", made.scoring_uri)
    endpoint.delete()
    assert endpoint.state == "Deleted"
    assert Webservice.list(ws) == []


def test_versions_without_a_name_get_one_and_shares_follow_the_default() -> None:
    rules = VersionRules().with_version("one", 20).with_version("two", 30).with_version("three")
    assert rules.traffic() == {"one": 70, "two": 30, "three": 0}
    moved = rules.with_version("three", 10, is_default=True)
    assert moved.traffic() == {"three": 50, "two": 30, "one": 20}
    assert (moved.default, moved.control) == ("three", "one")
    assert moved.without("one").control == "three"
    # Back again: each has what it was given, and the rest is the default's.
    assert moved.with_version("one", is_default=True).traffic() == {"one": 60, "two": 30, "three": 10}
    with pytest.raises(Refused, match="stays what it is"):
        moved.with_version("three", is_default=False)
    assert rules.with_version("three", 50).traffic() == {"one": 20, "two": 30, "three": 50}
    with pytest.raises(Refused, match=r"add up to 101 % \(one 20 \+ two 30 \+ three 51\)"):
        rules.with_version("three", 51)
