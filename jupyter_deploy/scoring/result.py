"""What a scoring did."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import UsageProblem


@dataclass(frozen=True)
class FailedRow:
    """A row without a prediction."""

    row: int  # its number, from 1
    message: str
    status: int = 0  # the answer's; 0 where nothing was sent, or no answer came

    def as_dict(self) -> dict[str, Any]:
        """Return the fields for JSON."""
        return dict(vars(self))


@dataclass(frozen=True)
class Scored:
    """What became of the rows of a table."""

    service: str
    input: str
    output: str
    rows: int  # of the input
    done: int  # rows with a prediction or a reason, also of earlier runs
    failed: int  # of those, the ones without a prediction
    resumed: int  # of those, the ones of earlier runs
    seconds: float  # of this run
    rows_a_request: int
    concurrency: int  # requests at once
    engine: str = "threads"
    failed_file: str = ""  # where the failed rows are; empty if there are none
    errors: tuple[FailedRow, ...] = ()  # the first few of them
    interrupted: bool = False  # whether it was ended before all rows were done
    notes: tuple[str, ...] = ()
    again: str = ""  # the command that goes on, of an interrupted run
    _frame: Any = field(default=None, repr=False, compare=False)

    @property
    def predicted(self) -> int:
        """Rows with a prediction."""
        return self.done - self.failed

    @property
    def rate(self) -> float:
        """Rows a second, in this run."""
        return (self.done - self.resumed) / self.seconds if self.seconds > 0 else 0.0

    def table(self) -> Any:
        """Read the output into a data frame.

        Raises
        ------
        UsageProblem
            If the run was interrupted, or pandas is not installed.
        """
        if self._frame is not None:
            return self._frame
        if self.interrupted:
            raise UsageProblem("The scoring was interrupted: there is no output yet.", hint=self.again)
        try:
            import pandas as pd
        except ImportError as error:
            raise UsageProblem("A table needs pandas.", hint="pip install pandas") from error
        path = Path(self.output)
        ending = path.suffix.lower()
        if ending in {".csv", ".tsv"}:
            return pd.read_csv(path, sep="\t" if ending == ".tsv" else ",")
        return pd.read_parquet(path) if ending in {".parquet", ".pq"} else pd.read_json(path, lines=True)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON."""
        facts = {name: value for name, value in vars(self).items() if not name.startswith("_")}
        more = {"predicted": self.predicted, "rows_per_second": round(self.rate, 3), "seconds": round(self.seconds, 6)}
        return {**facts, **more, "errors": [one.as_dict() for one in self.errors], "notes": list(self.notes)}
