"""Rows about keys and tokens, in the SDK's words."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
import requests

from jupyter_deploy.sdk.v1 import AciWebservice, AksWebservice, LocalWebservice, Model, WebserviceException, Workspace
from jupyter_deploy.services import LIFETIME
from jupyter_deploy.services.tokens import signing_key
from jupyter_deploy.workspace import Workspace as LocalWorkspace

from .services import BODY, inference, registered


@pytest.fixture(autouse=True)
def on_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JUPYTER_DEPLOY_TARGET", "process")


def deployed(ws: Workspace, outputs: Path, folder: Path, config: Any, name: str = "guarded") -> Any:
    service = Model.deploy(ws, name, [registered(ws, outputs)], inference(folder), config)
    service.wait_for_deployment()
    return service


def status(service: Any, bearer: str | None) -> int:
    headers = {"Content-Type": "application/json"}
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    return requests.post(service.scoring_uri, BODY, headers=headers, timeout=10).status_code


# (class, options) → (key, token). The table's other three cells are refused: see below.
DEFAULTS = [
    (LocalWebservice, {}, (False, False)),
    (AciWebservice, {}, (False, False)),
    (AciWebservice, {"auth_enabled": True}, (True, False)),
    (AksWebservice, {}, (True, False)),
    (AksWebservice, {"auth_enabled": False}, (False, False)),
    (AksWebservice, {"token_auth_enabled": True}, (False, True)),
]


@pytest.mark.parametrize(("kind", "options", "auth"), DEFAULTS, ids=str)
def test_row_0_21_keys_are_on_for_aks_only_and_every_class_says_so(
    ws: Workspace, outputs: Path, folder: Path, kind: Any, options: dict[str, Any], auth: tuple[bool, bool]
) -> None:
    service = deployed(ws, outputs, folder, kind.deploy_configuration(**options))
    assert (service.auth_enabled, service.token_auth_enabled) == auth
    assert status(service, None) == (401 if any(auth) else 200)
    # Row 2.48: the block of the documents, as it is, for every class.
    headers = {"Content-Type": "application/json"}
    if service.auth_enabled:
        headers["Authorization"] = "Bearer " + service.get_keys()[0]
    elif service.token_auth_enabled:
        headers["Authorization"] = "Bearer " + service.get_token()[0]
    response = requests.post(service.scoring_uri, data=BODY, headers=headers, timeout=10)
    assert (response.status_code, response.json()) == (200, [0, 1])
    assert response.elapsed.total_seconds() > 0
    assert service.run(BODY) == [0, 1]


@pytest.mark.parametrize(
    ("kind", "option", "words"),
    [
        (LocalWebservice, "auth_enabled", "AciWebservice.deploy_configuration and AksWebservice.deploy_configuration"),
        (LocalWebservice, "token_auth_enabled", "belongs to AksWebservice.deploy_configuration."),
        (AciWebservice, "token_auth_enabled", "belongs to AksWebservice.deploy_configuration."),
    ],
)
def test_row_0_21_what_a_class_cannot_have_is_refused_with_the_classes_that_can(
    kind: Any, option: str, words: str
) -> None:
    with pytest.raises(TypeError, match=re.escape(words)):
        kind.deploy_configuration(**{option: True})


def test_row_0_22_both_keys_open_and_a_new_one_closes_one(ws: Workspace, outputs: Path, folder: Path) -> None:
    service = deployed(ws, outputs, folder, AksWebservice.deploy_configuration())
    primary_key, secondary_key = service.get_keys()
    assert primary_key != secondary_key
    assert [status(service, key) for key in (primary_key, secondary_key, "wrong")] == [200, 200, 401]
    service.regen_key("Primary")
    assert [status(service, key) for key in (primary_key, secondary_key)] == [401, 200]
    service.regen_key("secondary", set_key="a-key-of-the-user-1234567890")
    assert status(service, "a-key-of-the-user-1234567890") == 200
    assert status(service, service.get_keys()[0]) == 200
    with pytest.raises(WebserviceException, match="Invalid key"):
        service.regen_key("third")
    # A cell that ends in the call is saved with its output.
    shown = f"{service!r} {service.get_keys()!r} {service.get_keys()}"
    assert not any(key in shown for key in (primary_key, *service.get_keys()))


def test_row_0_23_tokens_are_for_aks_and_end(ws: Workspace, outputs: Path, folder: Path) -> None:
    service = deployed(ws, outputs, folder, AksWebservice.deploy_configuration(token_auth_enabled=True))
    token, refresh_after = service.get_token()
    assert token not in repr(service.get_token())
    assert refresh_after > datetime.now(UTC)
    access = service.get_access_token()
    assert access.expiry_on > access.refresh_after
    assert access.access_token not in repr(access)
    assert [status(service, bearer) for bearer in (token, access.access_token, "x.y.z")] == [200, 200, 401]
    with pytest.raises(WebserviceException, match="no keys"):
        service.get_keys()
    # Signed as the service's own, but for times that are over.
    ended = datetime.now(UTC) - timedelta(minutes=1)
    key = signing_key(LocalWorkspace().home.root, "guarded")
    claims = {"aud": "guarded", "iat": ended - LIFETIME, "nbf": ended - LIFETIME}
    refused = requests.post(
        service.scoring_uri,
        BODY,
        headers={"Authorization": f"Bearer {jwt.encode({**claims, 'exp': ended}, key)}"},
        timeout=10,
    )
    assert (refused.status_code, refused.json()) == (
        401, {"message": "The token has expired; get_token() returns a new one."}
    )  # fmt: skip
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
    later = datetime.now(UTC) + LIFETIME
    good = {bearer: jwt.encode({**claims, "exp": later, "aud": bearer}, key) for bearer in ("guarded", "other")}
    assert [status(service, bearer) for bearer in good.values()] == [200, 401]
    # A second token does not end the first: clients refresh theirs at different times.
    assert [status(service, bearer) for bearer in (token, service.get_token()[0])] == [200, 200]
    for config in (LocalWebservice.deploy_configuration(), AciWebservice.deploy_configuration(auth_enabled=True)):
        other = deployed(ws, outputs, folder, config, "other")
        with pytest.raises(NotImplementedError, match="do not support Token Authentication"):
            other.get_token()
        other.delete()


def test_local_services_have_no_keys(ws: Workspace, outputs: Path, folder: Path) -> None:
    service = deployed(ws, outputs, folder, LocalWebservice.deploy_configuration())
    for ask in (service.get_keys, lambda: service.regen_key("Primary")):
        with pytest.raises(NotImplementedError, match="Local web services do not support auth keys"):
            ask()


def test_row_2_46_an_aci_service_has_the_keys_that_are_given_and_renews_them(
    ws: Workspace, outputs: Path, folder: Path
) -> None:
    keys = ("first-key-1234567890abcdef", "second-key-1234567890abcdef")
    config = AciWebservice.deploy_configuration(auth_enabled=True, primary_key=keys[0], secondary_key=keys[1])
    service = deployed(ws, outputs, folder, config)
    assert service.get_keys() == keys
    assert [status(service, key) for key in (*keys, "other")] == [200, 200, 401]
    service.regen_key("Secondary")
    made = service.get_keys()
    assert (made[0], made[1] == keys[1]) == (keys[0], False)
    assert [status(service, key) for key in (*keys, made[1])] == [200, 401, 200]
    shown = f"{config!r}{service!r}{service.serialize()}{service._record}"
    assert not [key for key in (*keys, made[1]) if key in shown]


def test_auth_is_changed_by_an_update(ws: Workspace, outputs: Path, folder: Path) -> None:
    service = deployed(ws, outputs, folder, AciWebservice.deploy_configuration())
    service.update(auth_enabled=True)
    assert (status(service, None), service.auth_enabled, service.run(BODY)) == (401, True, [0, 1])
    service.update(auth_enabled=False)
    assert status(service, None) == 200
