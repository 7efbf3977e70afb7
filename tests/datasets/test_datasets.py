"""Tables of texts, and the folders that files are uploaded to."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from jupyter_deploy.datasets import Reading, read_table
from jupyter_deploy.errors import ConfigProblem, NotFound, UsageProblem
from jupyter_deploy.workspace import Workspace


def write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_a_text_that_a_data_frame_wrote_is_read_as_it_was(tmp_path: Path) -> None:
    texts = ['{"data": [[1, 2]]}', '{"say": "a, \\"b\\""}', '"a text in JSON"', "plain", '""', 'an "inch"']
    with (tmp_path / "requests.csv").open("w", newline="") as file:
        csv.writer(file).writerows([text] for text in texts[:2])
        file.write("\n".join(texts[2:]))
    table = read_table([tmp_path / "requests.csv"], Reading("\n", header="none"))
    assert [row[0] for row in table.rows] == texts


def test_each_line_is_a_text_where_the_separator_is_its_end(tmp_path: Path) -> None:
    file = write(tmp_path / "a.txt", '{"data": [[1, 2]]}\n\n{"data": "x,y"}\n')
    table = read_table([file], Reading("\n", "none"))
    assert table.columns == ("Column1",)
    assert table.rows == (('{"data": [[1, 2]]}',), ('{"data": "x,y"}',))
    assert table.is_text(0)


@pytest.mark.parametrize(
    ("header", "columns", "rows"),
    [
        ("same", ("a", "b"), [("1", "x"), ("2", "y")]),
        ("none", ("Column1", "Column2"), [("a", "b"), ("1", "x"), ("a", "b"), ("2", "y")]),
        ("first", ("a", "b"), [("1", "x"), ("a", "b"), ("2", "y")]),
    ],
)
def test_headers(tmp_path: Path, header: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    files = [write(tmp_path / "1.csv", "a,b\n1,x\n"), write(tmp_path / "2.csv", "a,b\n2,y\n")]
    table = read_table(files, Reading(header=header))
    assert (table.columns, list(table.rows)) == (columns, rows)


def test_what_cannot_be_a_table_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblem, match=r"a row has 2 values for 1 columns: 1,2") as caught:
        read_table([write(tmp_path / "a.csv", "only\n1,2\n")], Reading())
    assert "separator" in caught.value.hint
    with pytest.raises(ConfigProblem, match="has other columns than"):
        read_table([write(tmp_path / "a.csv", "a\n1\n"), write(tmp_path / "b.csv", "b\n1\n")], Reading())
    (tmp_path / "c").write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(ConfigProblem, match="it is not utf-8"):
        read_table([tmp_path / "c"], Reading())


def test_a_registered_version_stays_what_it_was(workspace: Workspace, tmp_path: Path) -> None:
    file = write(tmp_path / "rows.txt", "one\ntwo\n")
    first = workspace.datasets.register("rows", "tabular", [file], Reading("\n", "none"))
    assert workspace.datasets.register("rows", "tabular", [file], Reading("\n", "none")) == first
    write(file, "three\n")
    with pytest.raises(UsageProblem, match="already a dataset registered under name 'rows'"):
        workspace.datasets.register("rows", "tabular", [file], Reading("\n", "none"))
    second = workspace.datasets.register("rows", "tabular", [file], Reading("\n", "none"), new_version=True)
    assert (first.id, second.id) == ("rows:1", "rows:2")
    again = Workspace(workspace.home.root).datasets
    assert read_table(again.files(again.get("rows", 1)), again.get("rows", 1).reading).rows == (("one",), ("two",))
    assert read_table(again.files(again.get("rows")), again.get("rows").reading).rows == (("three",),)
    with pytest.raises(NotFound, match="no version 3") as caught:
        again.get("rows", 3)
    assert "1, 2" in caught.value.hint
    again.unregister("rows")
    assert again.names() == ()
    assert not [path for path in (workspace.home.root / "datasets").rglob("*") if path.is_file()]


def test_uploads_stay_in_their_datastore(workspace: Workspace, tmp_path: Path) -> None:
    file = write(tmp_path / "a.txt", "one")
    stores = workspace.datastores
    (place,) = stores.upload("workspaceblobstore", [(file, "sample/a.txt")], overwrite=False)
    write(file, "two")
    stores.upload("workspaceblobstore", [(file, "sample/a.txt")], overwrite=False)
    assert place.read_text() == "one"
    stores.upload("workspaceblobstore", [(file, "sample/a.txt")], overwrite=True)
    assert place.read_text() == "two"
    for pattern in ("sample", "sample/a.txt", "sample/*.txt", "/sample/"):
        assert stores.files("workspaceblobstore", pattern) == (place,)
    with pytest.raises(UsageProblem, match="leaves the datastore"):
        stores.upload("workspaceblobstore", [(file, "../../x")], overwrite=True)
    with pytest.raises(NotFound, match="workspaceblob"):
        stores.folder("workspaceblob")
