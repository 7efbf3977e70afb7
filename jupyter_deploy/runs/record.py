"""The nouns: a run, and one value that it logged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..errors import UsageProblem

# Statuses in which a run goes on.
LIVE = ("NotStarted", "Preparing", "Running", "Finalizing")
_PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True)
class Metric:
    """One value that was logged.

    Parameters
    ----------
    name : str
        Several values of a name make a series.
    kind : str
        ``"scalar"``, ``"list"``, ``"row"``, ``"table"``, ``"image"``, or the name of a chart such as
        ``"confusion matrix"``.
    value : object
        Plain: numbers, texts, lists and mappings of them.
    step : int or None
        The position in its series, where one was given.
    """

    name: str
    kind: str
    value: Any
    step: int | None = None


@dataclass(frozen=True)
class RunRecord:
    """A run as its row has it.

    Parameters
    ----------
    status : str
        Azure ML's word: ``"Running"``, ``"Completed"``, ``"Failed"``, ``"Canceled"``.
    parent, error : str
        The id of the run that it is a child of; what it failed with. Empty where there is none.
    """

    id: str
    experiment: str
    parent: str
    name: str
    status: str
    error: str
    tags: Mapping[str, str] = field(hash=False)
    properties: Mapping[str, str] = field(hash=False)
    created: datetime
    ended: datetime | None

    @property
    def live(self) -> bool:
        """Whether it goes on."""
        return self.status in LIVE


def plain_value(name: str, value: Any) -> Any:
    """Turn a metric's value into what JSON has: arrays and their scalars become lists and numbers.

    Raises
    ------
    UsageProblem
        Naming the metric, for a value of another kind.
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain_value(name, item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain_value(name, item) for item in value]
    if isinstance(value, _PLAIN):
        return value
    try:
        return float(value)
    except (TypeError, ValueError):
        raise UsageProblem(
            f"The metric {name!r} cannot hold a {type(value).__name__}.",
            hint="Numbers, texts, lists and dictionaries of them can be logged.",
        ) from None
