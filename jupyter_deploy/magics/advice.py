"""One line below the errors of a notebook's own code that calls services in the ways that old notebooks do."""

from __future__ import annotations

import re
import sys
from typing import Any, NamedTuple


class Habit(NamedTuple):
    """A way of calling services that fails, by its exception and by the cell that raises it.

    Parameters
    ----------
    kind : str
        The exception's class.
    message : str
        A pattern that is found in its text.
    cell : str
        A pattern that is found in the cell.
    hint : str
        What to write.
    """

    kind: str
    message: str
    cell: str
    hint: str


_REQUESTS = "The module's name is requests: requests.post(…)."
HABITS = (
    Habit(
        "TypeError",
        r"the JSON object must be str, bytes or bytearray, not (?!bytes)\w+",
        r"json\.loads\(",
        "An answer of a service is decoded already: leave json.loads out.",
    ),
    Habit("NameError", r"name 'request' is not defined", r"\brequest\.(post|get)\(", _REQUESTS),
    Habit("AttributeError", r"'\w*Request' object has no attribute", r"\brequest\.(post|get)\(", _REQUESTS),
    Habit(
        "TypeError",
        r"Object of type \w+ is not JSON serializable",
        r"\.(invoke|run|post)\(",
        "%invoke and Service.invoke take arrays and data frames as they are; json.dumps does not.",
    ),
)


def advise(result: Any) -> None:
    """Print a hint below the error of a cell, where there is one (IPython's ``post_run_cell`` hook).

    Parameters
    ----------
    result : IPython.core.interactiveshell.ExecutionResult
        What became of the cell.
    """
    error, cell = result.error_in_exec, str(getattr(result.info, "raw_cell", ""))
    for habit in HABITS:
        if type(error).__name__ == habit.kind and re.search(habit.message, str(error)) and re.search(habit.cell, cell):
            sys.stderr.write(f"Hint: {habit.hint}\n")
            return
