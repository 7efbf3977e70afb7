"""What a sample's columns make of JSON: the same values, or an error that names parameter, column, row and value.

Each case holds with inference-schema's own types and with those that stand in for them.
"""

from __future__ import annotations

import datetime as dt
import math
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.serving.parameters import converted, named, refused

NAN, NAT = float("nan"), pd.NaT


def column(dtype: Any, *cells: Any) -> pd.Series[Any]:
    return pd.Series(list(cells), dtype=dtype)


ZONED = pd.Series(pd.to_datetime(["2026-01-02T00:00:00Z"])).dt.tz_convert("Europe/Berlin")
CATEGORY = pd.Series(pd.Categorical(["red", "blue"]))
ORDERED = pd.Series(pd.Categorical(["low"], categories=["low", "high"], ordered=True))

# A sample's column, what is sent for its cells, and what the script gets.
KEPT: list[tuple[Any, list[Any], list[Any]]] = [
    (column("bool", True), [True, False], [True, False]),
    (column("bool", True), ["true", "False", "TRUE"], [True, False, True]),
    (column("bool", True), [1, 0, 1.0, 0.0], [True, False, True, False]),
    (column("bool", True), [True, "false", 0], [True, False, False]),
    (column("int64", 1), [1, -(2**63), 2**63 - 1], [1, -(2**63), 2**63 - 1]),
    (column("int64", 1), [3.0, 4], [3, 4]),
    (column("int64", 1), [2**60 + 1, 1.0], [2**60 + 1, 1]),
    (column("int64", 1), [2**53 + 1, 1.0], [2**53 + 1, 1]),
    (column("int64", 1), ["3", "-12", 4], [3, -12, 4]),
    (column("uint8", 1), [0, 255], [0, 255]),
    (column("int32", 1), [-(2**31), 2**31 - 1], [-(2**31), 2**31 - 1]),
    (column("uint64", 1), [2**64 - 1, 0], [2**64 - 1, 0]),
    (column("float64", 1), [1, 2.5, None, NAN], [1.0, 2.5, NAN, NAN]),
    (column("float64", 1), ["1.5", "-2e3", 7], [1.5, -2000.0, 7.0]),
    (column("float64", 1), [2**53 + 1, 10**30], [float(2**53 + 1), 1e30]),
    (column("float64", 1), [None, None], [NAN, NAN]),
    (column("float32", 1), [0.1, 1, None], [float(np.float32(0.1)), 1.0, NAN]),
    (column("float32", 1), [math.inf], [math.inf]),
    (column("float16", 1), [65504], [65504.0]),
    (column("str", "a"), ["00123", "é", None], ["00123", "é", NAN]),
    (column("object", "a"), ["00123", None, 5, [1]], ["00123", None, 5, [1]]),
    (column("object", "a"), ["00123", "é"], ["00123", "é"]),
    (column("object", True, None), [None, "true", 0], [None, True, False]),
    (column("object", 2**70), [2**71, None, 3.0], [2**71, None, 3]),
    (column("object", dt.date(2026, 1, 2)), ["2026-02-28", None], [dt.date(2026, 2, 28), None]),
    (column("object", dt.time(1, 2)), ["10:11:12.5"], [dt.time(10, 11, 12, 500000)]),
    (column("object", Decimal("1.5")), [0.1, "2.50", 3], [Decimal("0.1"), Decimal("2.50"), Decimal(3)]),
    (column("object", [1], [2]), [[1, 2], []], [[1, 2], []]),
    (column("object", {"a": 1}), [{"b": [1]}], [{"b": [1]}]),
    (column("string", "a"), ["00123", None], ["00123", pd.NA]),
    (column("Int64", 1), [1, None, 3.0, 2**63 - 1], [1, pd.NA, 3, 2**63 - 1]),
    (column("Int64", 1), [None], [pd.NA]),
    (column("UInt8", 1), ["7", NAN], [7, pd.NA]),
    (column("Float32", 1), [0.5, None], [0.5, pd.NA]),
    (column("boolean", True), [True, None, "false", 0], [True, pd.NA, False, False]),
    (CATEGORY, ["blue", None, "red"], ["blue", NAN, "red"]),
    (CATEGORY, ["green", "red", "green"], ["green", "red", "green"]),
    (ORDERED, ["high", None], ["high", NAN]),
    (pd.Series(pd.Categorical([1, 2])), [2, 3, 1.0], [2, 3, 1]),
    (pd.Series(pd.Categorical([True, False])), [False, "true"], [False, True]),
    (pd.Series(pd.cut([1.0, 5.0], [0, 2, 6])), ["(2, 6]", None], [pd.Interval(2, 6), NAN]),
    (column("datetime64[ns]", "2026-01-02"), ["2020-05-05T10:00:00Z"], [pd.Timestamp("2020-05-05 10:00")]),
    (column("datetime64[ns]", "2026-01-02"), ["2020-05-05T12:00:00+02:00"], [pd.Timestamp("2020-05-05 10:00")]),
    (column("datetime64[ns]", "2026-01-02"), ["2020-05-05 10:00", None], [pd.Timestamp("2020-05-05 10:00"), NAT]),
    (column("datetime64[ns]", "2026-01-02"), ["2020-05-05"], [pd.Timestamp("2020-05-05")]),
    (column("datetime64[ns]", "2026-01-02"), [1588672800000], [pd.Timestamp("2020-05-05 10:00")]),
    (column("datetime64[ns]", "2026-01-02"), [1588672800], [pd.Timestamp("2020-05-05 10:00")]),
    (column("datetime64[ns]", "2026-01-02"), [1588672800.5], [pd.Timestamp("2020-05-05 10:00:00.5")]),
    (column("datetime64[ns]", "2026-01-02"), [1588672800000000001], [pd.Timestamp(1588672800000000001)]),
    (column("datetime64[ns]", "2026-01-02"), [-157766400000, 0], [pd.Timestamp("1965-01-01"), pd.Timestamp(0)]),
    (column("datetime64[s]", "2026-01-02"), ["3020-05-05T10:00:00.000"], [pd.Timestamp("3020-05-05 10:00")]),
    (
        column("datetime64[ns]", "2026-01-02"),
        ["2020-05-05T10:00:00.123456789"],
        [pd.Timestamp("2020-05-05 10:00:00.123456789")],
    ),
    (ZONED, ["2020-05-05T10:00:00Z", None], [pd.Timestamp("2020-05-05 12:00", tz="Europe/Berlin"), NAT]),
    (ZONED, [1588672800000], [pd.Timestamp("2020-05-05 12:00", tz="Europe/Berlin")]),
    (column("timedelta64[ns]", "1 days"), ["P1DT2H", "1 days 02:00:00"], [pd.Timedelta(hours=26)] * 2),
    (column("timedelta64[ns]", "1 days"), ["90 min", "1h30m", None], [pd.Timedelta(minutes=90)] * 2 + [NAT]),
    (column("timedelta64[ns]", "1 days"), ["-1 days +23:59:59", "-PT1S"], [pd.Timedelta(seconds=-1)] * 2),
    (column("period[M]", "2026-01"), ["2020-05"], [pd.Period("2020-05", "M")]),
    (pd.Series(pd.arrays.SparseArray([0, 1])), [0, 5], [0, 5]),
]


def same(one: Any, other: Any) -> bool:
    if one is other or (one != one and other != other and type(one) is type(other)):
        return True
    return bool(pd.api.types.is_scalar(one) and pd.isna(one) and pd.isna(other)) if other is None else one == other


@pytest.mark.parametrize(("sample", "sent", "cells"), KEPT, ids=named)
def test_a_columns_cells_keep_their_values_and_the_samples_type(kinds: Any, sample: Any, sent: Any, cells: Any) -> None:
    kind = kinds("pandas")(pd.DataFrame({"x": sample}))
    found = converted(kind, [{"x": cell} for cell in sent])["x"]
    assert len(found) == len(cells)
    assert all(map(same, found.tolist(), cells)), found.tolist()
    if not isinstance(sample.dtype, pd.CategoricalDtype):
        assert found.dtype == sample.dtype
    else:
        assert list(found.cat.categories[: len(sample.cat.categories)]) == list(sample.cat.categories)
        assert found.cat.ordered == sample.cat.ordered
    if len(sent) > 1:
        # In a single row the same as among others.
        assert same(converted(kind, {"x": sent[0]})["x"].iloc[0], found.iloc[0])


@pytest.mark.parametrize("gap", [None, NAN])
def test_gaps_in_whole_numbers_make_floats_of_them_as_in_pandas(kinds: Any, gap: Any) -> None:
    kind = kinds("pandas")(pd.DataFrame({"x": [1]}))
    found = converted(kind, [{"x": 3}, {"x": gap}])["x"]
    assert str(found.dtype) == "float64"
    assert all(map(same, found.tolist(), [3.0, NAN]))


# A sample's column, what is sent for its cells, the row that does not fit, and what the error says of the value.
REFUSED: list[tuple[Any, list[Any], int, str]] = [
    (column("bool", True), [True, "no"], 1, '"no" is neither true nor false'),
    (column("bool", True), [None], 0, "null is neither"),
    (column("bool", True), [0, 1, 2], 2, "2 is neither"),
    (column("bool", True), [0.5], 0, "0.5 is neither"),
    (column("bool", True), ["tRUE"], 0, '"tRUE" is neither'),
    (column("bool", True), ["1"], 0, '"1" is neither'),
    (column("bool", True), [NAN], 0, "NaN is neither"),
    (column("int64", 1), [1, 10**30], 1, f"{10**30} is not between"),
    (column("int64", 1), [2**63], 0, f"{2**63} is not between"),
    (column("int64", 1), [1, 2, 1.5], 2, "1.5 is not a whole number"),
    (column("int64", 1), ["1.5"], 0, '"1.5" is not a whole number'),
    (column("int64", 1), ["007"], 0, '"007" is not a number'),
    (column("int64", 1), ["1_000"], 0, '"1_000" is not a number'),
    (column("int64", 1), [" 5"], 0, '" 5" is not a number'),
    (column("int64", 1), [""], 0, '"" is not a number'),
    (column("int64", 1), [None, 1.5], 1, "1.5 is not a whole number"),
    (column("int64", 1), [None, 2**53 + 1], 1, f"{2**53 + 1} would be rounded beside a gap"),
    (column("int64", 1), [None, 2**63], 1, "is not between"),
    (column("int64", 1), [1e300], 0, "1e+300 is too large to be exact"),
    (column("int64", 1), [float(2**60)], 0, "is too large to be exact"),
    (column("int64", 1), [[1]], 0, "[1] is not a number"),
    (column("int64", 1), [{"a": 1}], 0, '{"a": 1} is not a number'),
    (column("uint8", 1), [0, 300], 1, "300 is not between 0 and 255"),
    (column("uint8", 1), [-1], 0, "-1 is not between"),
    (column("int32", 1), [3_000_000_000], 0, "3000000000 is not between"),
    (column("int8", 1), [1, 2, 128.0], 2, "128.0 is not between"),
    (column("uint64", 1), [2**64], 0, f"{2**64} is not between"),
    (column("float64", 1), [1.5, "x"], 1, '"x" is not a number'),
    (column("float64", 1), ["NaN"], 0, '"NaN" is not a number'),
    (column("float64", 1), ["1,5"], 0, '"1,5" is not a number'),
    (column("float64", 1), [10**400], 0, "is too large for float64"),
    (column("float32", 1), [0.1, 1e39], 1, "1e+39 is too large for float32"),
    (column("float32", 1), [None, 1e39], 1, "1e+39 is too large for float32"),
    (column("float16", 1), [70000], 0, "70000 is too large for float16"),
    (column("str", "a"), ["a", 5], 1, "5 is not a text"),
    (column("str", "a"), [True], 0, "true is not a text"),
    (column("string", "a"), [1.0], 0, "1.0 is not a text"),
    (column("object", True, None), [None, "no"], 1, '"no" is neither'),
    (column("object", dt.date(2026, 1, 2)), ["31.1.2026"], 0, "is not a date"),
    (column("object", Decimal("1.5")), ["x"], 0, '"x" is not a decimal number'),
    (column("Int64", 1), [None, 1.5], 1, "1.5 is not a whole number"),
    (column("Int64", 1), [None, 2**63], 1, "is not between"),
    (column("boolean", True), [None, "no"], 1, '"no" is neither'),
    (column("Float32", 1), [None, 1e39], 1, "1e+39 is too large"),
    (CATEGORY, ["red", 5], 1, "5 is not a text"),
    (ORDERED, ["low", "middle"], 1, '"middle" is none of the ordered categories'),
    (pd.Series(pd.Categorical([1, 2])), [1, None, 1.5], 2, "1.5 is not a whole number"),
    (pd.Series(pd.cut([1.0, 5.0], [0, 2, 6])), ["(0, 9]"], 0, "is none of the categories"),
    (column("datetime64[ns]", "2026-01-02"), ["2026-01-02", "soon"], 1, '"soon" is not a date'),
    (column("datetime64[ns]", "2026-01-02"), ["5/6/2020"], 0, '"5/6/2020" is not a date'),
    (column("datetime64[ns]", "2026-01-02"), ["2026-02-30"], 0, '"2026-02-30" is not a date'),
    (column("datetime64[ns]", "2026-01-02"), ["2026"], 0, '"2026" is not a date'),
    (column("datetime64[ns]", "2026-01-02"), ["1588672800000"], 0, "is not a date"),
    (column("datetime64[ns]", "2026-01-02"), [5], 0, "5 may be a date in several units"),
    (column("datetime64[ns]", "2026-01-02"), [10368000000], 0, "may be a date in several units"),
    (
        column("datetime64[ns]", "2026-01-02"),
        [1588672800000, 0, 1641600000],
        2,
        "has another unit than the rows before",
    ),
    (ZONED, [1588672800000, 1641600000], 1, "has another unit than the rows before"),
    (column("datetime64[ns]", "2026-01-02"), [True], 0, "true is not a date"),
    (column("datetime64[ns]", "2026-01-02"), ["3020-05-05"], 0, "is outside of the range"),
    (column("datetime64[us]", "2026-01-02"), ["2020-05-05T10:00:00.123456789"], 0, "is finer than"),
    (column("datetime64[s]", "2026-01-02"), ["2020-05-05T10:00:00.5"], 0, "is finer than"),
    (column("datetime64[ns]", "2026-01-02"), ["2020-05-05T10:00:00+99:00"], 0, "is not a time zone"),
    (ZONED, ["2020-05-05T10:00:00Z", "2020-05-05T10:00:00"], 1, "has no time zone"),
    (ZONED, ["2020-05-05"], 0, "has no time zone"),
    (column("timedelta64[ns]", "1 days"), [86400000], 0, "86400000 is not a duration with its unit"),
    (column("timedelta64[ns]", "1 days"), ["5"], 0, '"5" is not a duration'),
    (column("timedelta64[ns]", "1 days"), ["1 parsec"], 0, "is not a duration"),
    (column("timedelta64[s]", "1 days"), ["PT0.5S"], 0, "is finer than"),
    (column("period[M]", "2026-01"), ["2020-05-17"], 0, "would become 2020-05"),
]


@pytest.mark.parametrize(("sample", "sent", "row", "reason"), REFUSED, ids=named)
def test_a_loss_is_refused_by_column_row_and_value(kinds: Any, sample: Any, sent: Any, row: int, reason: str) -> None:
    kind = kinds("pandas")(pd.DataFrame({"other": [1] * len(sample), "x": sample}))
    message = refused(kind, [{"x": cell, "other": 1} for cell in sent])
    assert f"; column 'x', row {row}: " in message
    assert reason in message


def test_a_wide_tables_error_still_names_the_cell(kinds: Any) -> None:
    wide = pd.DataFrame({f"a_column_with_a_long_name_{number}": [1] for number in range(500)})
    message = refused(kinds("pandas")(wide), [{name: 1.5 if name.endswith("_499") else 1 for name in wide.columns}])
    assert "and 488 more; column 'a_column_with_a_long_name_499', row 0: 1.5 is not a whole number" in message
