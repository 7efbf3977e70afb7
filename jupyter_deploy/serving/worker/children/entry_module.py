"""The entry script, for new processes that it starts (spawn, forkserver, joblib): they import it by its name.

Workers have this file's folder on ``sys.path``, and such processes inherit that. A worker itself has loaded the
script already, so it never imports this file.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from typing import Any


def __getattr__(name: str) -> Any:
    """Load the script on first use and take its place (Python's hook for modules)."""
    if name.startswith("__"):
        raise AttributeError(name)
    from jupyter_deploy.serving.shims import install

    install()
    path = os.environ.get("AZUREML_ENTRY_SCRIPT", "")
    spec = importlib.util.spec_from_file_location(__name__, path) if path else None
    if spec is None or spec.loader is None:
        raise AttributeError(f"{name}: the entry script is not known in this process")
    sys.modules[__name__] = module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, name)
