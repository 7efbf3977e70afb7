"""OpenTelemetry's traces and metrics, where a service is asked for them; without that, nothing of it is imported.

``presence`` tells whether it is asked for and installed. ``traffic`` is the front's part, ``runs`` a worker's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door

if TYPE_CHECKING:
    from .presence import ENDPOINT_VARIABLE as ENDPOINT_VARIABLE
    from .presence import TELEMETRY_PACKAGES as TELEMETRY_PACKAGES
    from .presence import check_endpoint as check_endpoint
    from .presence import check_installed as check_installed
    from .presence import endpoint_in as endpoint_in
    from .presence import is_telemetry_installed as is_telemetry_installed
    from .runs import Runs as Runs
    from .traffic import Traffic as Traffic
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "presence": (
                "ENDPOINT_VARIABLE TELEMETRY_PACKAGES check_endpoint check_installed endpoint_in is_telemetry_installed"
            ),
            "runs": "Runs",
            "traffic": "Traffic",
        },
    )
