"""Notebooks in which something else lives than what a cell defines."""

from __future__ import annotations

from .living_cases import COUNTED, MAKE, PLAIN, ROUNDED, TIMED, TIMES, F

# name: (cells, the expression of `x`, what a refusal names; nothing where it is taken as it lives)
LOST: dict[str, tuple[list[str], str, list[str]]] = {
    "a closure over a decorated name": ([MAKE, TIMED, F, "predict = make(0.7)"], "predict(x)", ["In [3]", "In [4]"]),
    "a closure over a plain name": (
        [MAKE, "def predict(v):\n    return v", "predict = make(0.7)"],
        "predict(x)",
        ["In [2]", "In [3]"],
    ),
    "a closure by another maker of the same name": (
        [TIMED, F, MAKE.replace("make", "build"), "predict = timed(build(3))"],
        "predict(x)",
        ["In [2]", "In [4]"],
    ),
    "wrapped once more": (
        [TIMED, ROUNDED, F, "predict = rounded(predict)"],
        "predict(x)",
        ["In [3]", "In [4]"],
    ),
    "wrapped twice by the same": (
        [PLAIN, "@twice\ndef f(v):\n    return v", "f = twice(f)"],
        "f(x)",
        ["In [2]", "In [3]"],
    ),
    "unwrapped": ([TIMED, F, "predict = predict.__wrapped__"], "predict(x)", ["In [2]", "In [3]"]),
    "swapped": (
        [TIMED, "@timed\ndef F(v):\n    return 1", "@timed\ndef G(v):\n    return 2", "F, G = G, F"],
        "[F(x), G(x)]",
        ["In [4]"],
    ),
    "swapped without wraps": (
        [PLAIN, "@twice\ndef F(v):\n    return 1", "@twice\ndef G(v):\n    return 2", "F, G = G, F"],
        "[F(x), G(x)]",
        ["In [4]"],
    ),
    "plain functions swapped": (
        ["def F(v):\n    return 1", "def G(v):\n    return 2", "F, G = G, F"],
        "[F(x), G(x)]",
        ["In [1]", "In [3]"],
    ),
    "a decorated lambda": (
        [TIMED, "@timed\ndef F(v):\n    return 1", "F = timed(lambda v: 2)"],
        "F(x)",
        ["In [2]", "In [3]"],
    ),
    "another context": (
        [
            "from contextlib import contextmanager\n@contextmanager\ndef cm(v):\n    yield v",
            "def other(v):\n    yield v + 1\ncm = contextmanager(other)",
        ],
        "cm(x).__enter__()",
        ["cm", "In [1]", "In [2]"],
    ),
    "a class made over another": (
        ["class K: pass", "K = type('K', (), {'v': 3})"],
        "K.v + x",
        ["In [1]", "In [2]"],
    ),
    "a class made over another with a base": (
        ["class K: pass", "class B:\n    v = 4", "K = type('K', (B,), {})"],
        "K.v + x",
        ["In [1]", "In [3]"],
    ),
    "another cache": (
        ["import functools\n@functools.lru_cache\ndef f(v):\n    return 1", "f = functools.lru_cache(lambda v: 2)"],
        "f(x)",
        ["f", "In [1]", "In [2]"],
    ),
    "another vectorized function": (
        [
            "import numpy as np\n@np.vectorize\ndef f(v):\n    return v",
            "f = np.vectorize(lambda v: v + 1)",
        ],
        "f([x]).tolist()",
        [],
    ),
    "globals()": ([TIMED, F, "globals()['predict'] = timed(lambda v: 0)"], "predict(x)", ["In [2]", "In [3]"]),
    "exec": (["def f(v):\n    return 1", "exec('def f(v):\\n    return 2')"], "f(x)", ["In [1]", "In [2]"]),
    "setattr on a method": (
        ["class A:\n    def f(self):\n        return 1", "setattr(A, 'f', lambda self: 2)"],
        "A().f()",
        ["In [1]", "In [2]"],
    ),
    "a method by a loop": (
        ["class A:\n    def f(self):\n        return 1", "for k in [A]:\n    k.f = lambda self: 2"],
        "A().f()",
        ["A", "In [1]"],
    ),
    "a method through a second name": (
        ["class A:\n    def f(self):\n        return 1", "B = A\nB.f = lambda self: 2"],
        "A().f()",
        ["A", "In [1]", "In [2]"],
    ),
    "a method added by a function": (
        ["class A: pass", "def patch(k):\n    k.f = lambda self: 2", "patch(A)"],
        "A().f()",
        ["A", "In [1]", "In [3]"],
    ),
    "an attribute through vars": (
        ["def f(v):\n    return getattr(f, 'k', 0)", "f.__dict__['k'] = 5"],
        "f(x)",
        ["f", "In [1]", "In [2]"],
    ),
    "a decorated one's attribute": (
        [COUNTED, "@counted\ndef f(v):\n    return v", "f(1)"],
        "f(x)",
        ["f", "In [2]", "In [3]"],
    ),
    "a memory that was used": (
        [
            "def memo(f):\n    seen = {}\n    def inner(v):\n        if v not in seen:\n            seen[v] = f(v)\n"
            "        return seen[v]\n    inner.seen = seen\n    return inner",
            "@memo\ndef f(v):\n    return v * 7",
            "f.seen[1] = 99",
        ],
        "f(x)",
        ["f", "In [2]", "In [3]"],
    ),
    "a nonlocal that counted": (
        [
            "def d(f):\n    n = 0\n    def inner(v):\n        nonlocal n\n        n += 1\n        return f(v) + n\n"
            "    return inner",
            "@d\ndef f(v):\n    return v",
            "f(1)",
        ],
        "f(x)",
        ["f", "In [2]", "In [3]"],
    ),
    "other code": (
        ["def f(v):\n    return 1", "def g(v):\n    return 2\nf.__code__ = g.__code__"],
        "f(x)",
        ["f", "In [1]", "In [2]"],
    ),
    "other defaults": (["def f(v, k=1):\n    return k", "f.__defaults__ = (2,)"], "f(x)", ["In [1]", "In [2]"]),
    "other defaults through a second name": (
        ["def f(v, k=1):\n    return k", "g = f\ng.__defaults__ = (2,)"],
        "f(x)",
        ["f", "In [1]", "In [2]"],
    ),
    "other keyword defaults": (
        ["def f(v, *, k=1):\n    return k", "f.__kwdefaults__.update(k=2)"],
        "f(x)",
        ["f", "In [1]", "In [2]"],
    ),
    "another argument of the decorator": (
        [TIMES, "@times(3)\ndef f(v):\n    return v", "f = times(4)(f.__wrapped__)"],
        "f(x)",
        ["In [2]", "In [3]"],
    ),
    "a decorator's argument bound again": (
        [TIMES, "K = 3", "@times(K)\ndef f(v):\n    return v", "K = 4"],
        "f(x)",
        ["In [3]", "In [4]"],
    ),
    "a decorator's cell": (
        [TIMES, "@times(3)\ndef f(v):\n    return v", "f.__closure__[1].cell_contents = 9"],
        "f(x)",
        ["f", "In [2]", "In [3]"],
    ),
    "a decorator bound again": ([TIMED, F, PLAIN.replace("twice", "timed")], "predict(x)", ["In [2]", "In [3]"]),
    "a decorator that a switch changes": (
        [
            "ON = True\ndef d(f):\n    if ON:\n        return lambda v: 2 * f(v)\n    return f",
            "@d\ndef f(v):\n    return v",
            "ON = False",
        ],
        "f(x)",
        ["f", "In [2]"],
    ),
    "a model that is a default, fitted since": (
        [
            "from sklearn.linear_model import LinearRegression",
            "def f(v, m=LinearRegression()):\n    return m.predict([[v]]).tolist()",
            "model = f.__defaults__[0].fit([[0.0], [1.0]], [1.0, 3.0])",
        ],
        "f(x)",
        ["f", "In [2]", "In [3]"],
    ),
    "functions in a list": (
        ["ALL = []\ndef listed(f):\n    ALL.append(f)\n    return f", "@listed\ndef f(v):\n    return v"],
        "[len(ALL), f(x)]",
        ["ALL", "In [2]"],
    ),
    "names in a list": (
        ["ALL = []\ndef listed(f):\n    ALL.append(f.__name__)\n    return f", "@listed\ndef f(v):\n    return v"],
        "[len(ALL), f(x)]",
        ["ALL", "In [2]"],
    ),
    "a decorator's own state": (
        [
            "class Times:\n    def __init__(self, n):\n        self.n = n\n    def __call__(self, f):\n"
            "        def inner(v):\n            return f(v) * self.n\n        return inner\nfour = Times(4)",
            "@Times(3)\ndef f(v):\n    return v",
            "f.__closure__[1].cell_contents.n = 9",
        ],
        "f(x)",
        ["f", "In [2]", "In [3]"],
    ),
    "a loop's target": (["def f(v):\n    return 1", "for f in [lambda v: 2]: pass"], "f(x)", ["In [1]", "In [2]"]),
    "a walrus": (["def f(v):\n    return 1", "(f := lambda v: 2)"], "f(x)", ["In [1]", "In [2]"]),
    "a with": (
        [
            "def f(v):\n    return 1",
            "import contextlib",
            "with contextlib.nullcontext(lambda v: 2) as f: pass",
        ],
        "f(x)",
        ["In [1]", "In [3]"],
    ),
    "a function that binds it": (
        ["def f(v):\n    return 1", "def rebind():\n    global f\n    f = lambda v: 2", "rebind()"],
        "f(x)",
        ["f", "In [1]", "In [2]"],
    ),
    "a name of a library over it": (["def f(v):\n    return 1", "from math import floor as f"], "f(x)", []),
    "a class's base bound again": (
        ["class A:\n    v = 1", "class B(A): pass", "class A:\n    v = 2"],
        "B.v + x",
        ["In [2]", "In [3]"],
    ),
    "other bases": (
        ["class A:\n    v = 1", "class C:\n    v = 2", "class B(A): pass", "B.__bases__ = (C,)"],
        "B.v + x",
        ["B", "In [3]", "In [4]"],
    ),
    "a dataclass's method": (
        [
            "from dataclasses import dataclass\n@dataclass\nclass P:\n    a: int = 2\n    def f(self):\n"
            "        return self.a",
            "def g(self):\n    return 9\nP.f = g",
        ],
        "P().f()",
        ["In [1]", "In [2]"],
    ),
    "a property's getter": (
        [
            "class A:\n    @property\n    def k(self):\n        return 1",
            "A.k = A.k.getter(lambda self: 2)",
        ],
        "A().k",
        ["In [1]", "In [2]"],
    ),
    "a static method": (
        ["class A:\n    @staticmethod\n    def f(v):\n        return 1", "A.f = staticmethod(lambda v: 2)"],
        "A.f(x)",
        ["In [1]", "In [2]"],
    ),
    "a class decorated again": (
        [
            "class A:\n    v = 1",
            "def louder(k):\n    class B(k):\n        v = 2\n    B.__name__ = k.__name__\n    return B",
            "A = louder(A)",
        ],
        "A.v + x",
        ["In [1]", "In [3]"],
    ),
    "deleted and made by code": (
        ["def f(v):\n    return 1", "del f", "f = eval('lambda v: 2')"],
        "f(x)",
        ["f", "In [1]", "In [3]"],
    ),
    "the first of two, given back": (
        ["def f(v):\n    return 1\nfirst = f", "def f(v):\n    return 2", "f = first"],
        "f(x)",
        [],
    ),
}  # fmt: skip
