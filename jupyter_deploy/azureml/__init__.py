"""Azure ML's import names, for notebooks and scripts: ``%load_ext jupyter_deploy.azureml``, or import this module.

What is installed for real is never touched: only names that nothing else provides lead to
:mod:`jupyter_deploy.sdk.v1` and :mod:`jupyter_deploy.sdk.v2`.
"""

from __future__ import annotations

from .installing import install, load_ipython_extension

__all__ = ["install", "load_ipython_extension"]

install()
