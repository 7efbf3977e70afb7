"""Dates, times and durations of JSON, as whole nanoseconds: nothing is rounded and no unit is guessed."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

from .misfit import Misfit, Place, shown

SECOND = 10**9
DAY = 86400 * SECOND
_EPOCH = dt.date(1970, 1, 1).toordinal()
_ISO = re.compile(
    r"(\d{4})-(\d\d?)-(\d\d?)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)?(?: ?(Z|z|[+-]\d\d(?::?\d\d)?))?)?",
    re.ASCII,
)
_CLOCK = re.compile(r"(\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,6}))?)?(?: ?(Z|z|[+-]\d\d(?::?\d\d)?))?", re.ASCII)
_DATE_ADVICE = "Send ISO 8601, for example 2026-01-31T10:00:00Z."
# Nanoseconds per unit, and the smallest number that must be in that unit: a date from 1973 on.
_EPOCHS = ((SECOND, 10**8), (10**6, 10**11), (10**3, 10**14), (1, 10**17))
_UNITS = {
    **dict.fromkeys(("w", "week", "weeks"), 7 * DAY),
    **dict.fromkeys(("d", "day", "days"), DAY),
    **dict.fromkeys(("h", "hr", "hour", "hours"), 3600 * SECOND),
    **dict.fromkeys(("m", "min", "minute", "minutes"), 60 * SECOND),
    **dict.fromkeys(("s", "sec", "second", "seconds"), SECOND),
    **dict.fromkeys(("ms", "milli", "millisecond", "milliseconds"), 10**6),
    **dict.fromkeys(("us", "micro", "microsecond", "microseconds"), 10**3),
    **dict.fromkeys(("ns", "nano", "nanosecond", "nanoseconds"), 1),
}
_ISO_DURATION = re.compile(
    r"([+-]?)P(?=.)(?:(\d+)W)?(?:(\d+)D)?(?:T(?=.)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d{1,9}))?S)?)?", re.ASCII
)
_DAYS_AND_CLOCK = re.compile(r"(?:([+-]?)(\d+) days?,? ?)?(?:([+-]?)(\d+):(\d\d):(\d\d)(?:[.,](\d{1,9}))?)?", re.ASCII)
_AMOUNTS = re.compile(r"([+-]?)((?:\d+ ?[A-Za-z]+(?:, ?| )?)+)", re.ASCII)
_AMOUNT = re.compile(r"(\d+) ?([A-Za-z]+)", re.ASCII)


def instant(value: Any) -> tuple[int, bool]:
    """Read a date with or without a time: nanoseconds since 1970, and whether its zone is known.

    The value is ISO 8601 or a number of seconds, milliseconds, microseconds or nanoseconds since 1970; its size tells
    the unit, and a number that might have two units is refused. Without a zone it is UTC.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return _since_epoch(value), True
    match = _ISO.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise Misfit(f"{shown(value)} is not a date", _DATE_ADVICE)
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    try:
        days = dt.date(int(year), int(month), int(day)).toordinal() - _EPOCH
        clock = dt.time(int(hour or 0), int(minute or 0), int(second or 0))
    except ValueError as error:
        raise Misfit(f"{shown(value)} is not a date: {error}", _DATE_ADVICE) from None
    seconds = days * 86400 + clock.hour * 3600 + clock.minute * 60 + clock.second - _offset(zone)
    return seconds * SECOND + int((fraction or "0").ljust(9, "0")), zone is not None


def _offset(zone: str | None) -> int:
    if zone is None or zone in "Zz":
        return 0
    digits = zone[1:].replace(":", "").ljust(4, "0")
    if int(digits[:2]) > 23 or int(digits[2:]) > 59:
        raise Misfit(f"{shown(zone)} is not a time zone", _DATE_ADVICE)
    seconds = int(digits[:2]) * 3600 + int(digits[2:]) * 60
    return -seconds if zone[0] == "-" else seconds


def refuse_mixed_units(cells: Iterable[Any]) -> None:
    """Refuse numbers of several units in one column: one of them would be read wrongly.

    The error has the index of the first that differs from those before it, as its row.
    """
    known = None
    for row, cell in enumerate(cells):
        if isinstance(cell, (int, float)) and cell and cell == cell:
            unit = next((unit for unit, least in _EPOCHS if least <= abs(cell) < 100 * least), None)
            known = known or unit
            if unit != known:
                raise Misfit(f"{shown(cell)} has another unit than the rows before", _DATE_ADVICE, Place(row=row))


def _since_epoch(value: float) -> int:
    size = abs(value)
    if size == 0:
        return 0
    for unit, least in _EPOCHS:
        if least <= size < 100 * least:
            if isinstance(value, int):
                return value * unit
            if unit > 10**3:
                return round(value * (unit // 10**3)) * 10**3
            if value.is_integer() and size <= 2**53:
                return int(value) * unit
    raise Misfit(f"{shown(value)} may be a date in several units", _DATE_ADVICE)


def moment(value: Any, like: dt.datetime) -> dt.datetime:
    """Read a date and time for a script that takes ``datetime``; numbers are UTC.

    If ``like``, the sample, has a zone, the value must have one. Fractions below microseconds are refused.
    """
    nanoseconds, zoned = instant(value)
    micro, rest = divmod(nanoseconds, 1000)
    if rest:
        raise Misfit(f"{shown(value)} is finer than microseconds", "Send at most six digits after the seconds.")
    try:
        found = dt.datetime(1970, 1, 1) + dt.timedelta(microseconds=micro)
        if not zoned:
            if like.tzinfo is not None:
                raise Misfit(f"{shown(value)} has no time zone", "Add the zone, for example Z for UTC.")
            return found
        if not isinstance(value, str):
            return found.replace(tzinfo=dt.UTC).astimezone(like.tzinfo) if like.tzinfo else found
        match = _ISO.fullmatch(value)
        zone = dt.timezone(dt.timedelta(seconds=_offset(match and match[8])))
        return found.replace(tzinfo=dt.UTC).astimezone(zone)
    except OverflowError:
        raise Misfit(f"{shown(value)} is outside of the years 1 to 9999", _DATE_ADVICE) from None


def day(value: Any) -> dt.date:
    """Read a date: ISO 8601, or its midnight as for :func:`instant`."""
    nanoseconds, _ = instant(value)
    if nanoseconds % DAY:
        raise Misfit(f"{shown(value)} has a time of day", "Send the date alone, for example 2026-01-31.")
    return day_of(nanoseconds)


def day_of(nanoseconds: int) -> dt.date:
    """Find the day, in UTC, of nanoseconds since 1970."""
    return dt.date.fromordinal(_EPOCH + nanoseconds // DAY)


def clock(value: Any) -> dt.time:
    """Read a time of day in ISO 8601, with the zone that was sent."""
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    advice = "Send ISO 8601, for example 10:11:12."
    if match is None:
        raise Misfit(f"{shown(value)} is not a time of day", advice)
    hour, minute, second, fraction, zone = match.groups()
    known = None if zone is None else dt.timezone(dt.timedelta(seconds=_offset(zone)))
    try:
        return dt.time(int(hour), int(minute), int(second or 0), int((fraction or "0").ljust(6, "0")), known)
    except ValueError as error:
        raise Misfit(f"{shown(value)} is not a time of day: {error}", advice) from None


def duration(value: Any) -> int:
    """Read a duration in nanoseconds; a number is refused, because it has no unit.

    ``"P1DT2H"`` (ISO 8601), ``"1 days 02:00:00"``, ``"02:00:00"`` and ``"90 min"`` are durations.
    """
    if isinstance(value, str) and value:
        for read in (_iso_duration, _days_and_clock, _amounts):
            found = read(value)
            if found is not None:
                return found
    if value == 0 and not isinstance(value, bool):
        return 0
    raise Misfit(f"{shown(value)} is not a duration with its unit", "Send ISO 8601, for example P1DT2H30M.")


def _iso_duration(text: str) -> int | None:
    match = _ISO_DURATION.fullmatch(text)
    if match is None:
        return None
    sign, *amounts, fraction = match.groups()
    units = (7 * DAY, DAY, 3600 * SECOND, 60 * SECOND, SECOND)
    total = sum(int(amount or 0) * unit for amount, unit in zip(amounts, units, strict=True))
    total += int((fraction or "0").ljust(9, "0"))
    return -total if sign == "-" else total


def _days_and_clock(text: str) -> int | None:
    match = _DAYS_AND_CLOCK.fullmatch(text)
    if match is None:
        return None
    sign, days, clock_sign, hours, minutes, seconds, fraction = match.groups()
    of_day = int(hours or 0) * 3600 + int(minutes or 0) * 60 + int(seconds or 0)
    rest = of_day * SECOND + int((fraction or "0").ljust(9, "0"))
    whole = int(days or 0) * DAY
    # pandas writes minus one second as "-1 days +23:59:59".
    negative = clock_sign == "-" or (sign == "-" and not clock_sign)
    return (-whole if sign == "-" else whole) + (-rest if negative else rest)


def _amounts(text: str) -> int | None:
    match = _AMOUNTS.fullmatch(text)
    if match is None:
        return None
    total = 0
    for amount, name in _AMOUNT.findall(match[2]):
        unit = _UNITS.get(name.lower() if len(name) > 2 else name)
        if unit is None:
            return None
        total += int(amount) * unit
    return -total if match[1] == "-" else total
