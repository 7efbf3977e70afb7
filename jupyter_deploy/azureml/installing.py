"""Offer Azure ML's names in this process."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

# The packages that ask Azure, where they are installed.
_REAL = {"azureml.core": "azureml-core", "azure.ai.ml": "azure-ai-ml"}


def install() -> None:
    """Put the finder at the end of ``sys.meta_path``; once is enough."""
    from ..serving.shims import ModuleFinder
    from .modules import MODULES, lacking, unknown

    if not any(isinstance(finder, ModuleFinder) and finder.offers("azureml.core.compute") for finder in sys.meta_path):
        sys.meta_path.append(ModuleFinder(MODULES, lacking, unknown))


def load_ipython_extension(ip: InteractiveShell) -> None:
    """Offer the names in a notebook, and the magics beside them (``%load_ext jupyter_deploy.azureml``)."""
    install()
    if ip.extension_manager:
        ip.extension_manager.load_extension("jupyter_deploy")
    for name, distribution in _REAL.items():
        spec = importlib.util.find_spec(name)
        if spec is not None and spec.origin != "jupyter_deploy":
            print(  # noqa: T201 - the user would otherwise wonder why a cloud is asked
                f"{name} is installed here and stays what it is: it asks Azure. "
                f"For this machine instead: %pip uninstall -y {distribution}, then restart the kernel."
            )
