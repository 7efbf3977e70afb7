"""What a scoring writes: the output as CSV, Parquet or JSON lines, and the failed rows beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door

if TYPE_CHECKING:
    from .writing import FAILED_ENDING as FAILED_ENDING
    from .writing import publish as publish
    from .writing import write_failures as write_failures
else:
    __getattr__, __dir__ = door(__name__, {"writing": "FAILED_ENDING publish write_failures"})
