"""A definition is taken only where it is what lives: not a later one that never ran, nor one that was changed since."""

from __future__ import annotations

from pathlib import Path

import pytest

from .minibook import Minibook

DECORATOR = "def twice(f):\n    def inner(v):\n        return 2 * f(v)\n    return inner"
# name: (cells, of which the last may fail, the expression that run() returns of `x`, the answer to 1)
TAKEN: dict[str, tuple[list[str], str, object]] = {
    "the branch that ran": (
        ["import sys\nif sys:\n    def f(v):\n        return v + 1\nelse:\n    def f(v):\n        return v - 1"],
        "f(x)",
        2,
    ),
    "before the cell failed": (
        ["def f(v):\n    return v + 1\n1 / 0\ndef f(v):\n    return v + 2"],
        "f(x)",
        2,
    ),
    "a class before its cell failed": (["class A:\n    k = 1", "1 / 0\nclass A:\n    k = 2"], "A.k", 1),
    "a method before its cell failed": (
        [
            "class A:\n    @staticmethod\n    def f(v):\n        return v + 1",
            "1 / 0\nclass A:\n    @staticmethod\n    def f(v):\n        return v + 2",
        ],
        "A.f(x)",
        2,
    ),
    "a class that had fewer methods": (
        ["class A:\n    def f(self):\n        return 1", "1 / 0\nclass A:\n    def g(self):\n        return 2"],
        "A().f()",
        1,
    ),
    "a default before its cell failed": (
        ["def f(v, k=1):\n    return v + k", "1 / 0\ndef f(v, k=2):\n    return v + k"],
        "f(x)",
        2,
    ),
    "a decorated one before its cell failed": (
        [DECORATOR, "@twice\ndef f(v):\n    return v + 1", "1 / 0\n@twice\ndef f(v):\n    return v + 2"],
        "f(x)",
        4,
    ),
    "hints that are not evaluated": (
        [
            "from __future__ import annotations",
            "def f(v: Nope) -> No:\n    def g(w: Neither):\n        return w\n    return g(v)",
        ],
        "f(x)",
        1,
    ),
    "a lambda with a hint": (["f: object = lambda v: v + 1"], "f(x)", 2),
    "a lambda of two names": (["f = g = lambda v: v + 1"], "f(x) + g(x)", 4),
    "one of several statements in a line": (["log = []\nlog.append(1); f = lambda v: v + 1"], "f(x) + len(log)", 3),
    "a branch in a class": (
        ["class A:\n    if True:\n        def f(self):\n            return 1\n    for k in (1, 2):\n        pass"],
        "A().f() + A.k",
        3,
    ),
    "a class of which scikit-learn wraps the methods": (
        [
            "from sklearn.base import BaseEstimator, TransformerMixin",
            "class T(TransformerMixin, BaseEstimator):\n    def __init__(self, k=1):\n        self.k = k\n"
            "    def fit(self, X, y=None):\n        return self\n    def transform(self, X):\n"
            "        return [[v * self.k for v in row] for row in X]\nt = T(3).fit([[1]])",
        ],
        "[t.transform([[x]]), isinstance(t, T), T(2).transform([[x]])]",
        [[[3]], True, [[2]]],
    ),
    "a cell under %%time": (["%%time\nK = 3\ndef f(v):\n    return v + K"], "f(x)", 4),
    "a cell under %%capture": (["%%capture\nclass A:\n    k = 2\ndef f(v):\n    return v + A.k"], "f(x)", 3),
    "separators that Python takes for no new line": (
        ["t = 'a\u2028b\x0c\x1c'\ndef f(v):\n    return 'a\u2028b'[1:] + t + str(v)"],
        "f(x)",
        "\u2028ba\u2028b\x0c\x1c1",
    ),
    "a named tuple by its function": (
        ["from collections import namedtuple\nP = namedtuple('P', 'a b')"],
        "P(x, 2).b",
        2,
    ),
    "a type of its own": (
        ["from typing import *\nU = NewType('U', int)\nJ = Dict[str, U]"],
        "[U(x), len(str(J))]",
        [1, 25],
    ),
    "a module below a package": (
        ["import xml", "from xml.dom import minidom"],
        "xml.dom.minidom.parseString('<a/>').documentElement.tagName",
        "a",
    ),
    "a text in brackets": (["T = ('a'\n'b'  # here\n)"], "T", "ab"),
    "data that a decorator changes": (
        ["seen = {}\ndef keep(f):\n    seen[f.__name__] = f\n    return f", "@keep\ndef f(v):\n    return v + 1"],
        "[f(x), list(seen)]",
        [2, ["f"]],
    ),
    "a path": (["from pathlib import Path\nP = Path('a') / 'b'"], "str(P)", "a/b"),
    "a long text": (["T = 'ab ' * 1000"], "len(T)", 3000),
    "a text of numpy's": (["import numpy as np\nT = np.str_('a')"], "str(T)", "a"),
    "a list in two places": (["i = [1]\na = [i, i]"], "a[0] is a[1]", True),
    "a complex zero": (["z = -0j"], "str(z)", "(-0-0j)"),
    "a number longer than Python writes": (["n = 10**5000"], "n % 7", 2),
    "a sparse matrix": (["import scipy.sparse\nm = scipy.sparse.eye(3).tocsr()"], "float(m.sum())", 3.0),
}
# name: (cells, what is used, the reason)
REFUSED: dict[str, tuple[list[str], str, str]] = {
    "an attribute set since": (["def f(v): return f.k", "f.k = 5"], "f", "In [2] line 1 changes what In [1] defines"),
    "a class's attribute set since": (
        ["class A:\n    k = 1\nA.k = 7"],
        "A",
        "In [1] line 3 changes what In [1] defines",
    ),
    "setattr": (["class A: pass", "setattr(A, 'k', 3)"], "A", "In [2] line 1 changes what In [1] defines"),
    "a method set since": (["class A:\n    def f(self): return 1", "A.f = len"], "A", "In [2] line 1 changes"),
    "a case registered since": (
        [
            "from functools import singledispatch\n@singledispatch\ndef f(v): return 'o'",
            "@f.register\ndef _(v: int): return 'i'",
        ],
        "f",
        "In [2] line 1 changes what In [1] defines",
    ),
    "a class's own state": (
        ["class A:\n    seen = []\n    def __init__(self): self.seen.append(1)", "A()"],
        "A",
        "was changed (a default",
    ),
    "a default that grew": (
        ["def f(v, seen=[]):\n    seen.append(v)\n    return len(seen)", "f(1)"],
        "f",
        "was changed (a default",
    ),
    "the default of a loop": (
        ["for i in [5, 6]:\n    if i == 5:\n        def f(v, k=i): return v + k"],
        "f",
        "with another i than there is now",
    ),
    "a default counted up since": (
        ["K = 1\nK += 1\ndef f(v, k=K): return v + k\nK += 1"],
        "f",
        "with another K than there is now",
    ),
    "lambdas in a tuple": (["f, g = lambda v: v, lambda v: v"], "f", "a lambda that no statement of the form"),
    "what a function needs and nobody has": (
        ["def g(v): return v\ndef f(v): return g(v)", "del g"],
        "f",
        "'g', which f needs, cannot be shipped: it is not defined",
    ),
    "a value that raises": (
        ["class L:\n    def __getattr__(self, name): raise RuntimeError(name)\nit = L()"],
        "it",
        "looking at it raises RuntimeError",
    ),
    "the environment": (["import os\nit = os.environ"], "it", "holds this machine's environment"),
    "a password in a dictionary": (["it = {'db': {'password': 'x'}}"], "it", "looks like a secret"),
    "a password in an address": (["it = 'postgresql://u:p@h/db'"], "it", "looks like a secret"),
    "a key by its looks": (["it = 'sk-abcdefghijklmnopqrst'"], "it", "looks like a secret"),
    "a key in camel case": (["openaiKey = 'abc'"], "openaiKey", "looks like a secret"),
    "a long password": (["password = 'x' * 5000"], "password", "looks like a secret"),
}


@pytest.mark.parametrize("name", TAKEN)
@pytest.mark.filterwarnings("ignore:`make_tokens_by_line`")
def test_taken(book: Minibook, name: str) -> None:
    cells, expression, answer = TAKEN[name]
    for cell in cells:
        result = book.shell.run_cell(cell, store_history=True)
        assert result.error_before_exec is None
        assert result.success or "1 / 0" in cell
    script = book.capture(f"def run(x):\n    return {expression}")
    assert book.alone(script, 1) == [answer]


@pytest.mark.parametrize("name", REFUSED)
def test_refused(book: Minibook, name: str) -> None:
    cells, used, reason = REFUSED[name]
    book.run(*cells)
    problem = book.refused(f"def run(x):\n    return {used}(x)")
    assert "cannot be shipped" in problem.message
    assert reason in problem.message


def test_what_is_named_like_a_secret_but_is_none(book: Minibook) -> None:
    book.run("special = {'pad_token': '<pad>', 'max_tokens': 5}\nsecretary = 'x'\nsite = 'http://h/a:b@c'")
    script = book.capture("def run(x):\n    return [special, secretary, site]")
    assert {one.kind for one in script.taken} == {"constant"}


def test_a_file_that_was_run_is_part_of_the_history(book: Minibook, tmp_path: Path) -> None:
    (tmp_path / "other.py").write_text("K = 3\nclass A:\n    k = K\ndef f(v):\n    return v + A.k\n")
    book.run("%run other.py")
    script = book.capture("def run(x):\n    return f(x)")
    assert "# other.py, line 4\ndef f(v):" in script.source
    assert book.alone(script, 1) == [4]


def test_the_notebooks_own_name_is_not_the_scripts(book: Minibook) -> None:
    book.run("K = 3")
    cell = "def run(x):\n    return K + x\nif __name__ == '__main__':\n    print('in the notebook')\n"
    script = book.capture(cell)
    assert [one.name for one in script.taken] == ["K"]
    assert book.alone(script, 1) == [4]


def test_a_module_whose_file_was_edited_since_it_was_imported(book: Minibook, tmp_path: Path) -> None:
    (tmp_path / "scaling.py").write_text("def g(v):\n    return v + 1\n")
    book.run("import sys\nsys.path.insert(0, '')\nimport scaling\nfrom scaling import g")
    assert book.alone(book.capture("def run(x):\n    return scaling.g(x)"), 1) == [2]
    (tmp_path / "scaling.py").write_text("def g(v):\n    return v + 100\n")
    for used in ("g", "scaling.g"):
        problem = book.refused(f"def run(x):\n    return {used}(x)")
        assert "scaling.py defines g differently from when it was imported" in problem.message
        assert "importlib.reload(scaling)" in problem.hint
    book.run("del sys.modules['scaling'], sys.path[0]")


def test_a_package_without_init_does_not_travel(book: Minibook, tmp_path: Path) -> None:
    (tmp_path / "bare").mkdir()
    (tmp_path / "bare" / "inner.py").write_text("def g(v):\n    return v\n")
    book.run("import sys\nsys.path.insert(0, '')\nimport bare.inner")
    problem = book.refused("def run(x):\n    return bare.inner.g(x)")
    assert "the package bare has no __init__.py" in problem.message
    book.run("del sys.modules['bare'], sys.modules['bare.inner'], sys.path[0]")


@pytest.mark.parametrize(
    ("future", "answer"),
    [
        ("from __future__ import annotations\n", ""),
        ("from __future__ import (\n    annotations,\n)\n", ""),
        ("from __future__ import annotations; import math\n", " + math.floor(0)"),
        ("TEXT = '''\nfrom __future__ import annotations\n'''\n", " + (TEXT.count('#'))"),
    ],
)
def test_imports_from_the_future_move_to_the_top(book: Minibook, future: str, answer: str) -> None:
    book.run("K = 1")
    script = book.capture(f"{future}def run(x):\n    return K + x{answer}")
    assert book.alone(script, 1) == [2]


def test_carets_count_characters(book: Minibook) -> None:
    book.run("it = (i for i in [1])")
    assert book.refused("def run(x):\n    return 'äöü变', it").details.endswith("    " + " " * 14 + "^^")


def test_modules_beside_the_notebook_that_only_data_is_made_of_travel(book: Minibook, tmp_path: Path) -> None:
    (tmp_path / "parts.py").write_text("class Part:\n    def __init__(self, k):\n        self.k = k\n")
    book.run("import sys\nsys.path.insert(0, '')\nfrom parts import Part\nit = Part(3)")
    script = book.capture("def run(x):\n    return it.k + x")
    assert "import parts" in script.source
    assert book.alone(script, 1) == [4]
    book.run("del sys.modules['parts'], sys.path[0]")


def test_modules_that_only_data_is_made_of_must_be_where_a_service_looks(book: Minibook, tmp_path: Path) -> None:
    (tmp_path / "apart").mkdir()
    (tmp_path / "apart" / "pieces.py").write_text("class Piece:\n    k = 3\n")
    book.run("import sys\nsys.path.insert(0, 'apart')\nfrom pieces import Piece\nit = Piece()")
    problem = book.refused("def run(x):\n    return it.k + x")
    assert "the module pieces" in problem.message
    assert problem.details == "    return it.k + x\n           ^^"
    book.run("del sys.modules['pieces'], sys.path[0]")


def test_a_set_is_written_alike_in_every_process(book: Minibook) -> None:
    book.run("words = set('qwertyuiop')")
    source = book.capture("def run(x):\n    return words").source
    assert "words = {'e', 'i', 'o', 'p', 'q', 'r', 't', 'u', 'w', 'y'}" in source
