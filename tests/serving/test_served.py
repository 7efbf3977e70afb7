"""What a front that was started again serves."""

from __future__ import annotations

from pathlib import Path

from jupyter_deploy.serving.config import ServingConfig
from jupyter_deploy.serving.front.served import Served
from jupyter_deploy.serving.layout import layout_of_bundle
from tests.contract.uploads import bundle


def test_a_script_in_a_package_is_found_again(tmp_path: Path) -> None:
    layout = layout_of_bundle(bundle(tmp_path, "one", cwd="pkg/scoring"))
    config = ServingConfig()
    Served.write(tmp_path, layout, 2, config)
    found, again = Served.read(tmp_path).over(layout_of_bundle(bundle(tmp_path, "first")), config)
    assert found == layout
    assert again.workers == 2
