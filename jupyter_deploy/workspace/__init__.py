"""The façade: :class:`Workspace` and the handle of one service; all that a user can do, in Python.

The edges (magics, command line, widgets) only translate to it. Rules are in the rooms below it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .collected import Collected as Collected
    from .collected import CollectedData as CollectedData
    from .collected import CollectedRows as CollectedRows
    from .collected import shown as shown
    from .endpoint import Endpoint as Endpoint
    from .endpoint_deployment import EndpointDeployment as EndpointDeployment
    from .endpoint_rollout import EndpointRollout as EndpointRollout
    from .endpoint_rows import EndpointRows as EndpointRows
    from .endpoints import LiveEndpoints as LiveEndpoints
    from .labels import Label as Label
    from .living import Living as Living
    from .living import Run as Run
    from .opening import PRUNE as PRUNE
    from .profile import Latencies as Latencies
    from .profile import Profile as Profile
    from .profiles import Profiles as Profiles
    from .replayed import Replayed as Replayed
    from .service import Service as Service
    from .services import LiveServices as LiveServices
    from .trial import Trial as Trial
    from .watching import Moved as Moved
    from .watching import Watch as Watch
    from .watching import endpoint_facts as endpoint_facts
    from .watching import health_of as health_of
    from .watching import silent as silent
    from .workspace import Workspace as Workspace
    from .written import Written as Written
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "collected": "Collected CollectedData CollectedRows shown",
            "endpoint": "Endpoint",
            "endpoint_deployment": "EndpointDeployment",
            "endpoint_rollout": "EndpointRollout",
            "endpoint_rows": "EndpointRows",
            "endpoints": "LiveEndpoints",
            "labels": "Label",
            "living": "Living Run",
            "opening": "PRUNE",
            "replayed": "Replayed",
            "profile": "Latencies Profile",
            "profiles": "Profiles",
            "service": "Service",
            "services": "LiveServices",
            "trial": "Trial",
            "watching": "Moved Watch endpoint_facts health_of silent",
            "workspace": "Workspace",
            "written": "Written",
        },
    )
