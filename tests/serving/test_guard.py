"""Which hosts a service is known by, and which pages of other origins may call it."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from jupyter_deploy.serving import ServingConfig
from jupyter_deploy.serving.front.guard import Guard, Unasked, is_loopback
from jupyter_deploy.serving.front.replies import Refused


def outcome(guard: Guard, path: str = "/score", method: str = "POST", version: str = "1.1", **given: str) -> Any:
    pairs = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in given.items()]
    scope = {"path": path, "method": method, "http_version": version, "headers": pairs}
    for _ in range(2):
        try:
            guard.check(scope, dict(pairs), own=False)
            found: Any = 200
        except Refused as refused:
            found = (refused.status, refused.message)
        except Unasked:
            found = "unasked"
    return found


KNOWN = [
    "localhost", "localhost:8888", "LOCALHOST:1", "localhost.", "localhost.:80", "127.0.0.1", "127.0.0.1:5001",
    "10.1.2.3:80", "0.0.0.0", "[::1]", "[::1]:5001", "[fe80::1]:80",
]  # fmt: skip
UNKNOWN = [
    "evil.com", "evil.com:80", "localhost.evil.com", "127.0.0.1.evil.com", "127.0.0.1.nip.io", "evil.com:5001", "",
    "localhost:80:80", "localhost@evil.com", "127.0.0.1@evil.com", "2130706433", "0x7f.1", "127.1", "::1", "[::1",
    "localhost evil.com", "xlocalhost", "a.localhost", "localhost:x", "[evil.com]", "localhost..",
]  # fmt: skip


@pytest.mark.parametrize("host", KNOWN)
def test_a_service_on_loopback_is_known_as_localhost_and_by_addresses(host: str) -> None:
    assert outcome(Guard(ServingConfig(), loopback=True), host=host) == 200


@pytest.mark.parametrize("host", UNKNOWN)
@pytest.mark.parametrize("path", ["/", "/score", "/swagger.json", "/-/state", "/metrics", "/nothing"])
def test_and_by_nothing_else(host: str, path: str) -> None:
    status, message = outcome(Guard(ServingConfig(), loopback=True), path, host=host)
    assert status == 421
    assert "allowed_hosts" in message


@pytest.mark.parametrize("host", [*KNOWN, *UNKNOWN, "service-shadow", "service:80-shadow", "my_container:5001"])
def test_other_services_are_known_by_any_name(host: str) -> None:
    assert outcome(Guard(ServingConfig(), loopback=False), host=host) == 200


@pytest.mark.parametrize(
    ("allowed", "host", "known"),
    [
        ("model.example", "model.example", True),
        ("model.example", "MODEL.example:8443", True),
        ("model.example", "other.example", False),
        ("model.example:80", "model.example:80", True),
        ("model.example:80", "model.example:81", False),
        (" a.example, b.example ", "b.example", True),
        ("*.example", "a.b.example", True),
        ("*.example", "example", False),
        ("*.example", "evil.com", False),
        ("https://model.example/", "model.example", True),
        ("*", "any.thing", True),
        ("a, *", "any.thing", True),
        ("a.example", "aXexample", False),
        ("model.example", "localhost:3", True),
        (",", "", False),
    ],
)
@pytest.mark.parametrize("loopback", [True, False])
def test_allowed_hosts(allowed: str, host: str, known: bool, loopback: bool) -> None:
    guard = Guard(ServingConfig(allowed_hosts=allowed), loopback)
    assert (outcome(guard, host=host) == 200) is known


def test_only_http_1_0_may_leave_the_host_out() -> None:
    guard = Guard(ServingConfig(), loopback=True)
    assert outcome(guard, version="1.0") == 200
    assert outcome(guard)[0] == 400


def test_one_host_each() -> None:
    guard = Guard(ServingConfig(), loopback=False)
    pairs = [(b"host", b"localhost"), (b"host", b"localhost")]
    with pytest.raises(Refused) as refused:
        guard.check({"path": "/", "method": "GET", "http_version": "1.1", "headers": pairs}, dict(pairs), own=False)
    assert refused.value.status == 400


HERE = "localhost:5001"
TRUSTED = [
    {},
    {"origin": "http://localhost:5001"},
    {"origin": "HTTP://LOCALHOST:5001"},
    {"origin": "http://localhost:5001", "sec_fetch_site": "same-origin"},
    {"sec_fetch_site": "same-origin"},
    {"sec_fetch_site": "none", "sec_fetch_mode": "navigate"},
    # A proxy in between that has another host of its own.
    {"origin": "https://lab.example", "sec_fetch_site": "same-origin"},
]
FOREIGN = [
    {"origin": "https://evil.com"},
    {"origin": "https://evil.com", "sec_fetch_site": "cross-site"},
    {"origin": "null"},
    {"origin": "null", "sec_fetch_site": "cross-site"},
    {"origin": "http://localhost:8888"},
    {"origin": "http://localhost:8888", "sec_fetch_site": "same-site"},
    {"origin": "http://127.0.0.1:5001"},
    {"origin": "http://localhost.evil.com:5001"},
    {"origin": "http://localhost:5001.evil.com"},
    {"origin": "file://"},
    {"origin": ""},
    {"origin": "chrome-extension://localhost:5001"},
    {"origin": "http://[localhost:5001"},
    {"sec_fetch_site": "cross-site"},
    {"sec_fetch_site": "cross-site", "sec_fetch_mode": "navigate"},
    {"sec_fetch_site": "same-site", "sec_fetch_mode": "no-cors"},
    {"sec_fetch_site": "Cross-Site"},
]


@pytest.mark.parametrize("headers", TRUSTED)
@pytest.mark.parametrize("path", ["/score", "/-/reload", "/"])
def test_pages_of_its_own_and_programs_may_call(headers: dict[str, str], path: str) -> None:
    assert outcome(Guard(ServingConfig(), loopback=True), path, host=HERE, **headers) == 200


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", ["/score", "/-/reload", "/-/state"])
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("loopback", [True, False])
def test_pages_of_others_may_not(headers: dict[str, str], path: str, method: str, loopback: bool) -> None:
    status, message = outcome(Guard(ServingConfig(), loopback), path, method, host=HERE, **headers)
    assert status == 403
    assert "cors_origins" in message


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("path", ["/", "/swagger.json", "/-/ready", "/-/live", "/metrics"])
def test_a_link_of_theirs_may_open_what_runs_nothing(headers: dict[str, str], path: str) -> None:
    assert outcome(Guard(ServingConfig(), loopback=True), path, "GET", host=HERE, **headers) == 200


@pytest.mark.parametrize(
    ("origins", "origin", "may"),
    [
        ("https://shop.example", "https://shop.example", True),
        ("https://shop.example", "http://shop.example", False),
        ("http://localhost:*", "http://localhost:8888", True),
        ("*", "https://any.example", True),
        ("*", "null", True),
    ],
)
def test_cors_origins_may(origins: str, origin: str, may: bool) -> None:
    guard = Guard(ServingConfig(cors_origins=origins), loopback=True)
    found = outcome(guard, host=HERE, origin=origin, sec_fetch_site="cross-site")
    assert (found == 200) is may


def test_what_the_message_says_helps() -> None:
    config = ServingConfig()
    message = outcome(Guard(config, loopback=True), host="my.example:5001")[1]
    hosts = message.partition("--set allowed_hosts=")[2]
    assert outcome(Guard(ServingConfig(allowed_hosts=hosts), loopback=True), host="my.example:5001") == 200
    for headers in FOREIGN:
        message = outcome(Guard(config, loopback=True), host=HERE, **headers)[1]
        origins = message.partition("--set cors_origins=")[2].partition(" ")[0]
        assert outcome(Guard(ServingConfig(cors_origins=origins), loopback=True), host=HERE, **headers) == 200


def test_a_browsers_question_is_answered_without_leave() -> None:
    guard = Guard(ServingConfig(), loopback=True)
    asked = {"origin": "https://evil.com", "access_control_request_method": "POST"}
    assert outcome(guard, method="OPTIONS", host=HERE, **asked) == "unasked"


def test_the_scripts_own_rule_comes_first() -> None:
    guard = Guard(ServingConfig(), loopback=True)
    pairs = [(b"host", HERE.encode()), (b"origin", b"https://evil.com")]
    guard.check({"path": "/score", "method": "POST", "http_version": "1.1", "headers": pairs}, dict(pairs), own=True)


@pytest.mark.parametrize(
    ("bound", "exposure", "loopback"),
    [
        ("127.0.0.1", "", True),
        ("0.0.0.0", "", False),
        ("0.0.0.0", "loopback", True),
        ("127.0.0.1", "network", False),
    ],
)
def test_what_is_bound_tells_unless_it_is_said(bound: str, exposure: str, loopback: bool) -> None:
    with socket.socket() as listener:
        listener.bind((bound, 0))
        assert is_loopback(ServingConfig(exposure=exposure), listener) is loopback
