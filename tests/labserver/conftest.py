"""A Jupyter server with the extension, in this process, and services that all tests of a file share."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from pytest_jupyter.jupyter_core import *  # noqa: F403
from pytest_jupyter.jupyter_server import *  # noqa: F403
from tornado.httpclient import HTTPClientError, HTTPResponse

from jupyter_deploy.workspace import Workspace

API = "jupyter-model-deploy/api"
ECHO = "def init():\n    pass\n\ndef run(raw_data):\n    print('asked')\n    return len(raw_data)\n"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    """A workspace that all tests of a file use, with a registered model and a service ``echo``."""
    folder = tmp_path_factory.mktemp("shared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_DEPLOY_HOME", str(folder / "home"))
        opened = Workspace()
        (folder / "weights.bin").write_bytes(b"1234")
        (folder / "echo.py").write_text(ECHO)
        opened.register("weights", folder / "weights.bin", tags={"stage": "trial"})
        opened.deploy("echo", script=folder / "echo.py", models=["weights"], target="process")
        yield opened
        for service in opened.services.values():
            service.delete()


@pytest.fixture
def jp_server_config() -> dict[str, Any]:
    """The extension, and no access without a login (pytest-jupyter's hook)."""
    extensions = {"jupyter_deploy": True}
    server = {"jpserver_extensions": extensions, "allow_unauthenticated_access": False, "terminals_enabled": False}
    return {"ServerApp": server}


Ask = Callable[..., Awaitable[tuple[int, Any]]]


@pytest.fixture
def ask(jp_fetch: Callable[..., Awaitable[HTTPResponse]]) -> Ask:
    """``await ask("POST", "verbs/tag", {…})``: the status and the decoded answer, whatever the status is."""

    async def fetch(method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        address, _, query = path.partition("?")
        params = dict(part.split("=", 1) for part in query.split("&")) if query else {}
        data = None if method in {"GET", "DELETE"} else body if isinstance(body, str) else json.dumps(body or {})
        try:
            answer = await jp_fetch(
                *API.split("/"), *address.split("/"), method=method, body=data, params=params, **options
            )
        except HTTPClientError as error:
            answer = cast(HTTPResponse, error.response)
        return answer.code, json.loads(answer.body)

    return fetch


def write(folder: Path, name: str, text: str) -> Path:
    """Write a file and return its path."""
    (folder / name).write_text(text)
    return folder / name
