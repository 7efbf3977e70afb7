"""Percentages, durations and steps as people write them."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

from ..errors import UsageProblem

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)\s*(ms|s|min|m|h)")
_WHOLE = 100
_DAY = 86_400.0


def share_of(value: object, name: str, example: str) -> float:
    """Read a share: ``"1%"``, ``"0.01"`` or 0.01. A bare 1 is refused: it could be either.

    Raises
    ------
    UsageProblem
        For anything that is not from 0 to 100 %.
    """
    found = math.nan
    if isinstance(value, str):
        text = value.strip()
        bare = text.removesuffix("%").strip()
        if re.fullmatch(r"\d+(?:\.\d*)?|\.\d+", bare) and ("%" in text or "." in bare or float(bare) == 0):
            found = float(bare) / (_WHOLE if "%" in text else 1)
    elif isinstance(value, float) or (isinstance(value, int) and not isinstance(value, bool) and value == 0):
        found = float(value)
    if not 0 <= found <= 1:
        raise UsageProblem(f"{name} must be a percentage, not {value!r}.", hint=f'For example "{example}".')
    return found


def seconds_of(value: object, name: str, example: str, *, bare: bool = False) -> float:
    """Read a duration: ``"30s"``, ``"200ms"``, ``"2m"`` or a timedelta; ``bare`` numbers are seconds.

    Raises
    ------
    UsageProblem
        For anything else, and for more than a day.
    """
    found = math.nan
    if isinstance(value, timedelta):
        found = value.total_seconds()
    elif isinstance(value, str) and (match := _DURATION.fullmatch(value.strip())):
        found = float(match[1]) * _UNITS[match[2]]
    elif bare and isinstance(value, int | float) and not isinstance(value, bool):
        found = float(value)
    if not 0 < found <= _DAY:
        raise UsageProblem(
            f"{name} must be a time with its unit, not {value!r}.", hint=f'For example "{example}"; at most a day.'
        )
    return found


def whole_of(value: object, name: str, least: int, most: int) -> int:
    """Read a whole number between two others, or refuse it."""
    text = str(value).strip() if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not re.fullmatch(r"\d+", text) or not least <= int(text) <= most:
        raise UsageProblem(
            f"{name} must be a whole number from {least} to {most}, not {value!r}.", hint="For example 50."
        )
    return int(text)


def steps_of(value: object) -> tuple[int, ...]:
    """Read ``"10,50,100"`` or a sequence: percentages that grow, the last of them 100.

    Raises
    ------
    UsageProblem
        For anything else.
    """
    words: Sequence[object] = ()
    if isinstance(value, str):
        words = [word for word in re.split(r"[\s,]+", value.strip()) if word]
    elif isinstance(value, Sequence):
        words = value
    steps = tuple(
        whole_of(word.removesuffix("%") if isinstance(word, str) else word, "a step", 1, _WHOLE) for word in words
    )
    if not steps or steps[-1] != _WHOLE or any(one >= other for one, other in pairwise(steps)):
        raise UsageProblem(
            f"The steps must be percentages that grow, the last of them 100, not {value!r}.",
            hint='For example "10,50,100".',
        )
    return steps
