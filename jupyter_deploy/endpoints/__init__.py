"""What an endpoint is: one address in front of several deployments, and the rules that share its traffic between them.

This room changes nothing that runs: that is ``deploying``. How requests are routed is ``routing``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .agreement import agree_as_sent as agree_as_sent
    from .agreement import columns as columns
    from .agreement import columns_of as columns_of
    from .agreement import distance as distance
    from .agreement import drift as drift
    from .agreement import scalars as scalars
    from .records import DeploymentRecord as DeploymentRecord
    from .records import EndpointRecord as EndpointRecord
    from .records import Limits as Limits
    from .records import RunningRouter as RunningRouter
    from .records import check_endpoint_name as check_endpoint_name
    from .records import member_of as member_of
    from .rollout_rows import WISHES as WISHES
    from .rollout_rows import RolloutRecord as RolloutRecord
    from .rollout_rows import Rollouts as Rollouts
    from .rollout_rows import refuse_while_running as refuse_while_running
    from .rollouts import MIRRORING as MIRRORING
    from .rollouts import Observed as Observed
    from .rollouts import Plan as Plan
    from .rollouts import Seen as Seen
    from .rollouts import Verdict as Verdict
    from .rollouts import decide as decide
    from .rollouts import percentile as percentile
    from .rows import Endpoints as Endpoints
    from .scaling import MOST_INSTANCES as MOST_INSTANCES
    from .scaling import SUSTAINED_SECONDS as SUSTAINED_SECONDS
    from .scaling import Load as Load
    from .scaling import Scaling as Scaling
    from .scaling import instances_for as instances_for
    from .scaling import needed_for as needed_for
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
            "agreement": "agree_as_sent columns columns_of distance drift scalars",
            "rollout_rows": "WISHES RolloutRecord Rollouts refuse_while_running",
            "rollouts": "MIRRORING Observed Plan Seen Verdict decide percentile",
            "rows": "Endpoints",
            "scaling": "MOST_INSTANCES SUSTAINED_SECONDS Load Scaling instances_for needed_for",
            "traffic": "HEADER MIRRORED balanced checked_mirror checked_traffic read_shares shown_shares",
        },
    )
