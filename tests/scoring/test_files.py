"""Files through a real service: values, order, failed rows, and what is refused."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from jupyter_deploy.cli import main
from jupyter_deploy.display import html, text
from jupyter_deploy.errors import InvokeProblem, NotFound, UsageProblem
from jupyter_deploy.workspace import Service, Workspace
from tests.e2e.shell import new_shell

from .conftest import write_csv


def failures(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def table_in(path: Path) -> list[list[str]]:
    return list(csv.reader(path.read_text().splitlines()))


def test_csv_stays_as_it_is_with_the_predictions_beside(table: Service, tmp_path: Path) -> None:
    ages = [place % 100 for place in range(2500)]
    ages[7] = ages[1234] = -1
    source, out = write_csv(tmp_path / "in.csv", ages), tmp_path / "out.csv"
    said: list[str] = []
    found = table.score(source, out, rows=500, progress=said.append)
    assert (found.rows, found.done, found.failed, found.predicted, found.interrupted) == (2500, 2500, 2, 2498, False)
    before = table_in(source)
    after = table_in(out)
    assert after[0] == [*before[0], "prediction.twice", "prediction.zip", "prediction.year"]
    for place, (old, new) in enumerate(zip(before[1:], after[1:], strict=True)):
        made = ["", "", ""] if ages[place] < 0 else [str(2 * ages[place]), f"{place:05d}", "2020"]
        assert new == [*old, *made]
    failed = failures(tmp_path / "out.csv.failed.jsonl")
    assert [one["row"] for one in failed] == [8, 1235]
    assert failed[0]["status"] == 500
    assert failed[0]["message"].startswith("ValueError: an age below 0 in %%score_script table line ")
    assert failed[0]["request_id"]
    assert failed[0]["input"] == {
        "id": 7,
        "age": -1,
        "zip": "00007",
        "ok": False,
        "born": "2020-01-08",
        "x": 7.5,
    }
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in.csv", "out.csv", "out.csv.failed.jsonl"]
    assert found.notes == ("not sent, because the service has no such column: id",)
    shown = text(found)
    assert "2,500 rows, 2 failed" in shown
    assert "row 8: ValueError: an age below 0" in shown
    assert "row 1,235" in html(found)
    # What failed in an earlier run is gone with it.
    assert not table.score(write_csv(source, [1]), out).failed_file
    assert not (tmp_path / "out.csv.failed.jsonl").exists()


def test_a_row_that_cannot_be_read_fails_alone(table: Service, tmp_path: Path) -> None:
    source = write_csv(tmp_path / "in.csv", [1, 2, 3, 4])
    wrong = source.read_text().splitlines()
    wrong[2] = "1,two,00001,True,2020-01-02,1.5"
    wrong[3] = "2,3,00002"
    source.write_text("\n\n".join(wrong))
    found = table.score(source, tmp_path / "out.jsonl")
    assert [(one.row, one.message, one.status) for one in found.errors] == [
        (2, "age: 'two' is not a whole number", 0),
        (3, "the line has 3 cells, and the header has 6", 0),
    ]
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [row["prediction"] and row["prediction"]["twice"] for row in rows] == [2, None, None, 8]
    assert rows[1]["age"] == "two"
    assert (rows[0]["zip"], rows[0]["x"], rows[0]["ok"]) == ("00000", 0.5, False)


def test_parquet_and_frames_keep_their_types(table: Service, tmp_path: Path) -> None:
    frame = pd.DataFrame(
        {
            "age": pd.array([1, 777, -1], dtype="int16"),
            "zip": ["00123", "9", "x"],
            "ok": [True, False, True],
            "born": pd.to_datetime(["2020-01-01", "2021-05-05", "2022-01-01"]),
            "x": [0.1, None, 2.0],
            "large": [2**60 + 1, 1, 2],
        },
        index=["a", "b", "c"],
    )
    frame.to_parquet(tmp_path / "in.parquet", index=False)
    found = table.score(tmp_path / "in.parquet", tmp_path / "out.parquet")
    read = pd.read_parquet(tmp_path / "out.parquet", dtype_backend="pyarrow")
    assert found.failed == 1
    assert list(map(str, read.dtypes[:6])) == list(
        map(str, pd.read_parquet(tmp_path / "in.parquet", dtype_backend="pyarrow").dtypes)
    )
    assert read["large"].tolist() == [2**60 + 1, 1, 2]
    assert [str(kind) for kind in read.dtypes[6:]] == ["int64[pyarrow]", "string[pyarrow]", "int64[pyarrow]"]
    assert read["prediction.twice"].isna().tolist() == [False, True, True]
    in_memory = table.score(frame)
    made = in_memory.table()
    assert (in_memory.output, in_memory.failed) == ("", 1)
    pd.testing.assert_frame_equal(made[list(frame.columns)], frame)
    assert made.loc["a", "prediction.zip"] == "00123"
    assert made["prediction.year"].tolist()[:2] == [2020, 2021]
    assert str(made["prediction.year"].dtype) == "Int64"
    assert list(table.score(frame, only=True).table()) == ["prediction.twice", "prediction.zip", "prediction.year"]
    table.score(frame, tmp_path / "frame.parquet")
    assert pd.read_parquet(tmp_path / "frame.parquet")["large"].tolist() == [2**60 + 1, 1, 2]


def test_lines_of_json_are_sent_as_they_are(lines: Service, tmp_path: Path) -> None:
    values = [{"a": 10**20, "b": 1}, {"a": 0.1, "b": None}, [1, [2]], "text", None, 10**25, True]
    source = tmp_path / "in.jsonl"
    source.write_text("".join(json.dumps(value) + "\n" for value in values) + "\n{oops\n")
    found = lines.score(source, tmp_path / "out.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert rows[0] == {"a": 10**20, "b": 1, "prediction": {"sum": 10**20 + 1}}
    assert [row["prediction"] for row in rows[2:]] == [[1, [2]], "text", {}, 10**25, True, None]
    assert [one.row for one in found.errors] == [2, 8]
    assert "TypeError" in found.errors[0].message
    assert "the line is not JSON" in found.errors[1].message
    lines.score(source, tmp_path / "out.csv", only=True, prediction="p")
    cells = [f'{{"sum":{10**20 + 1}}}', "", "[1,[2]]", "text", "{}", str(10**25), "true", ""]
    assert table_in(tmp_path / "out.csv") == [["p"], *([cell] for cell in cells)]
    lines.score(source, tmp_path / "out.parquet", only=True)
    kept = pd.read_parquet(tmp_path / "out.parquet")["prediction"].tolist()
    assert [json.loads(value) for value in kept[2:6]] == [[1, [2]], "text", {}, 10**25]


def test_a_row_that_kills_or_hangs_its_worker_fails_alone(table: Service, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    found = table.score(write_csv(tmp_path / "in.csv", [1] * 12 + [999] + [1] * 35), out, rows=24)
    assert [(one.row, one.status) for one in found.errors] == [(13, 502)]
    found = table.score(write_csv(tmp_path / "in.csv", [1] * 45 + [888, 1]), out, rows=24, timeout=0.6)
    assert [(one.row, one.status) for one in found.errors] == [(46, 0)]
    assert found.errors[0].message == "no answer within 0.6 s"
    assert table.state == "Healthy"


def test_no_more_rows_fail_than_may(table: Service, tmp_path: Path) -> None:
    source, out = write_csv(tmp_path / "in.csv", [-1] * 150), tmp_path / "out.csv"
    with pytest.raises(InvokeProblem, match="the first 100 rows all failed; row 1: ValueError") as error:
        table.score(source, out, rows=50, concurrency=1)
    assert f"jupyter model score {source} --service table" in error.value.hint
    assert not out.exists()
    assert len(failures(tmp_path / "out.csv.failed.jsonl")) == 100
    with pytest.raises(InvokeProblem, match="at most 120 may"):
        table.score(source, out, rows=50, concurrency=1, max_failures=120)
    assert table.score(source, out, rows=50, max_failures=150).failed == 150


def test_what_is_refused_before_anything_is_sent(shared: Workspace, table: Service, tmp_path: Path) -> None:
    source, out = write_csv(tmp_path / "in.csv", [1]), tmp_path / "out.csv"
    before = table.health.requests
    twice, empty = tmp_path / "twice.csv", tmp_path / "empty.csv"
    twice.write_text("a,a\n1,2\n")
    empty.write_text("age,zip,ok,born,x\n")
    (tmp_path / "latin.csv").write_bytes("age,zip,ok,born,x\n1,ä,,,\n".encode("latin-1"))
    wrong: list[tuple[tuple[Any, ...], dict[str, Any], str]] = [
        ((source, source), {}, "would replace the input"),
        ((source, tmp_path / "out.txt"), {}, "does not say what to write"),
        ((source, tmp_path / "nowhere" / "out.csv"), {}, "no file in a folder"),
        ((source,), {}, "goes into a file"),
        ((tmp_path / "in.xlsx", out), {}, "does not say what it is"),
        ((tmp_path / "none.csv", out), {}, "cannot be read: No such file"),
        ((twice, out), {}, "several columns called 'a'"),
        ((empty, out), {}, "has no rows"),
        ((tmp_path / "latin.csv", out), {}, "not text in UTF-8"),
        ((source, out), {"prediction": "zip"}, "has a column 'zip' already"),
        (([1], out), {}, "A list cannot be scored"),
    ]
    for given, options, message in wrong:
        with pytest.raises(UsageProblem, match=message) as error:
            table.score(*given, **options)
        assert error.value.hint
    with pytest.raises(NotFound, match="tabel"):
        shared.score("tabel", source, out)
    assert table.health.requests == before
    assert not out.exists()


def test_in_a_notebook(table: Service, tmp_path: Path) -> None:
    source, out = write_csv(tmp_path / "in.csv", [1, 2]), tmp_path / "out.csv"
    shells = new_shell()
    shell = next(shells)
    try:
        shell.user_ns["customers"] = pd.read_csv(source, dtype={"zip": str})
        in_memory = shell.run_line_magic("model", "score customers[:1] --service table")
        assert in_memory.table()["prediction.twice"].tolist() == [2]
        assert shell.run_line_magic("model", f"score {source} --service table --out {out}").done == 2
        with pytest.raises(UsageProblem, match=r"none\.csv cannot be read"):
            shell.run_line_magic("model", f"score none.csv --service table --out {out}")
        with pytest.raises(UsageProblem, match="no variable 'custommers'"):
            shell.run_line_magic("model", "score custommers --service table")
    finally:
        shells.close()


def test_in_a_terminal(table: Service, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source, out = write_csv(tmp_path / "in.csv", [1, -1]), str(tmp_path / "out.csv")
    assert main(["score", str(source), "--service", "table", "--out", out, "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["rows"], told["failed"], told["errors"][0]["row"], told["interrupted"]) == (2, 1, 2, False)
    write_csv(source, [1, 2])
    assert main(["score", str(source), "--service", "table", "--out", out, "--kind", "id=text", "--only"]) == 0
    assert "2 rows, none failed" in capsys.readouterr().out
    assert main(["score", str(source), "--service", "table"]) == 2
    assert "score needs --out" in capsys.readouterr().err
    assert main(["score", str(source), "--service", "table", "--out", out, "--rows", "0"]) == 2
