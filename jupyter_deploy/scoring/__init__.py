"""Score a table with a service: its rows become requests, the answers a file with one row for each.

What is done is in a journal beside the output, so that a run which was killed goes on. The room knows no rows of
services: who calls it says how a service is reached. What the rows are, ``sources`` knows; what is written, ``sinks``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .cluster import Cluster as Cluster
    from .cluster import Hosted as Hosted
    from .cluster import processes_here as processes_here
    from .http_asker import HttpAsker as HttpAsker
    from .lanes import Engine as Engine
    from .lanes import Lanes as Lanes
    from .options import ENGINES as ENGINES
    from .options import FORMS as FORMS
    from .options import Asked as Asked
    from .options import ScoreOptions as ScoreOptions
    from .options import output_of as output_of
    from .plan import Plan as Plan
    from .result import FailedRow as FailedRow
    from .result import Scored as Scored
    from .run import Job as Job
    from .run import Run as Run
    from .sources import source_of as source_of
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "cluster": "Cluster Hosted processes_here",
            "http_asker": "HttpAsker",
            "lanes": "Engine Lanes",
            "options": "ENGINES FORMS Asked ScoreOptions output_of",
            "plan": "Plan",
            "result": "FailedRow Scored",
            "run": "Job Run",
            "sources": "source_of",
        },
    )
