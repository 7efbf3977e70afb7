"""What samples of numpy's and plain Python's make of JSON: the same value, or an error that names place and value."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pytest

from jupyter_deploy.serving.jsonbody import decode
from jupyter_deploy.serving.modes import BadInput
from tests.serving.parameters import converted, named, ours, refused

NAN, UTC = float("nan"), dt.UTC


def array(dtype: Any, *shape: int) -> Any:
    return np.zeros(shape or (1,), dtype=dtype)


DAYS = np.array(["2026-01-02"], dtype="datetime64[D]")
SECONDS = np.array([1], dtype="m8[s]")
RECORD = np.dtype([("n", "i4"), ("x", "f4"), ("s", "U3"), ("v", "i8", (2,))])


@pytest.mark.parametrize(
    ("sample", "sent", "got"),
    [
        (array("int64"), [1, 2.0, "3"], [1, 2, 3]),
        (array("int64", 1, 2), [[1, 2], [3, 4]], [[1, 2], [3, 4]]),
        (array("uint8", 1, 1, 3), [[[0, 128, 255]]], [[[0, 128, 255]]]),
        (array("float64", 1, 2), [[1, None], ["2.5", 3]], [[1.0, NAN], [2.5, 3.0]]),
        (array("float32"), [0.1], [float(np.float32(0.1))]),
        (array("bool"), [True, "false", 1], [True, False, True]),
        (array("complex64"), [1, 2.5], [1 + 0j, 2.5 + 0j]),
        (np.array(["abc"]), ["longer than three", "é"], ["longer than three", "é"]),
        (np.array([b"abc"]), ["longer"], [b"longer"]),
        (np.array(["a", 1], dtype=object), ["x", 5, None], ["x", 5, None]),
        (DAYS, ["2020-05-05", 1588636800000, None], [dt.date(2020, 5, 5), dt.date(2020, 5, 5), None]),
        (DAYS.astype("M8[ms]"), ["2020-05-05T12:00:00+02:00"], [dt.datetime(2020, 5, 5, 10)]),
        (DAYS.astype("M8[M]"), ["2020-05-01"], [dt.date(2020, 5, 1)]),
        (SECONDS, ["3 days", "PT5S", "00:01:00"], [dt.timedelta(seconds=number) for number in (259200, 5, 60)]),
        (np.zeros(1, RECORD), [{"n": 1, "x": 0.5, "s": "ab", "v": [1, 2]}], [(1, 0.5, "ab", [1, 2])]),
        (np.zeros(1, RECORD), [[1, 0.5, "ab", [1, 2]]], [(1, 0.5, "ab", [1, 2])]),
    ],
    ids=named,
)
def test_arrays_keep_their_values_and_the_samples_type(sample: Any, sent: Any, got: Any) -> None:
    found = converted(ours("numpy")(sample), sent)
    assert found.dtype == sample.dtype or found.dtype.kind == sample.dtype.kind in "US"
    listed = [tuple(np.asarray(v).tolist() for v in row) for row in found] if found.dtype.names else found.tolist()
    np.testing.assert_equal(listed, got)


@pytest.mark.parametrize(
    ("sample", "sent", "reason"),
    [
        (array("int64"), [1, 10**30], f"row 1: {10**30} is not between"),
        (array("uint8", 1, 2), [[1, 2], [3, 300]], "column 1, row 1: 300 is not between 0 and 255"),
        (array("int32", 1, 1, 2), [[[1, 3_000_000_000]]], "column 0, row 0, place [1]: 3000000000 is not between"),
        (array("int64"), [1.5], "row 0: 1.5 is not a whole number"),
        (array("int64"), [None], "row 0: null is not a whole number"),
        (array("float32", 1, 2), [[1.0, 1e39]], "column 1, row 0: 1e+39 is too large for float32"),
        (array("float64"), ["x"], 'row 0: "x" is not a number'),
        (array("float64"), [{"a": 1}], 'row 0: {"a": 1} is not a number'),
        (array("bool"), [True, "no"], 'row 1: "no" is neither true nor false'),
        (array("bool"), [2], "row 0: 2 is neither"),
        (array("bool"), [None], "row 0: null is neither"),
        (np.array(["abc"]), ["a", 5], "row 1: 5 is not a text"),
        (np.array(["abc"]), ["a\0"], "ends with NUL"),
        (np.array([b"abc"]), ["é"], "is not ASCII"),
        (DAYS, ["2020-05-05T10:00:00"], "is finer than the sample's datetime64[D]"),
        (DAYS.astype("M8[ns]"), ["3000-01-01"], "is outside of the range of datetime64[ns]"),
        (DAYS.astype("M8[M]"), ["2020-05-02"], "is finer than"),
        (SECONDS, [5], "5 is not a duration with its unit"),
        (array("float64", 1, 2), [[1, 2], [3]], "row 1: 1 values, and 2 in the first"),
        (array("float64", 1, 2), [[1, 2], 3], "row 1: 3 stands where a list belongs"),
        (array("float64", 1, 2), [1, 2], "row 0: 1 stands where a list belongs"),
        (array("float64", 1, 2), [[1, 2, 3]], "got the shape (1, 3)"),
        (array("float64"), [[1]], "row 0: [1] is not a number"),
        (array("float64", 1, 2), [], "got 1 dimensions"),
        (array("float64"), {"a": 1}, "which is not a list"),
        (array("float64"), 5, "got 5, which is not a list"),
        (np.zeros(1, RECORD), [{"n": 1, "x": 1, "s": "abcd", "v": [1, 2]}], "column 's', row 0: \"abcd\" is longer"),
        (np.zeros(1, RECORD), [{"n": 1.5, "x": 1, "s": "a", "v": [1, 2]}], "column 'n', row 0: 1.5 is not a whole"),
        (np.zeros(1, RECORD), [{"n": 1, "x": 1, "s": "a"}], "row 0: missing columns: v"),
        (np.zeros(1, RECORD), [{"n": 1, "x": 1, "s": "a", "v": [1]}], "column 'v', row 0: a list of shape (1,)"),
        (np.zeros(1, RECORD), [[1, 2]], "row 0: [1, 2] is not a row of 4 values"),
    ],
    ids=named,
)
def test_arrays_that_would_lose_something_are_refused(sample: Any, sent: Any, reason: str) -> None:
    assert reason in refused(ours("numpy")(sample), sent)


@pytest.mark.parametrize(
    "sent",
    [[1, "x"], [1, None], [2**53 + 1, 0.5], [2**63, -1], [2**70], [[1, 2], [3, 4.5]], ["a", "b"], [True, False], []],
    ids=named,
)
def test_arrays_without_enforcement_hold_what_was_sent(kinds: Any, sent: Any) -> None:
    kind = kinds("numpy")(array("int64"), enforce_column_type=False, enforce_shape=False)
    assert converted(kind, sent).tolist() == sent


def test_arrays_of_the_real_package_are_converted_alike(kinds: Any) -> None:
    kind = kinds("numpy")(array("uint8", 1, 2))
    assert converted(kind, [[1, 2.0]]).tolist() == [[1, 2]]
    assert "column 1, row 0: 300 is not between" in refused(kind, [[1, 300]])


@pytest.mark.parametrize(
    ("sample", "sent", "got"),
    [
        (1, 3.0, 3),
        (1, 10**30, 10**30),
        (1.5, 2, 2.0),
        (True, "False", False),
        (True, 1, True),
        ("a", "00123", "00123"),
        (b"x", "AP8=", b"\x00\xff"),
        (bytearray(b"x"), "AP8=", bytearray(b"\x00\xff")),
        (dt.date(2026, 1, 2), "2020-05-05", dt.date(2020, 5, 5)),
        (dt.date(2026, 1, 2), "2020-05-05T00:00:00Z", dt.date(2020, 5, 5)),
        (dt.date(2026, 1, 2), 1588636800000, dt.date(2020, 5, 5)),
        (dt.datetime(2026, 1, 2), "2020-05-05T10:00:00", dt.datetime(2020, 5, 5, 10)),
        (dt.datetime(2026, 1, 2), "2020-05-05T10:00:00Z", dt.datetime(2020, 5, 5, 10, tzinfo=UTC)),
        (dt.datetime(2026, 1, 2), "2026-01-02 00:00:00.000000 +0000", dt.datetime(2026, 1, 2, tzinfo=UTC)),
        (dt.datetime(2026, 1, 2), 1588672800000, dt.datetime(2020, 5, 5, 10)),
        (dt.datetime(2026, 1, 2, tzinfo=UTC), 1588672800, dt.datetime(2020, 5, 5, 10, tzinfo=UTC)),
        (dt.time(1, 2), "10:11:12Z", dt.time(10, 11, 12, tzinfo=UTC)),
        ([1], [1, "x"], [1, "x"]),
        ((1,), [1, "x"], (1, "x")),
        ({"a": 1}, {"b": "x"}, {"b": "x"}),
    ],
    ids=named,
)
def test_plain_values_keep_their_value_and_the_samples_class(kinds: Any, sample: Any, sent: Any, got: Any) -> None:
    found = converted(kinds("standard_py")(sample), sent)
    assert found == got
    assert type(found) is type(got)
    if isinstance(got, dt.datetime):
        assert (found.tzinfo is None) == (got.tzinfo is None)


@pytest.mark.parametrize(
    ("sample", "sent", "reason"),
    [
        (1, "3", 'expected an integer; got "3"'),
        (1, 1.5, "1.5 is not a whole number"),
        (1, True, "expected an integer; got true"),
        (1, None, "got null"),
        (1, NAN, "NaN is not a whole number"),
        (1.5, "2", 'expected a number; got "2"'),
        (1.5, True, "got true"),
        (1.5, 10**400, "is too large for float64"),
        (True, "no", '"no" is neither true nor false'),
        (True, 2, "2 is neither"),
        (True, None, "null is neither"),
        ("a", 5, "expected a text; got 5"),
        ("a", None, "got null"),
        (b"x", "?", "expected base64 text"),
        (dt.date(2026, 1, 2), "2020-05-05T10:00:00", "has a time of day"),
        (dt.date(2026, 1, 2), 5, "5 may be a date in several units"),
        (dt.datetime(2026, 1, 2), "soon", '"soon" is not a date'),
        (dt.datetime(2026, 1, 2), "2020-05-05T10:00:00.1234567", "is finer than microseconds"),
        (dt.datetime(2026, 1, 2, tzinfo=UTC), "2020-05-05T10:00:00", "has no time zone"),
        (dt.time(1, 2), "25:00", "is not a time of day"),
        ([1], {"a": 1}, "expected a list; got"),
        ({"a": 1}, [1], "expected an object; got"),
    ],
    ids=named,
)
def test_plain_values_that_do_not_fit_are_refused(kinds: Any, sample: Any, sent: Any, reason: str) -> None:
    assert reason in refused(kinds("standard_py")(sample), sent)


@pytest.mark.parametrize(
    ("sent", "place", "expected"),
    [
        ({"rows": 5}, "data.rows", "a list; got 5"),
        ({"rows": [{"a": 1}, 5]}, "data.rows[1]", "an object; got 5"),
        ({"rows": [{"deep": {"x": [1]}}, {"deep": {"x": {}}}]}, "data.rows[1].deep.x", "a list; got {}"),
        ({"rows": [{"deep": [1]}]}, "data.rows[0].deep", "an object; got [1]"),
    ],
)
def test_other_parts_than_a_plain_samples_are_refused_with_their_place(
    kinds: Any, sent: Any, place: str, expected: str
) -> None:
    kind = kinds("standard_py")({"rows": [{"a": 1, "deep": {"x": [1]}}], "mixed": [1, {"a": 1}], "free": 1})
    assert f"The value of '{place}' does not fit the schema: expected {expected}" in refused(kind, sent)
    assert "'data[0]'" in refused(kinds("standard_py")([{"a": 1}]), [5])
    # Values that have no parts, null, other keys and other lengths pass as they are.
    for fits in ({"rows": []}, {"rows": [{"a": "x", "more": [5]}, None]}, {"mixed": [[5], {}], "free": "x"}, {}):
        assert converted(kind, fits) == fits


def test_nested_types_are_converted_and_named_by_their_path(kinds: Any) -> None:
    plain, arrays = kinds("standard_py"), kinds("numpy")
    kind = plain({"rows": plain([arrays(array("uint8"))]), "flag": plain(True), "free": 1})
    found = converted(kind, {"rows": [[1], [2, 3]], "flag": "true", "free": "x"})
    assert [rows.tolist() for rows in found["rows"]] == [[1], [2, 3]]
    assert (found["flag"], found["free"]) == (True, "x")
    with pytest.raises(BadInput, match=r"^The value of 'data\.rows\[1\]' .*; row 0: 300 is not between"):
        converted(kind, {"rows": [[1], [300]]})


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, 2.5, "x:\\"y\\":"], "b": {"c": null}}', {"a": [1, 2.5, 'x:"y":'], "b": {"c": None}}),
        (b'{"a" : 1, "b\\\\": 2}', {"a": 1, "b\\": 2}),
        (b'{"a":18446744073709551616,"b":-9223372036854775809}', {"a": 2**64, "b": -(2**63) - 1}),
        (b'{"a":[1000000000000000000000000000000]}', {"a": [10**30]}),
        (b'\xef\xbb\xbf{"a":1}', {"a": 1}),
        ('{"a": "é"}'.encode("utf-16"), {"a": "é"}),
        (b'{"a": Infinity}', {"a": float("inf")}),
        (b'[{"a":1},{"a":2}]', [{"a": 1}, {"a": 2}]),
    ],
)
def test_json_is_decoded_exactly(body: bytes, value: Any) -> None:
    assert decode(body) == value


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"a":1,"a":2}', "the key 'a' is in it twice"),
        (b'{"a" :1,"a":2}', "the key 'a' is in it twice"),
        (b'{"x":[{"b":1},{"a":1,"a":1}]}', "the key 'a' is in it twice"),
        (b'{"a":1,"\\u0061":2}', "the key 'a' is in it twice"),
        (b'{"a":1e400}', "the number 1e400 is larger than a float holds"),
        (b"{", "Expecting property name"),
    ],
)
def test_json_that_would_lose_something_is_refused(body: bytes, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        decode(body)


@pytest.mark.parametrize("number", [10**19, -(10**19), 2**63, 10**30])
def test_a_number_that_is_the_whole_body_keeps_its_digits(number: int) -> None:
    assert decode(str(number).encode()) == number
    assert decode(f"[{number}]".encode()) == [number]
