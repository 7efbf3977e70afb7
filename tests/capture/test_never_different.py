"""Names bound, wrapped, swapped and patched at random: what is taken answers as the notebook does."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator

import pytest

from jupyter_deploy.errors import ScriptProblem

from .alone import Alone, started
from .minibook import Minibook

TOOLS = """
import contextlib, functools
def plain(f):
    def inner(v):
        return f(v) + 1
    return inner
def marked(f):
    @functools.wraps(f)
    def inner(v):
        return 2 * f(v)
    inner.mark = 5
    return inner
def same(f):
    f.seen = True
    return f
def times(n=3, *, m=0):
    def wrap(f):
        def inner(v):
            return n * f(v) + m
        return inner
    return wrap
def counting(f):
    calls = 0
    def inner(v):
        nonlocal calls
        calls += 1
        return f(v) + calls
    return inner
class Kept:
    def __init__(self, f):
        self.f = f
    def __call__(self, v):
        return self.f(v) - 1
def closed(t):
    def inner(v):
        return v + t
    return inner
N = [1, 2, 3]
K = 2
"""
DECORATORS = [
    "",
    "@plain",
    "@marked",
    "@same",
    "@times(2)",
    "@times(m=K)",
    "@counting",
    "@Kept",
    "@functools.lru_cache",
]
BODIES = ["v + {}", "v * {}", "len(N) + v - {}", "K * v + {}"]
FUNCTIONS, CLASSES = ("f", "g", "h"), ("A", "B")
CHANGES = [
    "{f} = plain({f})",
    "{f}, {g} = {g}, {f}",
    "{f} = {g}",
    "{f} = closed({n})",
    "{f} = times({n})(lambda v: v)",
    "{f} = functools.lru_cache({g})",
    "globals()['{f}'] = marked(lambda v: {n})",
    "exec('def {f}(v): return {n}')",
    "{f}.mark = {n}",
    "({f}.__closure__ or [0])[0] and setattr({f}.__closure__[0], 'cell_contents', closed({n}))",
    "getattr({f}, '__wrapped__', {f}).__defaults__ = ({n},)",
    "{f}({n})",
    "for {f} in [marked({g})]: pass",
    "for name in ['{f}']: globals()[name] = same(lambda v: v - {n})",
    "with contextlib.nullcontext(plain({g})) as {f}: pass",
    "({f} := same({g}))",
    "keep = {f}\n{f} = closed(1)\n{f} = keep",
    "{f} = type({f}) is functools.partial or functools.partial({g})",
    "N.append({n})",
    "K = {n}",
    "{A}.go = lambda self, v: {n}",
    "setattr({A}, 'k', {n})",
    "{A}, {B} = {B}, {A}",
    "{A} = type('{A}', ({A},), dict(k={n}))",
    "vars({A})['go'].__defaults__ = ({n},)",
    "class {A}({A}):\n    k = {n}",
    "del {f}",
]  # fmt: skip


class Author:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def definition(self, name: str) -> str:
        number = self.random.randint(2, 9)
        body = self.random.choice(BODIES).format(number)
        if name in CLASSES:
            return (
                f"class {name}:\n    k = {self.random.choice(['1', 'K', 'len(N)', 'times()(len)(N)'])}\n"
                f"    def go(self, v, w=K):\n        return {body} + self.k + w"
            )
        default = self.random.choice(["", ", w=1", ", w=K", ", w=len(N)"])
        return f"{self.random.choice(DECORATORS)}\ndef {name}(v{default}):\n    return {body}".lstrip()

    def cells(self) -> Iterator[str]:
        yield TOOLS
        names = [*FUNCTIONS, *CLASSES]
        yield from map(self.definition, names)
        for _ in range(self.random.randint(0, 4)):
            if self.random.random() < 0.3:
                yield self.definition(self.random.choice(names))
                continue
            (f, g), (a, b) = self.random.sample(FUNCTIONS, 2), self.random.sample(CLASSES, 2)
            yield self.random.choice(CHANGES).format(f=f, g=g, A=a, B=b, n=self.random.randint(10, 99))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    with started(tmp_path_factory.mktemp("alone")) as process:
        yield process


@pytest.mark.parametrize("seed", range(40))
def test_what_is_taken_answers_as_the_notebook_does(book: Minibook, alone: Alone, seed: int) -> None:
    history = []
    for cell in Author(seed).cells():
        history.append(cell if book.shell.run_cell(cell, store_history=True).success else f"# failed\n{cell}")
    taken = 0
    for expression in [*(f"{name}(x)" for name in FUNCTIONS), *(f"{name}().go(x)" for name in CLASSES)]:
        names = book.shell.user_ns
        try:
            script = book.capture(f"def run(x):\n    return {expression}")
        except ScriptProblem as problem:
            assert "cannot be shipped" in problem.message or "neither defined" in problem.message  # noqa: PT017
            continue
        taken += 1
        answers = alone.answers(script.source, book.folder, [4, 7])
        own = json.loads(json.dumps([eval(expression, {**names, "x": value}) for value in (4, 7)]))
        assert answers == own, "\n\n".join([expression, script.source, *history])
    assert taken or len(history) > 6
