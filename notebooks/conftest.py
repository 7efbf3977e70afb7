"""The notebooks' kernels get a workspace of their own: they are tests too, and must not touch the user's."""

from __future__ import annotations

import os
import shutil
import tempfile

import pytest

_HOME = pytest.StashKey[str]()


def pytest_configure(config: pytest.Config) -> None:
    """Point this run, and every process it starts, at a temporary workspace, with plain processes as its default.

    Only the tutorial of containers asks for those: other tests use the engine meanwhile.
    """
    os.environ["JUPYTER_DEPLOY_TARGET"] = "process"
    config.stash[_HOME] = os.environ["JUPYTER_DEPLOY_HOME"] = tempfile.mkdtemp(prefix="jupyter-deploy-tests-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what notebooks left running and remove the workspace."""
    from jupyter_deploy.workspace import Workspace

    folder = config.stash.get(_HOME, "")
    if folder:
        workspace = Workspace(folder)
        for endpoint in list(workspace.endpoints.values()):
            endpoint.delete()
        for service in workspace.services.values():
            service.delete()
        shutil.rmtree(folder)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Skip what needs containers, with the reason, where there are none; fail it where the engine is required."""
    ours = [item for item in items if "02-containers" in item.nodeid]
    if not ours:
        return
    from tests.docker.engine import REQUIRED, engine_problem

    problem = engine_problem()
    if problem and os.environ.get(REQUIRED) != "1":
        for item in ours:
            item.add_marker(pytest.mark.skip(reason=problem))
