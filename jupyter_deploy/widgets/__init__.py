"""What goes on changing in a notebook: a service's card, log, form and chart, and a browser of models.

Nothing of ipywidgets is imported before one of them is made.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from ..living import Living
    from ..verbs.view import View
    from .browser import ModelBrowser
    from .card import ServiceCard
    from .chart import MetricsChart
    from .form import InvokeForm
    from .logview import LogView

_MODULES = {
    "ServiceCard": "card",
    "LogView": "logview",
    "InvokeForm": "form",
    "MetricsChart": "chart",
    "ModelBrowser": "browser",
}
_CLASSES = {"card": "ServiceCard", "log": "LogView", "form": "InvokeForm", "chart": "MetricsChart"}
_SERVICE = ("jupyter_deploy.client", "Service")


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return getattr(import_module(f".{_MODULES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def live(view: View, living: Callable[[], Living | None] = lambda: None) -> Any:
    """Make the widget that was asked for.

    Parameters
    ----------
    view : View
        What to look at.
    living : callable, optional
        Returns what the kernel knows of the script cells that were run in it.

    Returns
    -------
    jupyter_deploy.widgets.base.LiveWidget
        Not yet shown.
    """
    from ..workspace import Workspace

    workspace = Workspace()
    if view.kind == "models":
        return __getattr__("ModelBrowser")(workspace, captured=view.captured)
    service = workspace.services[view.service]
    if view.kind == "card":
        return __getattr__("ServiceCard")(service, living)
    return __getattr__(_CLASSES[view.kind])(service)


def register(ip: InteractiveShell) -> None:
    """Show services that were deployed without waiting as live cards.

    Parameters
    ----------
    ip : IPython.core.interactiveshell.InteractiveShell
        The shell; without a kernel nothing changes.
    """
    if hasattr(ip, "kernel") and ip.display_formatter is not None:
        ip.display_formatter.ipython_display_formatter.for_type_by_name(*_SERVICE, _show_pending)


def unregister(ip: InteractiveShell) -> None:
    """Take that back.

    Parameters
    ----------
    ip : IPython.core.interactiveshell.InteractiveShell
        The shell.
    """
    if ip.display_formatter is not None:
        ip.display_formatter.ipython_display_formatter.pop(".".join(_SERVICE), None)


def _show_pending(service: Any) -> None:
    if service.change is None or not service.change.pending:
        # IPython's way to leave it to the other faces.
        raise NotImplementedError
    __getattr__("ServiceCard")(service)._ipython_display_()


__all__ = ["InvokeForm", "LogView", "MetricsChart", "ModelBrowser", "ServiceCard", "live"]
