"""The card of a running service: asked once, at once, with its traffic and its log."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from jupyter_deploy.display import html
from jupyter_deploy.errors import InvokeProblem, StartFailed
from jupyter_deploy.files import tail
from jupyter_deploy.verbs import Listing, LogText
from jupyter_deploy.workspace import Service, Workspace

from ..markup import harmless
from .conftest import until

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
MIME = "application/vnd.jupyter-deploy.service.v1+json"


def shown(ip: InteractiveShell, value: object) -> dict[str, Any]:
    assert ip.display_formatter is not None
    return dict(ip.display_formatter.format(value)[0])


class Counted(Service):
    """A service's handle that counts how often it is asked for its facts; a handle like any other otherwise."""

    asked = 0

    def as_dict(self) -> dict[str, Any]:
        self.asked += 1
        return super().as_dict()


def test_one_display_asks_once(ip: InteractiveShell, shared: Workspace) -> None:
    service = shared.services["echo"]
    service.__class__ = Counted
    assert isinstance(service, Counted)
    assert set(shown(ip, service)) == {"text/plain", "text/html", MIME}
    assert service.asked == 1


def test_a_terminal_gets_text_only(ip: InteractiveShell, shared: Workspace) -> None:
    assert ip.display_formatter is not None
    ip.display_formatter.active_types = ["text/plain"]
    for value in (shared.services["echo"], shared.models.get("iris"), InvokeProblem("x", hint="y")):
        assert set(shown(ip, value)) == {"text/plain"}


def test_traffic_and_log_are_on_the_card(ip: InteractiveShell, shared: Workspace) -> None:
    service = shared.services["echo"]
    for number in range(3):
        service.invoke([number])
    with pytest.raises(InvokeProblem):
        service.invoke("not JSON")
    until(lambda: service.as_dict()["recent"]["requests"] == 4 and "500" in service.logs(3))
    found = shown(ip, service)
    page = harmless(found["text/html"])
    assert "1 of 4" in page.text
    assert "last log lines" in page.text
    assert service.logs(1).strip() in page.text
    assert f"%model stop {service.name}" in page.text
    data = found[MIME]
    assert (data["name"], data["state"], data["recent"]["errors"], len(data["log_tail"])) == ("echo", "Healthy", 1, 5)
    assert data["commands"]["invoke"] == "%invoke echo VALUE"
    assert "1 of 4 errors" in found["text/plain"]
    assert "requests/s, last " in found["text/plain"]


def test_the_first_card_is_there_at_once(ip: InteractiveShell, shared: Workspace) -> None:
    def first() -> float:
        service = shared.deploy("quick", script="text")
        # A log of a thousand long lines, as a service has that runs for some time.
        service.log_file.write_text("x" * 5000 + "\n" + ("y" * 5000 + "\n") * 1000)
        started = time.perf_counter()
        found = shown(ip, service)
        took = time.perf_counter() - started
        assert "Healthy" in found["text/plain"]
        service.delete()
        return took

    assert min(first() for _ in range(3)) <= 0.1


@pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium here")
def test_no_face_makes_a_narrow_page_scroll(shared: Workspace, tmp_path: Path) -> None:
    long = "x" * 200
    model = shared.register("wide", {"a": 1}, tags={long: long}, description=long)
    service = shared.deploy("narrow", script="text", models=["wide"])
    shared.score_script("words", f"def init():\n    raise OSError('{long}')\n\ndef run(data):\n    return data\n")
    with pytest.raises(StartFailed) as caught:
        shared.deploy("words")
    # Of a first deployment that was not waited for, the failed service is shown.
    failed = shared.deploy("words", wait=False)
    until(lambda: failed.state == "Failed")
    facts = Listing("services", [one.as_dict() for one in shared.services.values()])
    values = [service, failed, model, Listing("models", [model]), facts, caught.value, LogText(long)]
    faces = "".join(f'<div class="cell" style="width:320px">{html(value)}</div>' for value in values)
    script = "document.title = [...document.querySelectorAll('.cell')].map(cell => cell.scrollWidth).join()"
    (tmp_path / "page.html").write_text(f"<!doctype html><title></title><body>{faces}<script>{script}</script>")
    command = [str(CHROMIUM), "--headless", "--no-sandbox", "--dump-dom", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run([*command, f"file://{tmp_path}/page.html"], capture_output=True, text=True, timeout=60)
    found = re.search("<title>(.*)</title>", done.stdout)
    assert found, done.stderr
    assert [int(width) for width in found[1].split(",")] == [320] * len(values)
    for name in ("narrow", "words"):
        shared.services[name].delete()
    shared.unregister("wide")


@pytest.mark.parametrize("lines", [1, 5, 100, 3000, 100_000])
def test_the_end_of_a_log_is_the_same_however_much_is_read(tmp_path: Path, lines: int) -> None:
    path = tmp_path / "log"
    written = [f"{number} é{'x' * (number % 700)}" for number in range(5000)]
    path.write_text("\n".join(written) + "\n")
    assert tail(path, lines).splitlines() == written[-lines:]
