"""Where a user's workspace is."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from ..files import in_home
from ..home import HOME_VARIABLE, Home


def find_home(environ: Mapping[str, str] = os.environ) -> Home:
    """Find the workspace's folder, which may not exist; ``JUPYTER_DEPLOY_HOME`` wins over Jupyter's data folder."""
    if environ.get(HOME_VARIABLE):
        return Home(in_home(environ[HOME_VARIABLE]).absolute())
    from jupyter_core.paths import jupyter_data_dir

    return Home(Path(jupyter_data_dir()) / "jupyter_deploy")
