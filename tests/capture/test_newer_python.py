"""Type parameters and ``type`` statements, where the interpreter has them; loggers are source on every one."""

from __future__ import annotations

import logging
import sys

import pytest

from .minibook import Minibook

newer = pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters came with Python 3.12")
# name: (cells, the expression of `x`, the answer to 1, what is taken)
CASES: dict[str, tuple[list[str], str, object, set[str]]] = {
    "a function": (["def first[T](v: list[T]) -> T:\n    return v[0]"], "first([x])", 1, {"first"}),
    "a function that uses its parameter": (
        ["def kind[T](v: T) -> str:\n    return T.__name__ + str(v)"],
        "kind(x)",
        "T1",
        {"kind"},
    ),
    "a class": (
        ["class Box[T: (int, str)]:\n    def __init__(self, v: T):\n        self.v = v\n    def get(self) -> T:\n"
         "        return self.v"],
        "Box[int](x).get()",
        1,
        {"Box"},
    ),
    "a class with a base": (
        ["class A[T](dict[str, T]):\n    kind = T\n    def m[U](self, v: U) -> tuple[T, U]:\n        return v"],
        "[A().m(x), A.kind.__name__]",
        [1, "T"],
        {"A"},
    ),
    "an alias": (["type V = int | list[V]\ndef f(v: V) -> V:\n    return v"], "f(x)", 1, {"f", "V"}),
    "an alias as a value": (["type V[T] = dict[str, T]"], "str(V[int].__origin__) + str(x)", "V1", {"V"}),
    "a decorator": (
        [
            "from collections.abc import Callable\ntype F[**P, R] = Callable[P, R]",
            "def d[**P, R](f: F[P, R]) -> F[P, R]:\n    def inner(*args: P.args, **kwargs: P.kwargs) -> R:\n"
            "        return f(*args, **kwargs)\n    return inner",
            "@d\ndef g(v: int) -> int:\n    return v + 1",
        ],
        "g(x)",
        2,
        {"g", "d", "F", "Callable"},
    ),
    "a dataclass": (
        ["from dataclasses import dataclass\n@dataclass\nclass P[T]:\n    a: T"],
        "P(x).a",
        1,
        {"P", "dataclass"},
    ),
    "an alias bound again": (["type V = int", "V = 3"], "V + x", 4, {"V"}),
}  # fmt: skip


@newer
@pytest.mark.parametrize("name", CASES)
def test_type_parameters(book: Minibook, name: str) -> None:
    cells, expression, answer, taken = CASES[name]
    book.run(*cells)
    script = book.capture(f"def run(x):\n    return {expression}")
    assert {one.name for one in script.taken} == taken
    assert not book.saved
    assert book.alone(script, 1) == [answer]


@newer
def test_what_was_changed_is_told_of_generic_ones_too(book: Minibook) -> None:
    book.run("class Box[T]:\n    def get(self) -> T:\n        return 1", "B = Box\nB.get = lambda self: 2")
    problem = book.refused("def run(x):\n    return Box().get()")
    assert "In [1] defines it, but In [2] line 2 makes something else of it" in problem.message


def test_loggers_are_source(book: Minibook) -> None:
    book.run(
        "import logging\nlog = logging.getLogger(__name__)\nroot = logging.getLogger()",
        "from logging import getLogger\nother = getLogger('a.b')\nother.setLevel('INFO')",
        "told = logging.LoggerAdapter(other, {'k': 1})\ndef f(v):\n    log.info('x')\n    return v",
    )
    script = book.capture("def run(x):\n    other.info('y')\n    return [f(x), other.level, told.extra, root.name]")
    assert not book.saved
    lines = script.source.splitlines()
    assert "import logging" in lines
    assert "log = logging.getLogger(__name__)" in lines
    assert "other = logging.getLogger('a.b')" in lines
    assert "other.setLevel(logging.INFO)" in lines
    assert "told = logging.LoggerAdapter(logging.getLogger('a.b'), {'k': 1})" in lines
    assert book.alone(script, 1) == [[1, logging.INFO, {"k": 1}, "root"]]
    logging.getLogger("a.b").setLevel(logging.NOTSET)


def test_a_logger_where_logging_is_another_name(book: Minibook) -> None:
    book.run("import logging as l\nlogging = 3\nlog = l.getLogger('c')")
    script = book.capture("def run(x):\n    return [log.name, logging + x]")
    assert book.alone(script, 1) == [["c", 4]]
