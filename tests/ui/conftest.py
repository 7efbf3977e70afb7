"""One JupyterLab and one browser for all tests here.

Both end before the next package's tests: some of those use asyncio, which does not go with Playwright in one thread.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

from jupyter_deploy.workspace import Service, Workspace

from .lab import NAMES, REQUIRED, Lab, Notebook, find_browser, loaded, opened, running_lab

ECHO = """import json
import logging

def run(data):
    value = json.loads(data)
    if value == "fail":
        raise ValueError("<img src=x onerror=window.hit=1> is no number")
    logging.getLogger("app").warning("warned of %s", value)
    print("got", value)
    return {"answer": value}
"""
CHURN = """import logging

from inference_schema.parameter_types import standard_py_parameter_type as types
from inference_schema.schema_decorators import input_schema

@input_schema("plan", types.StandardPythonParameterType("monthly"))
@input_schema("months", types.StandardPythonParameterType(14))
@input_schema("usage", types.StandardPythonParameterType([[12.5, 3.0], [9.0, 1.5]]))
def run(plan, months, usage):
    if months > 36:
        logging.getLogger("churn").warning("nobody in the training data stayed for %d months", months)
    print(f"scored a {plan} plan of {months} months")
    return {"plan": plan, "risk": round(1 / (1 + months / 6), 3), "rows": len(usage)}
"""


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """The system's Chromium, without a window."""
    path = find_browser()
    if path is None:
        problem = f"there is no browser: none of {', '.join(NAMES)} is on the PATH"
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"{REQUIRED}=1, but {problem}")
        pytest.skip(problem)
    flags = ["--disable-gpu", "--disable-dev-shm-usage", *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, headless=True, args=flags)
        yield opened
        opened.close()


@pytest.fixture(scope="package")
def lab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """A JupyterLab, with a workspace that its kernels use."""
    with running_lab(tmp_path_factory.mktemp("lab")) as running:
        yield running


@pytest.fixture(scope="package")
def shared(lab: Lab) -> Iterator[Workspace]:
    """That workspace, with the services `echo` and `churn`, and two models."""
    workspace = Workspace(lab.home)
    try:
        workspace.register("wine", {"b": 1})
        workspace.register("churn", {"a": 1}, tags={"stage": "trial"})
        workspace.register("churn", {"a": 2}, tags={"stage": "live", "team": "risk"}, description="the second")
        for name, script in (("echo", ECHO), ("churn", CHURN)):
            workspace.score_script(name, script)
            workspace.deploy(name)
        yield workspace
    finally:
        for endpoint in workspace.endpoints.values():
            endpoint.delete()
        for service in workspace.services.values():
            service.delete()


@pytest.fixture
def echo(shared: Workspace) -> Service:
    """A service that returns what it gets; `"fail"` makes it raise."""
    return shared.services["echo"]


@pytest.fixture(scope="package")
def second(lab: Lab, shared: Workspace, browser: Browser) -> Iterator[Notebook]:
    """Another tab of the same JupyterLab, without a notebook."""
    with loaded(lab, browser, "lab/workspaces/second") as page:
        yield page


@pytest.fixture(scope="module")
def page(lab: Lab, shared: Workspace, browser: Browser) -> Iterator[Notebook]:
    """A notebook for the tests of one file."""
    with opened(lab, browser) as page:
        yield page


@pytest.fixture(scope="module")
def ours(lab: Lab) -> Iterator[Service]:
    """The only service of a file that has a Lab of its own."""
    workspace = Workspace(lab.home)
    workspace.score_script("ours", "def run(data):\n    print('got', data)\n    return data\n")
    service = workspace.deploy("ours")
    yield service
    service.delete()
