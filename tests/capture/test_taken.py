"""Notebooks in miniature: what a script cell takes of them, and that it answers alone as the notebook does."""

from __future__ import annotations

import pytest

from .minibook import Minibook

# name: (cells, the expression that run() returns of `x`, values, what is taken as kind by name)
TAKEN: dict[str, tuple[list[str], str, list[object], dict[str, str]]] = {
    "a constant": (["LIMIT = 3"], "x + LIMIT", [1], {"LIMIT": "constant"}),
    "a computed constant": (["LIMIT = sum(range(4))"], "x + LIMIT", [1], {"LIMIT": "constant"}),
    "a constant as it is written": (["RATE = 1e-3"], "x * RATE", [5], {"RATE": "constant"}),
    "a constant bound again": (["LIMIT = 3", "LIMIT = 4"], "x + LIMIT", [1], {"LIMIT": "constant"}),
    "a constant counted up": (["LIMIT = 3", "LIMIT += 4"], "x + LIMIT", [1], {"LIMIT": "constant"}),
    "a constant of a loop": (["for LIMIT in range(5): pass"], "x + LIMIT", [1], {"LIMIT": "constant"}),
    "nested constants": (['NAMES = {"a": [1, (2.5, None)], "b": {3}}'], "str(NAMES[x])", ["a"], {"NAMES": "constant"}),
    "no number": (["NAN = float('nan')"], "[NAN != NAN, x]", [1], {"NAN": "constant"}),
    "infinity": (["MOST = -float('inf')"], "MOST < x", [1], {"MOST": "constant"}),
    "bytes": (["B = bytes(range(4))"], "list(B) + [x]", [1], {"B": "constant"}),
    "a text with all quotes": (["T = 'a\"\\'\\\\ \\n' + chr(8232)"], "T + x", ["b"], {"T": "constant"}),
    "a frozen set": (["S = frozenset({1, 2})"], "x in S", [1, 3], {"S": "constant"}),
    "an empty set": (["S = set()"], "x in S", [1], {"S": "data"}),
    "a function": (["def double(v):\n    return 2 * v"], "double(x)", [4], {"double": "function"}),
    "functions that call each other": (
        ["def even(n):\n    return n == 0 or odd(n - 1)", "def odd(n):\n    return n != 0 and even(n - 1)"],
        "even(x)",
        [4, 5],
        {"even": "function", "odd": "function"},
    ),
    "a function of a function with a constant": (
        ["K = 2", "def inner(v):\n    return v * K", "def outer(v):\n    return inner(v) + 1"],
        "outer(x)",
        [5],
        {"outer": "function", "inner": "function", "K": "constant"},
    ),
    "a function defined twice": (
        ["def f(v):\n    return v", "def f(v):\n    return v + 1"],
        "f(x)",
        [1],
        {"f": "function"},
    ),
    "a global bound again later": (
        ["K = 2", "def f(v):\n    return v * K", "K = 5"],
        "f(x)",
        [3],
        {"f": "function", "K": "constant"},
    ),
    "a function in a branch": (["if True:\n    def f(v):\n        return v + 1"], "f(x)", [1], {"f": "function"}),
    "a text of several lines in an indented function": (
        ['if True:\n    def f(v):\n        return """a\nb""" + v'],
        "f(x)",
        ["c"],
        {"f": "function"},
    ),
    "nested functions": (
        ["def f(v):\n    def g(w):\n        return w + v\n    return g(1)"],
        "f(x)",
        [2],
        {"f": "function"},
    ),
    "defaults": (["def f(v, k=3, *, m=4):\n    return v + k + m"], "f(x)", [1], {"f": "function"}),
    "a default from a constant": (
        ["K = 7", "def f(v, k=K):\n    return v + k"],
        "f(x)",
        [1],
        {"f": "function", "K": "constant"},
    ),
    "a lambda": (["f = lambda v: v + 1"], "f(x)", [1], {"f": "function"}),
    "a lambda that uses a constant": (
        ["K = 3", "f = lambda v: v + K"],
        "f(x)",
        [1],
        {"f": "function", "K": "constant"},
    ),
    "a decorator": (
        [
            "import functools",
            "def twice(f):\n    @functools.wraps(f)\n    def inner(v):\n        return f(f(v))\n    return inner",
            "@twice\ndef add(v):\n    return v + 1",
        ],
        "add(x)",
        [1],
        {"add": "function", "twice": "function", "functools": "import"},
    ),
    "a decorator with arguments": (
        [
            "def times(n):\n  def around(f):\n    def inner(v):\n      return n * f(v)\n    return inner\n"
            "  return around",
            "@times(3)\ndef one(v):\n    return v",
        ],
        "one(x)",
        [2],
        {"one": "function", "times": "function"},
    ),
    "a cached function": (
        ["from functools import lru_cache", "@lru_cache(maxsize=None)\ndef f(v):\n    return v + 1"],
        "f(x)",
        [1],
        {"f": "function", "lru_cache": "import"},
    ),
    "an async function": (
        ["import asyncio", "async def f(v):\n    return v + 1"],
        "asyncio.run(f(x))",
        [1],
        {"f": "function", "asyncio": "import"},
    ),
    "a generator function": (["def f(v):\n    yield from range(v)"], "list(f(x))", [3], {"f": "function"}),
    "a class": (
        ["class P:\n    def __init__(self, v):\n        self.v = v\n    def twice(self):\n        return 2 * self.v"],
        "P(x).twice()",
        [4],
        {"P": "class"},
    ),
    "classes that inherit": (
        [
            "class A:\n    def name(self):\n        return 'A'",
            "class B(A):\n    def name(self):\n        return super().name() + 'B'",
        ],
        "B().name() + x",
        ["!"],
        {"B": "class", "A": "class"},
    ),
    "a dataclass": (
        [
            "from dataclasses import dataclass, field",
            "@dataclass\nclass P:\n    a: int\n    b: list = field(default_factory=list)",
        ],
        "P(x).a",
        [4],
        {"P": "class", "dataclass": "import", "field": "import"},
    ),
    "an enumeration": (
        ["import enum", "class C(enum.Enum):\n    RED = 1"],
        "C(x).name",
        [1],
        {"C": "class", "enum": "import"},
    ),
    "a named tuple": (
        ["from typing import NamedTuple", "class P(NamedTuple):\n    a: int"],
        "P(x).a",
        [1],
        {"P": "class", "NamedTuple": "import"},
    ),
    "a class that uses a function in its body": (
        ["def size():\n    return 3", "class A:\n    SIZE = size()"],
        "A.SIZE + x",
        [1],
        {"A": "class", "size": "function"},
    ),
    "an instance of the notebook's class": (
        [
            "class A:\n    def __init__(self, k): self.k = k\n    def add(self, v):\n        return v + self.k",
            "a = A(3)",
        ],
        "a.add(x)",
        [1],
        {"a": "data"},
    ),
    "an instance and its class": (
        [
            "class A:\n    def __init__(self, k): self.k = k\n    def __eq__(self, o):\n"
            "        return type(self) is type(o) and self.k == o.k",
            "a = A(3)",
        ],
        "a == A(x)",
        [3, 4],
        {"a": "data", "A": "data"},
    ),
    "a module": (["import math"], "math.sqrt(x)", [4], {"math": "import"}),
    "a module by another name": (["import math as m"], "m.sqrt(x)", [4], {"m": "import"}),
    "a module in a package": (["import os.path"], "os.path.basename(x)", ["/a/b"], {"os": "import"}),
    "a function of a library": (["from math import sqrt"], "sqrt(x)", [4], {"sqrt": "import"}),
    "a function of a library by another name": (["from math import sqrt as root"], "root(x)", [4], {"root": "import"}),
    "a star": (["from math import *"], "sqrt(x) + pi", [4], {"sqrt": "import", "pi": "import"}),
    "a function under another name": (
        ["import math", "root = math.sqrt"],
        "root(x)",
        [4],
        {"root": "import"},
    ),
    "a builtin under another name": (["count = len"], "count(x)", [[1, 2]], {"count": "import"}),
    "a builtin's name for something else": (["def sum(v):\n    return 'mine'"], "sum(x)", [[1]], {"sum": "function"}),
    "a comprehension": (["K = [1, 2]"], "[k + x for k in K if k]", [1], {"K": "constant"}),
    "a name that is local after all": (["v, K = 100, 1"], "[v for v in range(x)] + [K]", [2], {"K": "constant"}),
    "an import in a try": (
        ["try:\n    import rapidjson as j\nexcept ImportError:\n    import json as j"],
        "j.dumps(x)",
        [1],
        {"j": "import"},
    ),
    "a list under two names": (["a = [1]\nb = a"], "[a, b, x]", [1], {"a": "constant", "b": "alias"}),
    "an array": (
        ["import numpy as np", "W = np.arange(4.0)"],
        "float(W[x])",
        [2],
        {"W": "data"},
    ),
    "a compiled pattern": (["import re", "P = re.compile('a+')"], "bool(P.match(x))", ["aa", "b"], {"P": "data"}),
    "a partial": (
        ["from functools import partial", "def add(a, b):\n    return a + b", "three = partial(add, 3)"],
        "three(x)",
        [4],
        {"three": "data"},
    ),
    "a date": (["import datetime as dt", "D = dt.date(2020, 1, 2)"], "str(D) + x", ["!"], {"D": "data"}),
    "a fitted model": (
        [
            "import numpy as np\nfrom sklearn.linear_model import LinearRegression",
            "m = LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0])",
        ],
        "m.predict([[x]]).round(6).tolist()",
        [2.0],
        {"m": "data"},
    ),
    "a method of a model": (
        [
            "from sklearn.linear_model import LinearRegression",
            "m = LinearRegression().fit([[0.0], [1.0]], [1.0, 3.0])\npredict = m.predict",
        ],
        "predict([[x]]).round(6).tolist()",
        [2.0],
        {"predict": "alias", "m": "data"},
    ),
}


@pytest.mark.parametrize("name", TAKEN)
def test_taken(book: Minibook, name: str) -> None:
    cells, expression, values, kinds = TAKEN[name]
    book.run(*cells)
    book.run(f"def __run(x):\n    return {expression}")
    own = [book.run(f"__run({value!r})") for value in values]
    script = book.capture(f"def run(x):\n    return {expression}")
    assert {one.name: one.kind for one in script.taken} == kinds
    assert book.alone(script, *values) == own


def test_hints_alone_are_enough_to_take_a_name(book: Minibook) -> None:
    book.run("import typing\nclass Row(typing.TypedDict):\n    a: int")
    script = book.capture("def run(x: Row):\n    return x['a']")
    assert {one.name: one.kind for one in script.taken} == {"Row": "class", "typing": "import"}
    assert book.alone(script, {"a": 3}) == [3]


def test_each_thing_is_shown_with_the_cell_that_it_comes_from(book: Minibook) -> None:
    book.run("import math", "K = 2", "\ndef f(v):\n    return math.floor(v) + K")
    script = book.capture("def run(x):\n    return f(x)")
    assert {one.name: (one.origin, one.line) for one in script.taken if one.kind != "import"} == {
        "f": ("In [3]", 1),
        "K": ("In [2]", 1),
    }
    assert "# In [3], line 1\ndef f(v):" in script.source


def test_a_cell_that_takes_nothing_stays_as_it_is(book: Minibook) -> None:
    book.run("json = 3\nx = 4")
    cell = "import json\n\ndef run(x):\n    return json.loads(x)\n"
    script = book.capture(cell)
    assert script.source == f"# %%score_script mini\n{cell}"
    assert not script.taken
    assert not script.origins


def test_a_global_that_run_changes_begins_as_it_is_now(book: Minibook) -> None:
    book.run("counter = 5")
    script = book.capture("def run(x):\n    global counter\n    counter += x\n    return counter")
    assert {one.name: one.kind for one in script.taken} == {"counter": "constant"}
    assert book.alone(script, 1, 1) == [6, 7]
    # What init() sets is the script's own affair.
    own = book.capture(
        "def init():\n    global counter\n    counter = 0\ndef run(x):\n    global counter\n    return counter"
    )
    assert not own.taken


def test_nothing_comes_before_what_it_is_made_of(book: Minibook) -> None:
    base = "class Base:\n    step = 2"
    book.run(base, "class Next(Base):\n    pass", base)
    script = book.capture("def run(x):\n    return x + Next.step")
    assert script.source.index("class Base") < script.source.index("class Next")
    assert book.alone(script, 1) == [3]
