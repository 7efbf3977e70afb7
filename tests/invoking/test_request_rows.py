"""Which requests a data set holds, and which are refused because that is not certain."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from jupyter_deploy.errors import UsageProblem
from jupyter_deploy.invoking import rows_of


class Tabular:
    """What has Azure ML's way to become a data frame."""

    def to_pandas_dataframe(self) -> pd.DataFrame:
        return pd.DataFrame({"Column1": ["[1]", "[2]"]})


@pytest.mark.parametrize(
    ("dataset", "rows"),
    [
        (["[1]", b"x", {"a": 1}], ("[1]", b"x", {"a": 1})),
        (("a",), ("a",)),
        ((str(number) for number in range(3)), ("0", "1", "2")),
        (pd.DataFrame({"request": ["[1]", "[2]"]}), ("[1]", "[2]")),
        (pd.Series(["[1]", "[2]"], index=[7, 8]), ("[1]", "[2]")),
        (Tabular(), ("[1]", "[2]")),
    ],
)
def test_values(dataset: object, rows: tuple[Any, ...]) -> None:
    assert rows_of(dataset) == rows


def test_rows_of_an_array() -> None:
    assert [row.tolist() for row in rows_of(np.arange(4).reshape(2, 2))] == [[0, 1], [2, 3]]


@pytest.mark.parametrize(
    ("name", "text", "rows"),
    [
        ("rows.txt", "[1]\r\n\n  \n[2]", ("[1]", "[2]")),
        ("rows.jsonl", '{"a": "\u2028"}\n{"a": 2}\n', ('{"a": "\u2028"}', '{"a": 2}')),
        ("rows", "\ufeffa\nb\n", ("a", "b")),
        ("rows.json", '[[1, 2], "x"]', ([1, 2], "x")),
    ],
)
@pytest.mark.parametrize("kind", [str, Path])
def test_files(tmp_path: Path, name: str, text: str, rows: tuple[Any, ...], kind: Callable[[Path], object]) -> None:
    path = tmp_path / name
    path.write_bytes(text.encode())
    assert rows_of(kind(path)) == rows


def test_a_folder_has_a_request_a_file(tmp_path: Path) -> None:
    for name in ("b.png", "a.json", ".hidden"):
        (tmp_path / name).write_text("1")
    (tmp_path / "below").mkdir()
    assert rows_of(tmp_path) == (tmp_path / "a.json", tmp_path / "b.png")


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ([], "empty"),
        (pd.DataFrame({"a": ["x"], "b": ["y"]}), "has 2 columns; a data set has one"),
        (pd.DataFrame({"a": ["x", 2]}), "Row 2 of the column 'a' is int, not a text"),
        ({"data": [[1]]}, r"A dict is not a data set\."),
        (b"[1]", r"A bytes is not a data set\."),
        (7, r"A int is not a data set\."),
        ("nowhere.txt", "nowhere.txt cannot be read: No such file"),
    ],
)
def test_what_is_not_certain_is_refused(dataset: object, message: str) -> None:
    with pytest.raises(UsageProblem, match=message) as caught:
        rows_of(dataset)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("rows.csv", b"a,b\n1,2\n", "is a table"),
        ("rows.txt", b"\xff\xfe", "is not text in UTF-8"),
        ("rows.json", b"{", "is not JSON"),
        ("rows.json", json.dumps({"data": [1]}).encode(), "holds one request, not an array"),
        ("rows.txt", b"\n \n", "is empty"),
    ],
)
def test_files_that_are_refused(tmp_path: Path, name: str, content: bytes, message: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UsageProblem, match=message):
        rows_of(tmp_path / name)


def test_a_table_of_requests_in_json_is_taken_as_its_lines(tmp_path: Path) -> None:
    # As in Azure ML's documents, where sample_request_data.csv has a request a line.
    (tmp_path / "rows.csv").write_text('{"data": [[1, 2]]}\n{"data": [[3, 4]]}\n')
    assert list(rows_of(tmp_path / "rows.csv")) == ['{"data": [[1, 2]]}', '{"data": [[3, 4]]}']
    # Or as a data frame writes it, with or without the column's name.
    expected = ['{"data": [[1, 2]]}', '{"data": [["a\\n", "é,"]]}']
    for header in (True, False):
        pd.DataFrame({"request": expected}).to_csv(tmp_path / "rows.csv", index=False, header=header)
        assert list(rows_of(tmp_path / "rows.csv")) == expected
    (tmp_path / "rows.csv").write_text("request\n")
    with pytest.raises(UsageProblem, match="is a table"):
        rows_of(tmp_path / "rows.csv")
    with pytest.raises(UsageProblem, match="cannot be read: No such file"):
        rows_of(tmp_path / "nowhere.csv")
