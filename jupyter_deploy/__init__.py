"""Serve a model straight from the notebook that trained it.

``%load_ext jupyter_deploy`` brings the magics; :class:`jupyter_deploy.Workspace` is the same thing in Python. Nothing
heavy is imported until it is used; not even ``typing``, which costs more than all of this file.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from IPython.core.interactiveshell import InteractiveShell

    from .workspace import Workspace

__version__ = "0.1.0"
__all__ = ["Workspace", "load_ipython_extension", "unload_ipython_extension"]


def _refuse_the_other_distribution(folder: str) -> None:
    """Fail clearly if the unrelated distribution ``jupyter-deploy`` shares this folder of packages.

    Both install the import package ``jupyter_deploy`` and overwrite each other's files.
    """
    other = [name for name in os.listdir(os.path.dirname(folder)) if name.startswith("jupyter_deploy-")]  # noqa: PTH208, PTH120
    if other or os.path.exists(os.path.join(folder, "manifest_validation.py")):  # noqa: PTH110, PTH118
        raise ImportError(
            "Another distribution, 'jupyter-deploy', is installed here and uses the same import package "
            "'jupyter_deploy' as 'jupyter-model-deploy'; their files overwrite each other.\n"
            "Hint: pip uninstall -y jupyter-deploy jupyter-model-deploy && pip install jupyter-model-deploy"
        )


_refuse_the_other_distribution(os.path.dirname(os.path.abspath(__file__)))  # noqa: PTH100, PTH120


def __getattr__(name: str) -> Any:
    if name == "Workspace":
        from .workspace import Workspace

        return Workspace
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def load_ipython_extension(ip: InteractiveShell) -> None:
    """Add the magics, their completions and the faces of results to a running IPython."""
    from .magics import load

    load(ip)


def unload_ipython_extension(ip: InteractiveShell) -> None:
    """Remove what :func:`load_ipython_extension` added."""
    from .magics import unload

    unload(ip)


def _jupyter_server_extension_points() -> list[dict[str, Any]]:
    """Tell Jupyter's server what to load for the side panel."""
    from .labserver import ModelDeployApp

    return [{"module": "jupyter_deploy.labserver", "app": ModelDeployApp}]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell JupyterLab's tools where the side panel's bundle is."""
    return [{"src": "labextension", "dest": "jupyter-model-deploy"}]
