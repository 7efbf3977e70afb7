"""Write ``README.md``: which test shows which row of Azure ML's documents, and how it went.

``python -m tests.azureml.table`` runs the tests; ``--docker`` those that need an engine, too.
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
engine. A row that nothing shows has the reason. `.ci/tensorflow` runs row 2.55, in an environment of its own;
elsewhere it is skipped.

| row | about | shown by | processes | Docker |
|---|---|---|---|---|
"""


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
        code = subprocess.run([*command, "-k", "test_row_", *files], cwd=TESTS.parent, check=False).returncode
        if code not in {0, 1}:
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
    """The rows of the table."""
    named, made = shown_rows(), []
    for row, about in ROWS.items():
        tests = named.get(row, [])
        shown = [f"`{test.partition('::')[0]}`" for test in tests]
        shown += [f"[{page_of(row)}](../../docs/{page_of(row)}#{ANCHORS[row]})"] if row in ANCHORS else []
        beside = {
            place: [went[test] for test in tests if test in went and ("docker/" in test) is place]
            for place in (False, True)
        }
        results = [max(found, key=("passes", "skipped", "fails").index) if found else "" for found in beside.values()]
        text = ", ".join(dict.fromkeys(shown)) or OPEN.get(row, "**nothing**")
        made.append(f"| {row} | {about.replace('|', '/')} | {text} | {results[0]} | {results[1]} |")
    return made


def main() -> None:
    """Run the tests and write the table."""
    named = [test for tests in shown_rows().values() for test in tests]
    chosen = [test for test in named if "--docker" in sys.argv or not test.startswith("docker/")]
    README.write_text(_HEAD + "\n".join(lines(outcomes(chosen))) + "\n")


if __name__ == "__main__":
    main()
