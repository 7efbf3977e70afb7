"""Offer Azure ML's names in this process."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

_REAL = "azureml.core"


def install() -> None:
    """Put the finder at the end of ``sys.meta_path``; once is enough."""
    from ..serving.shims import ModuleFinder
    from .modules import MODULES, lacking, unknown

    if not any(isinstance(finder, ModuleFinder) and finder.offers(_REAL + ".compute") for finder in sys.meta_path):
        sys.meta_path.append(ModuleFinder(MODULES, lacking, unknown))


def load_ipython_extension(ip: InteractiveShell) -> None:
    """Offer the names in a notebook, and the magics beside them (``%load_ext jupyter_deploy.azureml``)."""
    install()
    if ip.extension_manager:
        ip.extension_manager.load_extension("jupyter_deploy")
    spec = importlib.util.find_spec(_REAL)
    if spec is not None and spec.origin != "jupyter_deploy":
        print(  # noqa: T201 - the user would otherwise wonder why a cloud is asked
            f"{_REAL} is installed here and stays what it is: it asks Azure. "
            "For this machine instead: %pip uninstall -y azureml-core, then restart the kernel."
        )
