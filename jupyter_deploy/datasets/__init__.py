"""Data sets: named, numbered tables read from files, and the folders that such files are uploaded to.

It holds requests for a profile and what a model was trained on. It is no data platform: files are text, rows are texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .datasets import DatasetRecord as DatasetRecord
    from .datasets import Datasets as Datasets
    from .datastores import DEFAULT as DEFAULT
    from .datastores import Datastores as Datastores
    from .reading import Reading as Reading
    from .reading import Table as Table
    from .reading import read_table as read_table
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "datasets": "DatasetRecord Datasets",
            "datastores": "DEFAULT Datastores",
            "reading": "Reading Table read_table",
        },
    )
