"""The widget of each view, and the live card of a service that was deployed without waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from IPython.core.interactiveshell import InteractiveShell

    from ..verbs import View
    from ..workspace import Living

_SERVICE = ("jupyter_deploy.workspace.service", "Service")


def live(view: View, living: Callable[[], Living | None] = lambda: None) -> Any:
    """Make the widget of a view; it is not shown yet. ``living`` returns what the kernel knows of its script cells."""
    from ..workspace import Workspace
    from .browser import ModelBrowser
    from .card import ServiceCard
    from .chart import MetricsChart
    from .form import InvokeForm
    from .logview import LogView
    from .rollout import RolloutView
    from .traffic import TrafficView

    workspace = Workspace()
    if view.kind == "models":
        return ModelBrowser(workspace, captured=view.captured)
    if view.kind == "traffic":
        return TrafficView(workspace.endpoints[view.service])
    if view.kind == "rollout":
        return RolloutView(workspace.endpoints[view.service])
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
    """Show services that were deployed without waiting as live cards; does nothing without a kernel."""
    if hasattr(ip, "kernel") and ip.display_formatter is not None:
        ip.display_formatter.ipython_display_formatter.for_type_by_name(*_SERVICE, _show_pending)


def unregister(ip: InteractiveShell) -> None:
    """Undo :func:`register`."""
    if ip.display_formatter is not None:
        ip.display_formatter.ipython_display_formatter.pop(".".join(_SERVICE), None)


def _show_pending(service: Any) -> None:
    if service.change is None or not service.change.pending:
        # IPython's way to use the other formatters.
        raise NotImplementedError
    from .card import ServiceCard

    ServiceCard(service)._ipython_display_()
