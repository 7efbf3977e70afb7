"""Scripts from files, and the modules that travel with a script."""

from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.errors import NotFound, ScriptProblem
from jupyter_deploy.scripts import Script, imported_modules, script_from_file
from jupyter_deploy.scripts.shipment import Shipment, shipment_of

from .cells import RUN, cell


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a, b.c as d", ["a", "b.c"]),
        ("from a.b import c", ["a.b"]),
        ("from . import a\nfrom .b import c", []),
        ("import importlib\nimportlib.import_module('a.b')\n__import__('c')", ["a.b", "c", "importlib"]),
        ("from importlib import import_module\nimport_module('.a', 'b')\nimport_module(name)", ["importlib"]),
        ("def f():\n    import a\n    if x:\n        from b import c", ["a", "b"]),
        ("import (", []),
        ("x = '\0'", []),
    ],
)
def test_imported_modules(source: str, expected: list[str]) -> None:
    assert sorted(imported_modules(source)) == expected


def shipped(script: Script, **options: bool) -> Shipment:
    return shipment_of(script, Path("/nowhere"), **options)  # type: ignore[arg-type]


def contents(script: Script) -> dict[str, bytes]:
    found = shipped(script)
    return {**found.texts, **{name: Path(path).read_bytes() for name, path in found.files.items()}}


FILES: dict[str, str | bytes] = {
    "helper.py": "import third\n",
    "third.py": "import helper\n",
    "inside.py": "def f():\n    from third import x\n",
    "package/__init__.py": "",
    "package/deep/module.py": "from .other import x\nimport lonely\n",
    "package/deep/other.py": "",
    "package/data.json": b"\xff\x00",
    "package/__pycache__/module.pyc": "",
    "package/.hidden": "",
    "package/.git/config": "",
    "lonely.py": "",
    "unused.py": "",
    "broken.py": "import third\nthis is no Python\n",
    "marked.py": b"\xef\xbb\xbfimport third\n",
    "warns.py": "import third\nrule = '\\d'\n",
    "latin.py": b"# coding: latin-1\nimport third\nx = '\xe9'\n",
    "folder/module.py": "",
    "data.csv": "1,2",
}
PACKAGE = {"package/__init__.py", "package/deep/module.py", "package/deep/other.py", "package/data.json", "lonely.py"}


@pytest.fixture
def beside(tmp_path: Path) -> Path:
    """A notebook's folder with modules in it."""
    for name, content in FILES.items():
        place = tmp_path / "notebooks" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    return tmp_path / "notebooks"


@pytest.mark.parametrize(
    ("imports", "expected"),
    [
        ("", set()),
        ("import json, numpy, nowhere", set()),
        ("import lonely", {"lonely.py"}),
        ("import helper", {"helper.py", "third.py"}),
        ("from helper import x as y", {"helper.py", "third.py"}),
        ("import inside", {"inside.py", "third.py", "helper.py"}),
        ("def later():\n    import lonely", {"lonely.py"}),
        ("import package", PACKAGE),
        ("import package.deep.module", PACKAGE),
        ("from package.deep import other", PACKAGE),
        ("import broken", {"broken.py"}),
        ("import marked", {"marked.py", "third.py", "helper.py"}),
        ("import warns", {"warns.py", "third.py", "helper.py"}),
        ("import latin", {"latin.py", "third.py", "helper.py"}),
        ("import data", set()),
    ],
)
def test_modules_beside_the_script_travel(beside: Path, imports: str, expected: set[str]) -> None:
    script = cell(f"{imports}\n{RUN}", beside)
    files = contents(script)
    assert files.pop(script.file_name) == script.source.encode()
    assert set(files) == expected
    assert all(data == (beside / name).read_bytes() for name, data in files.items())


def test_a_module_that_is_called_as_the_cells_file(beside: Path) -> None:
    (beside / "score.py").write_text("def helper(data): return data\n")
    script = cell("from score import helper\ndef run(data): return helper(data)\n", beside)
    assert contents(script) == {
        script.file_name: script.source.encode(),
        "score.py": (beside / "score.py").read_bytes(),
    }


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="needs a file that even root cannot read")
def test_a_module_that_cannot_be_read(beside: Path) -> None:
    (beside / "locked.py").symlink_to("/proc/self/mem")
    script = cell(f"import locked\n{RUN}", beside)
    with pytest.raises(ScriptProblem, match=r"locked\.py"):
        contents(script)


def test_a_file(beside: Path) -> None:
    (beside / "entry.py").write_bytes(b"\xef\xbb\xbfimport helper\r\n" + RUN.encode())
    script = script_from_file(beside / "entry.py")
    assert (script.name, script.file_name, script.folder) == ("entry", "entry.py", str(beside))
    assert (script.path, script.label) == (str(beside / "entry.py"), str(beside / "entry.py"))
    assert script.source == f"import helper\n{RUN}"
    assert set(shipped(script, folder=False).texts) == {"entry.py", "helper.py", "third.py"}


def test_a_relative_file(beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (beside / "entry.py").write_text(RUN)
    monkeypatch.chdir(beside)
    script = script_from_file(Path("entry.py"))
    assert (script.path, script.folder) == (str(beside / "entry.py"), str(beside))


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("helpr.py", "Did you mean {0}/helper.py?"),
        ("packag.py", "Did you mean {0}/package.py?"),
        ("zzzzzzzzzz", "The current folder is"),
        ("no/such/folder.py", "The current folder is"),
    ],
)
def test_no_such_file(beside: Path, name: str, hint: str) -> None:
    (beside / "package.py").touch()
    with pytest.raises(NotFound, match="No script file") as caught:
        script_from_file(beside / name)
    assert hint.format(beside) in caught.value.hint


@pytest.mark.parametrize(
    ("content", "message", "details"),
    [
        (b"# caf\xe9\n" + RUN.encode(), "is not UTF-8 text", ""),
        (b"\x80\x04\x95pickle", "is not UTF-8 text", ""),
        (b"", "entry.py: there is no run() function", ""),
        (b"\n\ndef run(): pass\n", "entry.py line 3: run() has no parameter", "    def run(): pass\n        ^^^"),
        (
            b"\xef\xbb\xbfdef run(): pass\n",
            "entry.py line 1: run() has no parameter",
            "    def run(): pass\n        ^^^",
        ),
        (b"def run(d):\n    return nme\n", "entry.py line 2: name 'nme'", "    return nme\n           ^^^"),
        (b"#" * (2 << 20), "entry.py is larger than 1024 KiB", ""),
    ],
    ids=["latin-1", "binary", "empty", "arity", "byte order mark", "undefined", "2 MB"],
)
def test_bad_files(tmp_path: Path, content: bytes, message: str, details: str) -> None:
    (tmp_path / "entry.py").write_bytes(content)
    with pytest.raises(ScriptProblem) as caught:
        script_from_file(tmp_path / "entry.py")
    assert message in caught.value.message
    assert caught.value.details == details
    assert caught.value.hint
