"""Entry scripts: what the check says about good and bad cells, and which files travel with a script."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.errors import NotFound, ScriptProblem
from jupyter_deploy.scripts import lines_of
from jupyter_deploy.scripts.checking import MAX_BYTES
from jupyter_deploy.workspace import Workspace

from .cells import RUN, bad_cell, cell


def underlined(problem: ScriptProblem) -> str:
    """Return the part of the shown source line that the carets are below."""
    shown, carets = problem.details.split("\n")
    assert carets.strip(" ^") == ""
    return "".join(character for character, mark in zip(shown, carets, strict=False) if mark == "^")


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(RUN, id="plain"),
        pytest.param("async def run(data):\n    return data\n", id="async"),
        pytest.param("def run(anything): return anything", id="any name, no last newline"),
        pytest.param("def run(data, limit=3, *, scale=1): return data", id="more with defaults"),
        pytest.param("def run(*, data): return data", id="keyword only"),
        pytest.param("def run(data=None): return data", id="all with defaults"),
        pytest.param("def run(data, request_headers): return data", id="with headers"),
        pytest.param("def run(request_headers, data): return data", id="headers first"),
        pytest.param("def wrap(f): return f\n@wrap\ndef run(a, b): return a", id="a decorator fills several"),
        pytest.param("run = lambda data: data", id="lambda"),
        pytest.param("run: object = print", id="annotated"),
        pytest.param("from elsewhere import predict as run", id="imported"),
        pytest.param("from elsewhere import *", id="star import"),
        pytest.param("init, run = print, print", id="one of several assigned"),
        pytest.param("if True:\n    def run(data): return 1\nelse:\n    def run(data): return 2", id="in an if"),
        pytest.param("try:\n    from fast import run\nexcept ImportError:\n    def run(data): return 1", id="in a try"),
        pytest.param("match 1:\n    case _:\n        def run(data): return 1", id="in a match"),
        pytest.param("def run(): return 1\n" + RUN, id="the last one counts"),
        pytest.param(
            "def init():\n    global model\n    model = 1\ndef run(data): return model", id="global from init"
        ),
        pytest.param("def init(path='x', *, n=1): pass\n" + RUN, id="init with defaults"),
        pytest.param("async def init(): pass\n" + RUN, id="async init"),
        pytest.param("def run(data):\n    return spark.table  # noqa: F821", id="noqa"),
        pytest.param("def run(data):\n    import os\n    return os.path.join(__file__, __name__)", id="module names"),
        pytest.param("from __future__ import annotations\n" + RUN, id="future import"),
        pytest.param("x = '''\n%matplotlib inline\n!ls\nwhat?\n'''\n" + RUN, id="magics in a string"),
        pytest.param("# %time is fast?\nx = 7 \\\n  % 3\ny = 3 != 4\n" + RUN, id="modulo is no magic"),
        pytest.param("import re\nrule = re.compile('\\d')\n" + RUN, id="an escape Python warns of"),
        pytest.param("x = 'a\u2028b'\n\x0c\n" + RUN, id="odd line breaks"),
        pytest.param("x=1\r\n" + RUN.replace("\n", "\r\n"), id="Windows line ends"),
        pytest.param("def run(data):\n\treturn data\n", id="tabs"),
        pytest.param("ünïcode = 1\ndef run(data): return ünïcode", id="unicode names"),
        pytest.param("class Model:\n    def run(self): pass\n" + RUN, id="a method of that name"),
    ],
)
def test_good_cells(tmp_path: Path, text: str) -> None:
    script = cell(text, tmp_path)
    wanted = "\n".join(lines_of(f"# %%score_script churn\n{text}")).rstrip()
    # An import from __future__ stands at the top of the file.
    written = "\n".join(lines_of(script.cell)).rstrip().replace("# from __future__", "from __future__")
    assert written == wanted
    assert script.contract.startswith("run() gets the request's ")
    assert (script.name, script.label) == ("churn", "%%score_script churn")


# Lines count from the cell's first, which is the magic's own: the first line of the text is line 2.
@pytest.mark.parametrize(
    ("text", "line", "at", "message", "hint"),
    [
        pytest.param("def run(data)\n    return 1", 2, "", "expected ':'", "Correct the line", id="colon"),
        pytest.param("x = 1\n  y = 2\n" + RUN, 3, "y", "unexpected indent", "Correct", id="indent"),
        pytest.param("def run(data):\nreturn 1\n", 3, "r", "indented block", "Correct", id="no indent"),
        pytest.param("a = 'é' b c\n" + RUN, 2, "b", "invalid syntax", "Correct", id="syntax after é"),
        pytest.param("x = 1\ny = (1,\n" + RUN, 3, "(", "never closed", "Correct", id="bracket"),
        pytest.param("def run(): return 1", 2, "run", "no parameter", "def run(data)", id="zero parameters"),
        pytest.param("def run(request_headers): pass", 2, "run", "no parameter", "def run(data)", id="only headers"),
        pytest.param("x = 1\ndef run(*args): pass", 3, "run", "*args", "def run(data)", id="*args"),
        pytest.param("def run(data, **more): pass", 2, "run", "**kwargs", "def run(data)", id="**kwargs"),
        pytest.param("def run(data, /): pass", 2, "run", "positional-only", "def run(data)", id="positional-only"),
        pytest.param("def run(a, b): pass", 2, "run", "requires 2 values (a, b)", "Keep 'a'", id="two required"),
        pytest.param("async def run(a, b): pass", 2, "run", "requires 2 values", "Keep 'a'", id="two, async"),
        pytest.param("def run(a, *, b): pass", 2, "run", "requires 2 values (a, b)", "Keep 'a'", id="two, keyword"),
        pytest.param("if 1:\n    def run(): pass", 3, "run", "no parameter", "def run(data)", id="below an if"),
        pytest.param("@print\ndef run(): pass", 3, "run", "no parameter", "def run(data)", id="below a decorator"),
        pytest.param("class run: pass", 2, "run", "is a class", "def run(data)", id="class"),
        pytest.param("def init(x): pass\n" + RUN, 2, "init", "without arguments", "def init():", id="init"),
        pytest.param("def init(*, x): pass\n" + RUN, 2, "init", "without arguments", "def init():", id="init keyword"),
        pytest.param("def run(data):\n    return nme", 3, "nme", "'nme' is neither", "import nme", id="undefined"),
        pytest.param("total = 1\ndef run(data):\n    return totl", 4, "totl", "'totl'", "'total'", id="typo"),
        pytest.param("def run(data):\n\treturn nme", 3, "nme", "'nme'", "import nme", id="after a tab"),
        pytest.param("def run(data):\n    return 'é', nme", 3, "nme", "'nme'", "import nme", id="after é"),
        pytest.param("def run(data):\n    return '日本', nme", 3, "nme", "'nme'", "import nme", id="after 日本"),
        pytest.param("x = 'a\u2028b'\ndef run(data):\n    return nme", 4, "nme", "'nme'", "", id="after U+2028"),
        pytest.param("x = 1\n\x0c\ndef run(data):\n    return nme", 5, "nme", "'nme'", "", id="after a form feed"),
        pytest.param("def run(data):\r\n    return nme\r\n", 3, "nme", "'nme'", "", id="Windows line ends"),
        pytest.param("def run(data):\n    return a + b + a", 3, "a", "nor is 'b' in line 3", "", id="several"),
        pytest.param("x = 1  # noqa\ndef run(data): return nme", 3, "nme", "'nme'", "", id="noqa elsewhere"),
        pytest.param("def run(d): return np.sum(d)", 2, "np", "'np'", "import numpy as np", id="np"),
        pytest.param("def run(d): return pd.sum(d)", 2, "pd", "'pd'", "import pandas as pd", id="pd"),
        pytest.param("def run(d): display(d)", 2, "display", "'display'", "without a notebook", id="display"),
        pytest.param("x = " + "1 + " * 60 + "nme\n" + RUN, 2, "nme", "'nme'", "", id="the end of a long line"),
        pytest.param("x = nme" + " + 1" * 60 + "\n" + RUN, 2, "nme", "'nme'", "", id="the start of a long line"),
        pytest.param("x = 1\ny = '\0'\n" + RUN, 3, "\0", "null byte", "", id="null byte"),
        pytest.param(
            "y = 1  # enough?\ndef run(data)\n    return y", 3, "", "expected ':'", "", id="? in the line above"
        ),
        pytest.param("def run(data):\n    x = = 1  # why?", 3, "=", "invalid syntax", "", id="? in a comment"),
        pytest.param("def run(data):\n    print('why?", 3, "'", "unterminated string", "", id="? in a string"),
        pytest.param("t = ('a'\n  % 3\n  +)\n" + RUN, 4, ")", "invalid syntax", "", id="modulo above"),
    ],
)
def test_bad_cells(tmp_path: Path, text: str, line: int, at: str, message: str, hint: str) -> None:
    problem = bad_cell(text, tmp_path)
    assert problem.message.startswith(f"cell line {line}: ")
    assert message in problem.message
    assert "\n" not in problem.message
    assert hint in problem.hint
    assert problem.hint
    assert underlined(problem) == at
    assert problem.text().splitlines()[0] == f"ScriptProblem: {problem.message}"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("", "Add: def run(data)"),
        ("x = 1", "Add: def run(data)"),
        ("def predict(data): return 1", "Rename predict() to run()?"),
        ("def init(): pass\ndef predict(data): return 1", "Rename predict() to run()?"),
        ("def first(d): pass\ndef runn(d): pass", "Rename runn() to run()?"),
        ("def first(d): pass\ndef second(d): pass", "Add: def run(data)"),
        ("class A:\n    def run(self, data): pass", "Add: def run(data)"),
        ("def outer():\n    def run(data): pass", "Rename outer() to run()?"),
        ("x.run = print", "Add: def run(data)"),
    ],
)
def test_no_run(tmp_path: Path, text: str, hint: str) -> None:
    problem = bad_cell(text, tmp_path)
    assert problem.message == "cell: there is no run() function"
    assert hint in problem.hint


@pytest.mark.parametrize(
    ("text", "line", "at"),
    [
        ("%matplotlib inline", 2, "%matplotlib"),
        ("%load_ext autoreload\n%autoreload 2", 2, "%load_ext"),
        ("x = 1\n%time x", 3, "%time"),
        ("%%bash\nls", 2, "%%bash"),
        ("x = 1\n%%timeit\nx", 3, "%%timeit"),
        ("for i in range(3):\n    %time i", 3, "%time"),
        ("!ls", 2, "!ls"),
        ("!!ls", 2, "!!ls"),
        ("!pip install numpy", 2, "!pip"),
        ("if True:\n    !ls", 3, "!ls"),
        ("x = !ls", 2, "!ls"),
        ("a, b = !ls -l", 2, "!ls"),
        ("x = %time 1", 2, "%time"),
        ("x=%pwd", 2, "%pwd"),
        ("data?", 2, "data?"),
        ("data.head??", 2, "data.head??"),
        ("?data", 2, "?data"),
        ("??data", 2, "??data"),
        ("%cd ..\nprint(", 2, "%cd"),
    ],
)
def test_magics(tmp_path: Path, text: str, line: int, at: str) -> None:
    problem = bad_cell(f"{text}\n{RUN}", tmp_path)
    assert problem.message == f"cell line {line}: {at} is notebook syntax, not Python"
    assert "a cell of their own" in problem.hint
    assert underlined(problem) == at


def test_two_megabytes(tmp_path: Path) -> None:
    problem = bad_cell(f"x = '{'a' * (2 << 20)}'\n{RUN}", tmp_path)
    assert problem.message == "cell has 2 MB of text; an entry script has at most 1."
    assert "Register data as a model" in problem.hint
    assert len(problem.text()) < 1000
    room = MAX_BYTES - len(f"# %%score_script churn\n# \n{RUN}")
    assert cell(f"# {'a' * room}\n{RUN}", tmp_path).name == "churn"


@pytest.mark.parametrize(
    "text",
    ["x = '\ud800'\n", "x = " + "(" * 5000 + "\n", "x = " + "-" * 100_000 + "1\n", "x = " + "1+" * 20_000 + "1\n"],
    ids=["surrogate", "brackets", "signs", "sums"],
)
def test_what_the_parser_cannot_take(tmp_path: Path, text: str) -> None:
    problem = bad_cell(text + RUN, tmp_path)
    assert problem.message.startswith("cell")
    assert problem.hint
    assert len(problem.text()) < 1000


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", "__", "a" * 101, "a\n", "$x", "é/x"])
def test_bad_names(tmp_path: Path, name: str) -> None:
    with pytest.raises(ScriptProblem, match="cannot be a script's name") as caught:
        cell(RUN, tmp_path, name)
    assert "%%score_script" in caught.value.hint


def test_line_numbers_are_the_cells_own(tmp_path: Path) -> None:
    script = cell("import json\n\ndef run(data):\n    return json.loads(data)['missing']\n", tmp_path)
    namespace: dict[str, Any] = {}
    exec(compile(script.source, script.label, "exec"), namespace)
    with pytest.raises(KeyError) as caught:
        namespace["run"]("{}")
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    # The cell's fifth line, counted from its %%score_script line.
    assert (last.filename, last.lineno, last.name) == ("%%score_script churn", 5, "run")
    assert script.source.splitlines()[4] == "    return json.loads(data)['missing']"


def test_a_bad_cell_changes_nothing(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(ScriptProblem):
        workspace.score_script("churn", "def run(: pass", folder=tmp_path)
    assert workspace.scripts.names() == []
    first = workspace.score_script("churn", RUN, folder=tmp_path).script
    with pytest.raises(ScriptProblem):
        workspace.score_script("churn", "x = 1", folder=tmp_path)
    assert workspace.scripts["churn"] == first
    second = workspace.score_script("churn", "x = 1\n" + RUN, folder=tmp_path).script
    assert workspace.scripts["churn"] == second != first
    assert list(workspace.scripts) == ["churn"]


def test_an_unknown_script(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(NotFound) as nothing:
        workspace.scripts["churn"]
    assert "%%score_script churn" in nothing.value.hint
    workspace.score_script("churn", RUN, folder=tmp_path)
    with pytest.raises(NotFound, match="No script named 'chrun'") as near:
        workspace.scripts["chrun"]
    assert near.value.hint == "Did you mean 'churn'?"
