"""Write ``README.md``: which test shows which row of Azure ML's documents, and how it went.

``python -m tests.azureml.table`` runs the tests; ``--docker`` those that need an engine, too; ``--changed`` only those
of rows whose tests are others than the table says.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path
from xml.etree import ElementTree

from .rows import ANCHORS, OPEN, ROWS, page_of

TESTS = Path(__file__).parents[1]
README = Path(__file__).parent / "README.md"
_NAME = re.compile(r"test_row_(\d+_\d+(?:_and_\d+_\d+)*)_")
_HEAD = """# Azure ML's documents, row by row

Each row is a block or a statement of the documents for Azure ML's SDK v1 (rows 0 to 2) and v2 (rows 3 and 4).
`python -m tests.azureml.table` runs the tests and writes this table; with `--docker` also those that need a Docker
engine; with `--changed` only those of rows whose tests are others than it says. `tests/azureml/test_table.py` fails
where a test has come, gone or been renamed since, or where a row that is about containers is shown in none. A row
that nothing shows has the reason. `.ci/tensorflow` runs the rest of rows 2.55 and 3.6, `.ci/torch` row 3.7, each in an
environment of its own.

| row | about | shown by | processes | Docker |
|---|---|---|---|---|
"""


def on_engine(test: str) -> bool:
    """Whether a test's services are containers."""
    return test.startswith("docker/")


@cache
def shown_rows() -> dict[str, list[str]]:
    """Row → the tests named after it (``test_row_0_5_…``, ``test_row_0_5_and_2_17_…``), as ``folder/file.py::name``."""
    found: dict[str, list[str]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            named = _NAME.match(node.name) if isinstance(node, ast.FunctionDef) else None
            if named and isinstance(node, ast.FunctionDef):
                test = f"{path.relative_to(TESTS).as_posix()}::{node.name}"
                for row in named[1].split("_and_"):
                    found.setdefault(row.replace("_", "."), []).append(test)
    return found


def outcomes(tests: list[str]) -> dict[str, str]:
    """Run tests; each with how it went: its worst case where it has several.

    A test whose module is skipped as a whole is skipped.
    """
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junit-xml={report}"]
        # By their files: a test of a module that is skipped cannot be named.
        files = dict.fromkeys(f"tests/{test.partition('::')[0]}" for test in tests)
        names = " or ".join(dict.fromkeys(test.rpartition("::")[2] for test in tests))
        code = subprocess.run([*command, "-k", names, *files], cwd=TESTS.parent, check=False).returncode
        # 5: all that was asked for is in modules that are skipped.
        if code not in {0, 1, 5}:
            raise SystemExit(f"pytest ended with {code}: nothing is written")
        found: dict[str, str] = dict.fromkeys(tests, "skipped")
        seen: set[str] = set()
        order = ("passes", "skipped", "fails")
        for case in ElementTree.parse(report).iter("testcase"):
            failed = case.find("failure") is not None or case.find("error") is not None
            went = "fails" if failed else "skipped" if case.find("skipped") is not None else "passes"
            file = case.get("classname", "").removeprefix("tests.").replace(".", "/") + ".py"
            test = f"{file}::{case.get('name', '').partition('[')[0]}"
            found[test] = max(found[test], went, key=order.index) if test in seen else went
            seen.add(test)
    return found


def lines(went: dict[str, str]) -> list[str]:
    """The rows of the table; without results, all but its last two columns are those of the present tests."""
    named, made = shown_rows(), []
    for row, about in ROWS.items():
        tests = named.get(row, [])
        shown = [f"`{test}`" for test in tests]
        shown += [f"[{page_of(row)}](../../docs/{page_of(row)}#{ANCHORS[row]})"] if row in ANCHORS else []
        beside = {
            place: [went[test] for test in tests if test in went and on_engine(test) is place]
            for place in (False, True)
        }
        results = [max(found, key=("passes", "skipped", "fails").index) if found else "" for found in beside.values()]
        text = ", ".join(dict.fromkeys(shown)) or OPEN.get(row, "**nothing**")
        made.append(f"| {row} | {about.replace('|', '/')} | {text} | {results[0]} | {results[1]} |")
    return made


def written() -> dict[str, list[str]]:
    """Row → the cells of its line in the table, as it is now."""
    found = [cells(line) for line in README.read_text().splitlines()]
    return {one[0]: one for one in found if one[0] in ROWS}


def cells(line: str) -> list[str]:
    """The cells of a line of the table."""
    return [cell.strip() for cell in line.strip("|\n").split(" |")]


def main() -> None:
    """Run the tests and write the table."""
    kept = written() if "--changed" in sys.argv else {}
    present = {cells(line)[0]: cells(line) for line in lines({})}
    same = [row for row, found in kept.items() if found[:3] == present[row][:3]]
    named = [test for row, tests in shown_rows().items() if row not in same for test in tests]
    chosen = [test for test in dict.fromkeys(named) if "--docker" in sys.argv or not on_engine(test)]
    made = lines(outcomes(chosen) if chosen else {})
    table = [f"| {' | '.join(kept[row])} |" if row in same else line for row, line in zip(ROWS, made, strict=True)]
    README.write_text(_HEAD + "\n".join(table) + "\n")


if __name__ == "__main__":
    main()
