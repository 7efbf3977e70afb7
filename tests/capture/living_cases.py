"""Notebooks of which what lives is taken, and what their decorators are."""

from __future__ import annotations

TIMED = (
    "import functools\ndef timed(f):\n    @functools.wraps(f)\n    def inner(*args):\n        return f(*args)\n"
    "    return inner"
)
PLAIN = "def twice(f):\n    def inner(v):\n        return 2 * f(v)\n    return inner"
ROUNDED = "def rounded(f):\n    def inner(v):\n        return round(f(v), 1)\n    return inner"
MAKE = "def make(t):\n    def predict(v):\n        return v > t\n    return predict"
TIMES = (
    "import functools\ndef times(n):\n    def wrap(f):\n        @functools.wraps(f)\n        def inner(v):\n"
    "            return n * f(v)\n        return inner\n    return wrap"
)
COUNTED = (
    "def counted(f):\n    def inner(v):\n        inner.calls += 1\n        return f(v) + inner.calls\n"
    "    inner.calls = 0\n    return inner"
)
F = "@timed\ndef predict(v):\n    return v + 1"
# name: (cells, the expression of `x`, the names that a refusal may have: some may be refused)
LIVING: dict[str, tuple[list[str], str, list[str]]] = {
    "a wrapper": ([TIMED, F], "predict(x)", []),
    "a wrapper that hides what it wraps": ([PLAIN, "@twice\ndef f(v):\n    return v + 1"], "f(x)", []),
    "two wrappers": ([TIMED, PLAIN, "@timed\n@twice\ndef f(v):\n    return v + 1"], "f(x)", []),
    "a wrapper with an argument": ([TIMES, "@times(3)\ndef f(v):\n    return v + 1"], "f(x)", []),
    "a wrapper with a named argument": ([TIMES, "K = 4\n@times(n=K)\ndef f(v):\n    return v"], "f(x)", []),
    "a cell that was run again": ([TIMED, F, F, "1", F], "predict(x)", []),
    "a decorator that was run again": ([TIMED, F, TIMED], "predict(x)", []),
    "a definition that was edited and run again": ([TIMED, F, F.replace("1", "5")], "predict(x)", []),
    "a decorator that returns the function": (
        ["def same(f):\n    return f", "@same\ndef f(v):\n    return v + 3"],
        "f(x)",
        [],
    ),
    "a decorator that marks": (
        ["def mark(f):\n    f.kind = 'a'\n    return f", "@mark\ndef f(v):\n    return [v, f.kind]"],
        "f(x)",
        [],
    ),
    "a decorator with and without brackets": (
        [
            "def opt(f=None, *, n=2):\n    def wrap(g):\n        def inner(v):\n            return n * g(v)\n"
            "        return inner\n    if f is None:\n        return wrap\n    return wrap(f)",
            "@opt\ndef f(v):\n    return v",
            "@opt(n=5)\ndef g(v):\n    return v",
        ],
        "[f(x), g(x)]",
        [],
    ),
    "a decorator that counts, not called yet": ([COUNTED, "@counted\ndef f(v):\n    return v"], "f(x)", []),
    "a memory that is empty": (
        [
            "def memo(f):\n    seen = {}\n    def inner(v):\n        if v not in seen:\n            seen[v] = f(v)\n"
            "        return seen[v]\n    return inner",
            "@memo\ndef f(v):\n    return v * 7",
        ],
        "f(x)",
        [],
    ),
    "a cache that was used": (
        ["import functools", "@functools.lru_cache(maxsize=8)\ndef f(v):\n    return v * 7", "f(1), f(2)"],
        "f(x)",
        [],
    ),
    "a cache without brackets": (["import functools\n@functools.lru_cache\ndef f(v):\n    return v * 7"], "f(x)", []),
    "cache()": (["from functools import cache\n@cache\ndef f(v):\n    return v * 7"], "f(x)", []),
    "a context": (
        ["from contextlib import contextmanager", "@contextmanager\ndef cm(v):\n    yield v + 2"],
        "cm(x).__enter__()",
        [],
    ),
    "a single dispatch": (
        ["from functools import singledispatch\n@singledispatch\ndef f(v):\n    return v + 2"],
        "f(x)",
        [],
    ),
    "a vectorized function": (
        ["import numpy as np\n@np.vectorize\ndef f(v):\n    return v + 2"],
        "f([x, 2]).tolist()",
        [],
    ),
    "a class as a decorator": (
        [
            "class Twice:\n    def __init__(self, f):\n        self.f = f\n    def __call__(self, v):\n"
            "        return 2 * self.f(v)",
            "@Twice\ndef f(v):\n    return v + 1",
        ],
        "f(x)",
        [],
    ),
    "a class as a decorator, with state": (
        [
            "class Count:\n    def __init__(self, f):\n        self.f = f\n        self.n = 0\n"
            "    def __call__(self, v):\n        self.n += 1\n        return self.f(v) + self.n",
            "@Count\ndef f(v):\n    return v + 1",
            "f(1); f(2)",
        ],
        "f(x) - x - 1",
        ["f"],
    ),
    "a static and a class method": (
        [
            "class A:\n    k = 3\n    @staticmethod\n    def f(v):\n        return v\n    @classmethod\n"
            "    def g(cls, v):\n        return cls.k + v"
        ],
        "[A.f(x), A.g(x)]",
        [],
    ),
    "a property with a setter": (
        [
            "class A:\n    def __init__(self, k):\n        self._k = k\n    @property\n    def k(self):\n"
            "        return self._k\n    @k.setter\n    def k(self, v):\n        self._k = 2 * v"
        ],
        "(lambda a: setattr(a, 'k', x) or a.k)(A(1))",
        [],
    ),
    "a method with a decorator": (
        [TIMED, "class A:\n    @timed\n    def f(self, v):\n        return v + 1"],
        "A().f(x)",
        [],
    ),
    "a dataclass with a method": (
        ["from dataclasses import dataclass\n@dataclass(order=True)\nclass P:\n    a: int = 2\n    def f(self):\n"
         "        return self.a"],
        "P().f() + x",
        [],
    ),
    "an abstract class": (
        ["import abc\nclass A(abc.ABC):\n    @abc.abstractmethod\n    def f(self): ...\nclass B(A):\n"
         "    def f(self):\n        return 4"],
        "B().f() + x",
        [],
    ),
    "a total ordering": (
        ["import functools\n@functools.total_ordering\nclass A:\n    def __init__(self, v):\n        self.v = v\n"
         "    def __eq__(self, o): return self.v == o.v\n    def __lt__(self, o): return self.v < o.v"],
        "A(x) >= A(2)",
        [],
    ),
    "a default that is computed": (["N = [1, 2, 3]\ndef f(v, k=len(N)):\n    return v + k"], "f(x)", []),
    "a default that is drawn": (["import random\ndef f(v, k=random.random()):\n    return v + k"], "f(x)", []),
    "a default that data gave before it grew": (
        ["N = [1, 2, 3]", "def f(v, k=len(N)):\n    return v + k", "N.append(4)"],
        "f(x)",
        ["f", "In [2]"],
    ),
    "a class's attribute that is drawn": (["import random\nclass A:\n    k = random.random()"], "A.k + x", []),
    "a name that is given back": (
        [TIMED, F, "def other(v):\n    return v - 1", "keep = predict\npredict = other\npredict = keep"],
        "predict(x)",
        [],
    ),
    "a second name": ([TIMED, F, "again = predict"], "again(x)", []),
    "a name for another function": ([TIMED, F, "def other(v):\n    return v - 1\npredict = other"], "predict(x)", []),
    "a partial over a definition": (
        ["import functools", "def f(v, k=1):\n    return v + k", "f = functools.partial(f, k=5)"],
        "f(x)",
        [],
    ),
    "an instance over a definition": (
        [TIMED, F, "class Other:\n    def __call__(self, v):\n        return v * 9", "predict = Other()"],
        "predict(x)",
        [],
    ),
    "a decorator that is made of a class": (
        [
            "import functools\nclass Times:\n    def __init__(self, n): self.n = n\n    def __call__(self, f):\n"
            "        @functools.wraps(f)\n        def inner(v): return f(v) * self.n\n        return inner",
            "@Times(3)\ndef f(v):\n    return v\nfour = Times(4)",
            "@four\ndef g(v):\n    return v",
        ],
        "[f(x), g(x)]",
        [],
    ),
    "a decorator that asks for the signature": (
        [
            "import inspect, logging\ndef logged(f):\n    name, shape = f.__name__, inspect.signature(f)\n"
            "    log = logging.getLogger(name)\n    def inner(*args):\n        log.debug('%s', shape.bind(*args))\n"
            "        return [name, f(*args)]\n    return inner",
            "@logged\ndef f(v):\n    return v",
        ],
        "f(x)",
        [],
    ),
    "a decorator that calls itself later": (
        [
            "import functools\ndef d(f=None, n=2):\n    if f is None:\n        return functools.partial(d, n=n)\n"
            "    def inner(v):\n        return n * f(v)\n    return inner",
            "@d(n=3)\ndef f(v):\n    return v\n@d\ndef g(v):\n    return v",
        ],
        "[f(x), g(x)]",
        [],
    ),
    "a method for each type": (
        [
            "from functools import singledispatchmethod\nclass A:\n    @singledispatchmethod\n    def f(self, v):\n"
            "        return 'o'\n    @f.register\n    def _(self, v: int):\n        return 'i'",
        ],
        "A().f(x)",
        [],
    ),
    "under a magic that Python keeps no lines of": ([f"%%time\n{TIMED}\n{F}"], "predict(x)", []),
    "functions by their names": (
        [
            "ALL = {}\ndef named(name):\n    def wrap(f):\n        ALL[name] = f\n        return f\n    return wrap",
            "@named('a')\ndef f(v):\n    return v\n@named('b')\ndef g(v):\n    return v + 1",
        ],
        "[ALL['b'](x), f(x), len(ALL)]",
        [],
    ),
    "a failed cell": ([TIMED, F, "1 / 0\npredict = timed(lambda v: 0)"], "predict(x)", []),
}  # fmt: skip
