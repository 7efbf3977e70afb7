"""What an endpoint is: one address in front of several deployments, and the rules that share its traffic between them.

This room changes nothing that runs: that is ``deploying``. How requests are routed is ``routing``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .records import DeploymentRecord as DeploymentRecord
    from .records import EndpointRecord as EndpointRecord
    from .records import Limits as Limits
    from .records import RunningRouter as RunningRouter
    from .records import check_endpoint_name as check_endpoint_name
    from .records import member_of as member_of
    from .rows import Endpoints as Endpoints
    from .traffic import HEADER as HEADER
    from .traffic import MIRRORED as MIRRORED
    from .traffic import balanced as balanced
    from .traffic import checked_mirror as checked_mirror
    from .traffic import checked_traffic as checked_traffic
    from .traffic import read_shares as read_shares
    from .traffic import shown_shares as shown_shares
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "records": "DeploymentRecord EndpointRecord Limits RunningRouter check_endpoint_name member_of",
            "rows": "Endpoints",
            "traffic": "HEADER MIRRORED balanced checked_mirror checked_traffic read_shares shown_shares",
        },
    )
