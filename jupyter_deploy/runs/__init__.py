"""Runs of experiments: their metrics, tags, properties and files.

It keeps what a training script reports. It starts nothing, and knows nothing of models: the caller that registers one
gives it the run's id.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .record import LIVE as LIVE
    from .record import Metric as Metric
    from .record import RunRecord as RunRecord
    from .record import plain_value as plain_value
    from .runs import Runs as Runs
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "record": "LIVE Metric RunRecord plain_value",
            "runs": "Runs",
        },
    )
