"""What a script cell cannot take of its notebook: refused by name and line, with the reason and a way out."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from jupyter_deploy.errors import ScriptProblem

from .minibook import Minibook

CLOSURE = "def make(n):\n    def g(v):\n        return v + n\n    return g\nit = make(3)"
# name: (cells, what is used, the reason, the hint)
REFUSED: dict[str, tuple[list[str], str, str, str]] = {
    "an open file": (["it = open('f', 'w')"], "it", "it is an open file (f)", "init()"),
    "a generator": (["it = (i for i in range(3))"], "it", "a generator", "a list"),
    "an iterator": (["it = iter([1])"], "it", "an iterator (list_iterator)", "a list"),
    "a mapped iterator": (["it = map(str, [1])"], "it", "an iterator (map)", "a list"),
    "a counter": (["import itertools\nit = itertools.count()"], "it", "an iterator (count)", "a list"),
    "a connection": (["import sqlite3\nit = sqlite3.connect(':memory:')"], "it", "a connection (sqlite3", "init()"),
    "a cursor": (["import sqlite3\nit = sqlite3.connect(':memory:').cursor()"], "it", "a connection", "init()"),
    "an engine": (["import sqlalchemy\nit = sqlalchemy.create_engine('sqlite://')"], "it", "a connection", "init()"),
    "a socket": (["import socket\nit = socket.socket()\nit.close()"], "it", "it is a connection", "init()"),
    "a session": (["import requests\nit = requests.Session()"], "it", "it is a connection", "init()"),
    "a lock": (["import threading\nit = threading.Lock()"], "it", "lives in this process", "init()"),
    "a thread": (["import threading\nit = threading.Thread()"], "it", "lives in this process", "init()"),
    "a coroutine": (["async def f(): pass\nit = f()\nit.close()"], "it", "lives in this process", "in the script"),
    "a lambda over state": (
        ["def m(n):\n  return lambda v: v + n\nit = m(3)"],
        "it",
        "lambda that closes over n",
        "arg",
    ),
    "a function over state": ([CLOSURE], "it", "a function that closes over n", "argument"),
    "the shell": ([], "get_ipython", "the notebook's own", "print()"),
    "display": ([], "display", "the notebook's own", "print()"),
    "the history": ([], "In", "the notebook's own", "print()"),
    "a widget": (["import ipywidgets\nit = ipywidgets.IntSlider()"], "it", "a IntSlider of the notebook", "without"),
    "an ONNX session": (
        ["class InferenceSession: pass\nInferenceSession.__module__ = 'onnxruntime.capi'\nit = InferenceSession()"],
        "it",
        "an ONNX session",
        "bytes in a variable",
    ),
    "a shell's lines": (
        ["from IPython.utils.text import SList\nit = SList('ab')"],
        "it",
        "SList of the notebook",
        "list(…)",
    ),
    "a function made by code": (["exec('def it(v): return v')"], "it", "no cell that was run holds", "Run the cell"),
    "a function bound again by code": (
        ["def it(v):\n    return v", "globals()['it'] = eval('lambda v: 2 * v')"],
        "it",
        "it is a lambda that no statement of the form name = lambda",
        "as a function",
    ),
    "a class made by code": (["it = type('it', (), {})"], "it", "no cell that was run holds", "Run the cell"),
    "a default bound again since": (
        ["K = 1", "def it(v, k=K):\n    return v + k", "K = 2"],
        "it",
        "In [2] made it with another K than In [3] has bound since",
        "Run In [2] again",
    ),
    "a default bound again in the same cell": (
        ["K = 1\ndef it(v, k=K):\n    return v + k\nK = 2"],
        "it",
        "another K than In [1]",
        "Run In [1] again",
    ),
    "a decorator bound again since": (
        ["def d(f):\n    return f", "@d\ndef it(v):\n    return v", "def d(f):\n    return lambda v: 0"],
        "it",
        "In [2] made it with another d than In [3]",
        "Run In [2] again",
    ),
    "a base bound again since": (
        ["class A:\n    x = 1", "class it(A):\n    pass", "class A:\n    x = 2"],
        "it",
        "In [2] made it with another A",
        "Run In [2] again",
    ),
    "a module made here": (["import types\nit = types.ModuleType('it')"], "it", "not imported but made", "a file"),
    "a password": (["DB_PASSWORD = 'hunter2'"], "DB_PASSWORD", "looks like a secret", "--env DB_PASSWORD"),
    "a key": (["api_key = 'sk-123'"], "api_key", "looks like a secret", "--env api_key"),
    "an attribute that cannot be saved": (
        ["class A: pass\nit = A()\nit.file = open('f', 'w')"],
        "it",
        "its attribute A.file",
        "init()",
    ),
    "a magic in a function": (
        ["def it(v):\n    %timeit pass\n    return v"],
        "it",
        "'get_ipython', which it needs,",
        "print()",
    ),
    "a file that a function needs": (
        ["log = open('f', 'w')", "def it(v):\n    return log.write(v)"],
        "it",
        "'log', which it needs,",
        "init()",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_refused(book: Minibook, name: str) -> None:
    cells, used, reason, hint = REFUSED[name]
    if cells:
        book.run(*cells)
    problem = book.refused(f"def run(x):\n    y = 1\n    return {used}(x)")
    for value in list(book.shell.user_ns.values()):
        if isinstance(value, sqlite3.Connection) or type(value).__name__ in {"TextIOWrapper", "A"}:
            getattr(value, "file", value).close()  # type: ignore[attr-defined]
    assert "cannot be shipped" in problem.message
    assert reason in problem.message
    assert hint in problem.hint
    if "which it needs" not in problem.message:
        assert problem.message.startswith(f"cell line 4: {used!r}")
        assert problem.details == f"    return {used}(x)\n           {'^' * len(used)}"


def test_what_a_function_needs_is_refused_on_the_line_of_its_cell(book: Minibook) -> None:
    book.run("import math", "\ndef clean(v):\n    w = v\n    return it(w)", "it = (i for i in [1])")
    problem = book.refused("def run(x):\n    return clean(x)")
    assert problem.message.startswith("In [2] line 3: 'it', which clean needs, cannot be shipped: it is a generator")
    assert problem.details == "    return it(w)\n           ^^"


def test_a_module_that_is_nowhere_where_a_service_looks(book: Minibook, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "helping.py").write_text("def f(v):\n    return v\n")
    book.run("import sys\nsys.path.append('elsewhere')\nfrom helping import f\nimport helping")
    for used in ("f", "helping.f"):
        problem = book.refused(f"def run(x):\n    return {used}(x)")
        assert "the module helping" in problem.message
        assert "is neither installed nor beside the notebook" in problem.message
    (tmp_path / "helping.py").write_text((elsewhere / "helping.py").read_text())
    assert "from helping import f" in book.capture("def run(x):\n    return f(x)").source


def test_a_name_that_lives_nowhere_is_told_with_the_nearest(book: Minibook) -> None:
    book.run("classifier = [1]")
    with pytest.raises(ScriptProblem, match="'clasifier' is neither defined, imported nor built in") as caught:
        book.capture("def run(x):\n    return clasifier")
    assert caught.value.hint == "Did you mean 'classifier'?"
