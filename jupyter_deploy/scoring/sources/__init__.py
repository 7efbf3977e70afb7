"""Where the rows of a scoring come from: a CSV, Parquet or JSON lines file, or a data frame, each read as a stream."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door

if TYPE_CHECKING:
    from .choice import ENDINGS as ENDINGS
    from .choice import source_of as source_of
    from .csv_file import CsvFile as CsvFile
    from .frame import Frame as Frame
    from .parquet_file import ParquetFile as ParquetFile
    from .parquet_file import arrow as arrow
    from .rows import Row as Row
    from .rows import Scan as Scan
    from .rows import Source as Source
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "choice": "ENDINGS source_of",
            "csv_file": "CsvFile",
            "frame": "Frame",
            "parquet_file": "ParquetFile arrow",
            "rows": "Row Scan Source",
        },
    )
