"""Which widget a view is; the card of a service that was deployed without waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from ..verbs import View
    from ..workspace import Living

_SERVICE = ("jupyter_deploy.workspace.service", "Service")


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
    from .browser import ModelBrowser
    from .card import ServiceCard
    from .chart import MetricsChart
    from .form import InvokeForm
    from .logview import LogView

    workspace = Workspace()
    if view.kind == "models":
        return ModelBrowser(workspace, captured=view.captured)
    service = workspace.services[view.service]
    if view.kind == "card":
        return ServiceCard(service, living)
    kinds: dict[str, type[LogView | InvokeForm | MetricsChart]] = {
        "log": LogView,
        "form": InvokeForm,
        "chart": MetricsChart,
    }
    return kinds[view.kind](service)


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
    from .card import ServiceCard

    ServiceCard(service)._ipython_display_()
