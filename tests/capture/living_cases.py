"""Notebooks for what lives: cells in their order, what is used, and what a refusal must name."""

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
# name: (cells, the expression of `x`, what refuses it: the name and both cells; none where it is taken)
CASES: dict[str, tuple[list[str], str, list[str]]] = {
    # taken
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
    "a failed cell": ([TIMED, F, "1 / 0\npredict = timed(lambda v: 0)"], "predict(x)", []),
    # refused
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
