"""Pages of other sites, in a real browser: what they may not ask of a service, and what still works."""

from __future__ import annotations

import http.server
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page

from tests.faults.harness import Served, served

from .lab import find_browser

ECHO = """
scored = []

def run(data):
    if data == "scored":
        return scored
    scored.append(data)
    return data
"""
OWN = """
from azureml.contrib.services.aml_request import rawhttp
from azureml.contrib.services.aml_response import AMLResponse

@rawhttp
def run(request):
    headers = {"Access-Control-Allow-Origin": request.headers.get("Origin", "*")}
    if request.method == "OPTIONS":
        return AMLResponse("", 200, {**headers, "Access-Control-Allow-Headers": "content-type"})
    return AMLResponse(request.get_data(as_text=True), 200, headers)
"""
FETCH = """async ([url, mode, type, body]) => {
    try {
        const answer = await fetch(url, {method: "POST", mode, headers: {"Content-Type": type}, body});
        return [answer.status, await answer.text()];
    } catch (error) {
        return String(error);
    }
}"""


class _Pages(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>a page</title>"
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def forwarding(port: int) -> Iterator[int]:
    """A proxy that passes everything on as it is, the host too."""

    def pump(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def accept() -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                far = socket.create_connection(("127.0.0.1", port))
                open_.extend((near, far))
                for pair in ((near, far), (far, near)):
                    threading.Thread(target=pump, args=pair, daemon=True).start()

    open_: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=accept, daemon=True).start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        for one in open_:
            one.close()


@dataclass
class World:
    """The services, and a browser for which all names are this machine."""

    page: Page
    foreign: str
    echo: Served
    listed: Served
    own: Served
    proxied: int

    def fetch(self, url: str, mode: str = "cors", kind: str = "text/plain", body: str = "sent") -> Any:
        return self.page.evaluate(FETCH, [url, mode, kind, body])


@pytest.fixture(scope="module")
def world(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    flags = ["--disable-gpu", "--disable-dev-shm-usage", "--host-resolver-rules=MAP *.test 127.0.0.1"]
    flags += ["--no-sandbox"] if os.geteuid() == 0 else []
    pages = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Pages)
    threading.Thread(target=pages.serve_forever, daemon=True).start()
    foreign = f"http://evil.test:{pages.server_port}"
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("JUPYTER_DEPLOY_HOME", str(tmp_path_factory.mktemp("home")))

        def service(name: str, script: str, **config: Any) -> Served:
            return stack.enter_context(served(tmp_path_factory.mktemp(name), script, **config))

        echo = service("echo", ECHO, allowed_hosts="lab.test")
        listed = service("listed", ECHO, cors_origins=foreign)
        own = service("own", OWN)
        proxied = stack.enter_context(forwarding(urlsplit(echo.url).port or 0))
        other = browser.browser_type.launch(executable_path=find_browser(), headless=True, args=flags)
        stack.callback(other.close)
        yield World(other.new_page(), foreign, echo, listed, own, proxied)
    pages.shutdown()
    pages.server_close()


@pytest.fixture
def foreign(world: World) -> World:
    world.page.goto(world.foreign)
    return world


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "application/json"])
@pytest.mark.parametrize("mode", ["cors", "no-cors"])
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_foreign_page_cannot_have_anything_scored(foreign: World, kind: str, mode: str, host: str) -> None:
    url = foreign.echo.url.replace("127.0.0.1", host)
    found = foreign.fetch(url, mode, kind, f"by {kind} {mode} {host}")
    assert found in ("TypeError: Failed to fetch", [0, ""])
    assert not [text for text in foreign.echo.ask("scored") if text.startswith("by ")]


def test_nor_by_a_form_or_a_picture(foreign: World) -> None:
    foreign.page.evaluate("url => new Promise(done => {const i = new Image(); i.onerror = done; i.src = url})",
                          f"{foreign.echo.url}?picture=1")  # fmt: skip
    with foreign.page.expect_navigation() as navigation:
        foreign.page.set_content(
            f'<form method=post enctype=text/plain action="{foreign.echo.url}"><input name=form value=1></form>'
            "<script>document.forms[0].submit()</script>"
        )
    assert navigation.value is not None
    assert navigation.value.status == 403
    assert "cors_origins" in navigation.value.text()
    assert not [text for text in foreign.echo.ask("scored") if "picture" in text or "form" in text]


def test_a_name_that_leads_here_only_in_the_browser_is_refused(world: World) -> None:
    """DNS rebinding: for the browser, page and service are of one origin."""
    answer = world.page.goto(f"http://evil.test:{urlsplit(world.echo.url).port}/")
    assert answer is not None
    assert answer.status == 421
    assert "allowed_hosts" in answer.text()
    assert world.fetch("/score", body="rebound")[0] == 421
    assert "rebound" not in world.echo.ask("scored")


@pytest.mark.parametrize("path", ["/", "/swagger.json", "/-/ready"])
def test_a_link_may_open_what_runs_nothing(foreign: World, path: str) -> None:
    foreign.page.set_content(f'<a href="{foreign.echo.base}{path}">there</a>')
    with foreign.page.expect_navigation() as navigation:
        foreign.page.click("a")
    assert navigation.value is not None
    assert navigation.value.status == 200


@pytest.mark.parametrize("kind", ["text/plain", "application/json"])
def test_what_cors_origins_lists_may_call(foreign: World, kind: str) -> None:
    assert foreign.fetch(foreign.listed.url, kind=kind) == [200, '"sent"']


@pytest.mark.parametrize("kind", ["text/plain", "application/json"])
def test_a_script_with_headers_of_its_own_decides_itself(foreign: World, kind: str) -> None:
    assert foreign.fetch(foreign.own.url, kind=kind) == [200, "sent"]


def test_a_page_of_the_service_itself_may_call(world: World) -> None:
    world.page.goto(world.echo.base + "/")
    assert world.fetch("/score", body="from home") == [200, '"from home"']


def test_behind_a_proxy_that_keeps_the_host(world: World) -> None:
    world.page.goto(f"http://lab.test:{world.proxied}/")
    assert world.fetch("/score", kind="application/json", body="by proxy") == [200, '"by proxy"']
