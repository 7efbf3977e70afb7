"""Many JSON values as one NumPy array.

NumPy converts them all at once if the result proves that nothing was lost. Otherwise they are read one by one, which
finds the value to name.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from . import scalars, times
from .misfit import Misfit, shown

_NO_TIME = -(2**63)
# Nanoseconds per NumPy unit, and units per nanosecond.
_LONG = {"W": 7 * times.DAY, "D": times.DAY, "h": 3600 * times.SECOND, "m": 60 * times.SECOND}
_UNITS = {**_LONG, "s": times.SECOND, "ms": 10**6, "us": 10**3, "ns": 1}
_FINE = {"ps": 10**3, "fs": 10**6, "as": 10**9}
_NUMBERS = frozenset({int, float, bool, type(None)})


def vector(cells: Sequence[Any], dtype: Any) -> Any:
    """Convert values to a one-dimensional array of the sample's ``dtype``; texts may be longer than the sample's.

    The error has the index of the first value that does not fit, as its row.
    """
    import numpy as np

    if dtype.kind in "biufc":
        try:
            raw = np.array(cells)
        except (ValueError, OverflowError):  # lists within, of different lengths
            raw = None
        found = proven(raw, dtype) if raw is not None and raw.ndim == 1 else None
        if found is not None:
            return found
    if dtype.kind == "O":
        return objects(cells)
    if dtype.kind == "V":
        raise Misfit(f"no JSON can be {dtype}", "Give the sample another type.")
    converted = each(cells, _rule(dtype))
    if dtype.kind in "Mm":
        times.refuse_mixed_units(cells)
        return np.array(converted, dtype=np.int64).view(dtype.newbyteorder("="))
    if dtype.kind in "US":
        return _texts(converted, dtype)
    return _numbers(cells, converted, dtype)


def proven(raw: Any, dtype: Any) -> Any:
    """Convert numbers and booleans if a look at all of them proves that nothing is lost; otherwise None.

    ``raw`` is the array that NumPy made from the lists.
    """
    import numpy as np

    given, wanted = raw.dtype.kind, dtype.kind
    if wanted == "b":
        if given == "b" or (given in "iuf" and ((raw == 0) | (raw == 1)).all()):
            return raw.astype(dtype, copy=False)
        return None
    if wanted in "iu":
        if raw.dtype == dtype:
            return raw
        limits = np.iinfo(dtype)
        if given == "f":
            # Beyond 2**53, NumPy may have merged several numbers into one.
            whole = (raw == np.trunc(raw)) & (np.abs(raw) <= scalars.EXACT)
            if not whole.all():
                return None
        elif given not in "biu":
            return None
        fits = not raw.size or (int(raw.min()) >= limits.min and int(raw.max()) <= limits.max)
        return raw.astype(dtype) if fits else None
    return _floats(raw, dtype)


def _floats(raw: Any, dtype: Any) -> Any:
    import numpy as np

    if raw.dtype == dtype:
        return raw
    if raw.dtype.kind == "O" and _NUMBERS.issuperset(map(type, raw.ravel().tolist())):
        try:
            raw = raw.astype(np.float64)
        except OverflowError:
            return None
    if raw.dtype.kind not in "biuf":
        return None
    with np.errstate(over="ignore"):
        found = raw.astype(dtype)
    same = found.dtype.itemsize >= raw.dtype.itemsize
    return found if same or (np.isfinite(found) | ~np.isfinite(raw)).all() else None


def each(cells: Sequence[Any], rule: Callable[[Any], Any]) -> list[Any]:
    """Convert values one by one with ``rule``; the error has the index as its row."""
    found = []
    for index, cell in enumerate(cells):
        try:
            found.append(rule(cell))
        except Misfit as misfit:
            raise misfit.at(row=index) from None
    return found


def objects(cells: Sequence[Any]) -> Any:
    """Put values into a one-dimensional array of objects as they are, lists too."""
    import numpy as np

    found = np.empty(len(cells), dtype=object)
    for index, cell in enumerate(cells):
        found[index] = cell
    return found


def _rule(dtype: Any) -> Callable[[Any], Any]:
    import numpy as np

    if dtype.kind in "iu":
        limits = np.iinfo(dtype)
        return partial(scalars.integer, low=int(limits.min), high=int(limits.max))
    rules: dict[str, Callable[[Any], Any]] = {
        "b": scalars.boolean,
        "f": scalars.floating,
        "c": scalars.floating,
        "U": _text,
        "S": _ascii,
        "M": partial(_date, dtype=dtype),
        "m": partial(_duration, dtype=dtype),
    }
    return rules[dtype.kind]


def _text(value: Any) -> str:
    found = scalars.text(value)
    if found.endswith("\0"):
        raise Misfit(f"{shown(value)} ends with NUL, which numpy drops", "Send it without the NUL.")
    return found


def _ascii(value: Any) -> bytes:
    try:
        return _text(value).encode("ascii")
    except UnicodeEncodeError:
        raise Misfit(f"{shown(value)} is not ASCII", "Send a text of ASCII characters.") from None


def _texts(converted: list[Any], dtype: Any) -> Any:
    import numpy as np

    # A text may be wider than the sample's: the sample is only a sample.
    width = max((len(item) for item in converted), default=1)
    sample = dtype.itemsize // (4 if dtype.kind == "U" else 1)
    return np.array(converted, dtype=f"{dtype.kind}{max(width, sample, 1)}")


def _numbers(cells: Sequence[Any], converted: list[Any], dtype: Any) -> Any:
    import numpy as np

    with np.errstate(over="ignore"):
        found = np.array(converted, dtype=dtype)
    if dtype.kind in "fc":
        for index in map(int, np.flatnonzero(~np.isfinite(found))):
            if math.isfinite(converted[index]):
                raise scalars.too_large(cells[index], dtype.name).at(row=index)
    return found


def _date(value: Any, dtype: Any) -> int:
    if value is None:
        return _NO_TIME
    nanoseconds, _ = times.instant(value)
    return in_unit(value, nanoseconds, dtype, "date")


def _duration(value: Any, dtype: Any) -> int:
    return _NO_TIME if value is None else in_unit(value, times.duration(value), dtype, "duration")


def in_unit(value: Any, nanoseconds: int, dtype: Any, what: str) -> int:
    """Count a time in a unit of NumPy's ``datetime64`` or ``timedelta64``, as an integer of 64 bits.

    It is refused if it lies between two steps of the unit or outside its range; ``value`` and ``what`` are for that
    error.
    """
    import numpy as np

    unit, step = np.datetime_data(dtype)
    if unit in ("Y", "M"):
        count, rest = _months(nanoseconds, unit, step) if what == "date" else (0, 1)
    elif unit in _FINE:
        count, rest = divmod(nanoseconds * _FINE[unit], step)
    elif unit in _UNITS:
        count, rest = divmod(nanoseconds, _UNITS[unit] * step)
    else:
        raise Misfit(f"the sample's type {dtype} has no unit", "Give the sample a unit, for example datetime64[s].")
    if rest:
        raise Misfit(f"{shown(value)} is finer than the sample's {dtype}", f"Send a {what} in whole units of it.")
    if not _NO_TIME < count < 2**63:
        raise Misfit(f"{shown(value)} is outside of the range of {dtype}", f"Send a {what} that is nearer to 1970.")
    return count


def _months(nanoseconds: int, unit: str, step: int) -> tuple[int, int]:
    date = times.day_of(nanoseconds)
    exact = nanoseconds % times.DAY == 0 and date.day == 1 and (unit == "M" or date.month == 1)
    months = (date.year - 1970) * 12 + date.month - 1
    count, rest = divmod(months if unit == "M" else date.year - 1970, step)
    return count, rest if exact else 1
