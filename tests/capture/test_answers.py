"""Notebooks made at random: whatever a cell takes of them, the script alone answers what the notebook answers."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from jupyter_deploy.errors import ScriptProblem

from .minibook import Minibook


class Author:
    """Writes a notebook: each cell binds a name from what is there, sometimes one that was bound before.

    Every name is a function of one whole number, or one that is called without arguments for a number.
    """

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.calls: dict[str, str] = {}
        self.count = 0

    def known(self, argument: str) -> str:
        """An expression of what is there."""
        if not self.calls or self.random.random() < 0.2:
            return f"({argument} + {self.random.randint(1, 9)})"
        name = self.random.choice(sorted(self.calls))
        return self.calls[name].format(argument)

    def name(self) -> str:
        if self.calls and self.random.random() < 0.25:
            return self.random.choice(sorted(self.calls))
        self.count += 1
        return f"n{self.count}"

    def cell(self) -> str:
        ways: list[Callable[[str], tuple[str, str]]] = [
            self.constant, self.function, self.function, self.default, self.shortened, self.decorated, self.classed,
            self.inherited, self.dataclass, self.instance, self.alias, self.comprehension, self.imported,
            self.recursive,
        ]  # fmt: skip
        name = self.name()
        # What is bound anew may use its old self only where that is evaluated at once; so leave it out.
        self.calls.pop(name, None)
        text, call = self.random.choice(ways)(name)
        self.calls[name] = call
        return text

    def constant(self, name: str) -> tuple[str, str]:
        value = self.random.choice(["7", "2 ** 5", "len('abcd')", "-3", "max([4, 5])"])
        return f"{name} = {value}", f"({name} + {{}})"

    def function(self, name: str) -> tuple[str, str]:
        body = f"def {name}(v):\n    w = {self.known('v')}\n    return w - {self.known('v')}"
        return body, f"{name}({{}})"

    def default(self, name: str) -> tuple[str, str]:
        return f"def {name}(v, k={self.known('2')}):\n    return v * 2 - k", f"{name}({{}})"

    def shortened(self, name: str) -> tuple[str, str]:
        return f"{name} = lambda v: {self.known('v')} % 1000", f"{name}({{}})"

    def decorated(self, name: str) -> tuple[str, str]:
        text = (
            f"import functools\ndef around_{name}(f):\n    @functools.wraps(f)\n    def inner(v):\n"
            f"        return f(v) + 1\n    return inner\n\n@around_{name}\ndef {name}(v):\n    return {self.known('v')}"
        )
        return text, f"{name}({{}})"

    def classed(self, name: str) -> tuple[str, str]:
        text = (
            f"class {name}:\n    step = {self.known('1')}\n\n    def __init__(self, v):\n        self.v = v\n\n"
            f"    def go(self):\n        return self.v + self.step + {self.known('self.v')}"
        )
        return text, f"{name}({{}}).go()"

    def inherited(self, name: str) -> tuple[str, str]:
        text = (
            f"class Base{name}:\n    def go(self, v):\n        return {self.known('v')}\n\n"
            f"class {name}(Base{name}):\n    def go(self, v):\n        return super().go(v) * 3"
        )
        return text, f"{name}().go({{}})"

    def dataclass(self, name: str) -> tuple[str, str]:
        text = f"from dataclasses import dataclass\n@dataclass(frozen=True)\nclass {name}:\n    v: int\n    k: int = 4"
        return text, f"({name}({{}}).v + {name}(1).k)"

    def instance(self, name: str) -> tuple[str, str]:
        text = (
            f"class Of{name}:\n    def __init__(self, k):\n        self.k = k\n\n    def go(self, v):\n"
            f"        return self.k + v if isinstance(self, Of{name}) else 0\n\n{name} = Of{name}({self.known('3')})"
        )
        return text, f"({name}.go({{}}) + isinstance({name}, Of{name}))"

    def alias(self, name: str) -> tuple[str, str]:
        return f"import operator\n{name} = operator.neg", f"{name}({{}})"

    def comprehension(self, name: str) -> tuple[str, str]:
        return f"def {name}(v):\n    return sum({self.known('k')} for k in range(v % 5))", f"{name}({{}})"

    def imported(self, name: str) -> tuple[str, str]:
        return f"from math import floor as {name}", f"{name}({{}} / 2)"

    def recursive(self, name: str) -> tuple[str, str]:
        return (
            f"def {name}(v, depth=0):\n    return v if depth > 3 else {name}(v // 2, depth + 1) + {self.known('v')}",
            f"{name}({{}})",
        )


@pytest.mark.parametrize("seed", range(8))
def test_the_script_answers_as_the_notebook_does(book: Minibook, seed: int) -> None:
    author = Author(seed)
    for _ in range(12):
        try:
            book.run(author.cell())
        except (NameError, TypeError, RecursionError):
            # Bound anew as something else, so that what uses it fails, here as there.
            continue
    answers = {}
    for name in sorted(author.calls):
        expression = author.calls[name].format("x")
        try:
            # Raised anew: IPython needs seconds to show an error from a thousand frames deep.
            own = (
                f"    try:\n        return {expression}\n    except RecursionError:\n        pass\n    raise ValueError"
            )
            book.run(f"def _own(x):\n{own}")
            answers[expression] = [book.run(f"_own({value})") for value in (0, 5, 17)]
        except Exception:  # the notebook's own answer is an error
            continue
    assert answers
    cell = "def run(x):\n    return [" + ", ".join(answers) + "]"
    try:
        script = book.capture(cell)
    except ScriptProblem as problem:
        assert "has bound since" in problem.message  # noqa: PT017
        return
    own = [list(values) for values in zip(*answers.values(), strict=True)]
    assert book.alone(script, 0, 5, 17) == own
