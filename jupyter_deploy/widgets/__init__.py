"""Live views in a notebook: a service's card, log, form and chart, an endpoint's traffic, a browser of models.

Importing this room loads nothing of ipywidgets. Static faces are in ``display``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .browser import ModelBrowser as ModelBrowser
    from .card import ServiceCard as ServiceCard
    from .chart import MetricsChart as MetricsChart
    from .form import InvokeForm as InvokeForm
    from .logview import LogView as LogView
    from .traffic import TrafficView as TrafficView
    from .views import live as live
    from .views import register as register
    from .views import unregister as unregister
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "browser": "ModelBrowser",
            "card": "ServiceCard",
            "chart": "MetricsChart",
            "form": "InvokeForm",
            "logview": "LogView",
            "traffic": "TrafficView",
            "views": "live register unregister",
        },
    )
