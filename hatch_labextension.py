"""The build step of the side panel: a committed bundle is taken as it is, so that an installation needs no Node.

``JUPYTER_DEPLOY_BUILD_LABEXTENSION=1`` builds it again from ``labextension/``.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

_BUNDLE = Path("jupyter_deploy/labextension/package.json")


def build(target_name: str, version: str, **options: Any) -> None:
    """Build the bundle if it is missing, or asked for (hatch-jupyter-builder's hook)."""
    if _BUNDLE.exists() and os.environ.get("JUPYTER_DEPLOY_BUILD_LABEXTENSION") != "1":
        return
    from hatch_jupyter_builder import npm_builder

    npm_builder(target_name, version, **options)
