"""Which origins an entry admits, and which look-alikes it does not."""

from __future__ import annotations

import pytest

from jupyter_deploy.serving.front.cors import Cors

ADMITTED = [
    ("https://a.example", "https://a.example"),
    ("https://a.example/", "https://a.example"),
    ("  https://a.example , https://b.example ", "https://b.example"),
    ("HTTPS://A.example", "https://a.Example"),
    ("*", "https://any.example:8443"),
    ("*", "null"),
    ("https://a.example,*", "http://other"),
    ("https://*.example.com", "https://a.example.com"),
    ("https://*.example.com", "https://a.b-c.example.com"),
    ("www.example.com", "http://www.example.com"),
    ("www.example.com", "https://www.example.com"),
    ("localhost:3000", "http://localhost:3000"),
    ("http://localhost:*", "http://localhost:8888"),
    ("http://localhost:*", "http://localhost"),
    ("http://[::1]:8888", "http://[::1]:8888"),
    ("http://[::1]:*", "http://[::1]:9"),
    ("https://a(b).example", "https://a(b).example"),
]
REFUSED = [
    ("", "https://a.example"),
    (",", "https://a.example"),
    ("https://a.example", "http://a.example"),
    ("https://a.example", "https://a.example:8443"),
    ("https://a.example", "https://a.example.evil.org"),
    ("https://a.example", "https://evil.org/https://a.example"),
    ("https://a.example", "https://xa.example"),
    ("https://a.example", "https://aXexample"),
    ("https://a.example", "https://a.example\n"),
    ("https://a.example", "null"),
    ("https://a.example", ""),
    ("https://*.example.com", "https://example.com"),
    ("https://*.example.com", "https://Xexample.com"),
    ("https://*.example.com", "https://.example.com"),
    ("https://*.example.com", "https://a..example.com"),
    ("https://*.example.com", "https://a.example.com.evil.org"),
    ("https://*.example.com", "https://evil.org/.example.com"),
    ("https://*.example.com", "https://evil.org#.example.com"),
    ("https://*.example.com", "https://user@a.example.com"),
    ("https://*.example.com", "http://a.example.com"),
    ("https://*.example.com", "https://a.example.com:8443"),
    ("www.example.com", "ftp://www.example.com"),
    ("http://localhost:*", "http://localhost:80.evil.org"),
    ("http://localhost:*", "http://localhost:"),
    ("http://localhost:*", "http://localhost.evil.org"),
    ("https://a(b|c).example", "https://ab.example"),
    ("https://[ab].example", "https://a.example"),
    ("https://a?.example", "https://.example"),
    ("https://a.example$", "https://a.example"),
    ("^https://a", "https://a"),
]


def allowed(origins: str, origin: str) -> bytes | None:
    return dict(Cors(origins).headers(origin.encode())).get(b"access-control-allow-origin")


@pytest.mark.parametrize(("origins", "origin"), ADMITTED)
def test_admitted(origins: str, origin: str) -> None:
    assert allowed(origins, origin) == origin.encode()


@pytest.mark.parametrize(("origins", "origin"), REFUSED)
def test_refused(origins: str, origin: str) -> None:
    assert allowed(origins, origin) is None


def test_answers_differ_by_origin_only_where_there_is_a_rule() -> None:
    assert Cors("").headers(b"https://a") == []
    assert Cors("https://a").headers(b"https://b") == [(b"vary", b"Origin")]
    assert Cors("https://a").headers(None) == [(b"vary", b"Origin")]


def test_pages_may_read_the_contracts_headers() -> None:
    exposed = dict(Cors("*").headers(b"https://a"))[b"access-control-expose-headers"].split(b", ")
    assert {b"x-request-id", b"x-ms-request-id", b"x-ms-run-function-failed", b"x-ms-run-fn-exec-ms"} <= set(exposed)


def test_preflights() -> None:
    rule = Cors("https://a")
    asked = {b"origin": b"https://a", b"access-control-request-method": b"POST"}
    assert rule.preflight(asked) == [(b"access-control-allow-methods", b"GET, POST")]
    wanted = {**asked, b"access-control-request-headers": b"x-a, x-b"}
    assert (b"access-control-allow-headers", b"x-a, x-b") in (rule.preflight(wanted) or [])
    assert rule.preflight({**asked, b"origin": b"https://b"}) is None
    assert rule.preflight({b"origin": b"https://a"}) is None
    assert Cors("").preflight(asked) is None
