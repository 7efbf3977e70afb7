"""Modules and cells made at random, and edits of them: standard library only, since it runs in every Python here."""

from __future__ import annotations

import ast
import importlib.util
import random
import sys
import tempfile
import types
from collections.abc import Iterable
from pathlib import Path

from jupyter_deploy.capture.codes import makes_code
from jupyter_deploy.capture.edited import edited
from jupyter_deploy.scripts import top_level

IMPORTS = [
    "import math",
    "import math as m",
    "import os.path",
    "import os.path as osp",
    "from math import floor",
    "from math import floor as fl, sqrt",
    "from collections import OrderedDict as OD, namedtuple",
    "try:\n    import numpy_of_nobody as npx\nexcept ImportError:\n    import math as npx",
    "if True:\n    import json\nelse:\n    import marshal as json",
    "import xml.dom.minidom",
    "from os import *",
]
KEEP = "def keep(f):\n    KEPT[f.__name__] = f\n    return f\n\ndef kept(n):\n    return lambda f: keep(f)"
# K stands for a number of its own: an edit changes it.
BODIES = [
    "return math.floor(v) + K",
    "return m.floor(v) * K if v else os.path.join('a', str(v))",
    "return osp.basename(f'{v!r:>{K}} {math.pi:.2f}')",
    "def inner(w, *rest, k=K):\n        return math.floor(w) + v + k\n    return inner",
    "return [npx.floor(w) for w in range(K) if w in {1, 'b', K, 2.0}]",
    "return {w: {x + K for x in range(w)} for w in (1, 2, v)}",
    "return lambda w: (lambda: json.dumps(w + v) * K)",
    "import math\n    return math.floor(v + K)",
    "try:\n        return math.floor(v)\n    except (ValueError, json.JSONDecodeError) as e:\n        raise K from e",
    "with open(v) as file, open(os.path.sep) as other:\n        return file.read(K)",
    "while v < K:\n        v += 1\n        if v == 3: continue\n    else:\n        return xml.dom.minidom.parse(v)",
    "yield from (math.floor(w) for w in range(K))",
    "global G\n    G = K\n    assert G, 'text'\n    return -0.0, (K, (1, 'a')), ...",
    "match v:\n        case {'a': [x, *_]} | [x]:\n            return x + K\n        case _:\n            return m.e",
    "if (n := len(OD())) > K:\n        return n\n    return not v",
    '"""Its text.\n\n    More.\n    """\n    return K',
    "class Inner:\n        k = K\n        def m(self):\n            return super().m() + math.pi\n    return Inner",
    "print(v, sep=os.sep); return v[K:-1, ::2]",
]
ASYNC = [
    "async with v as w:\n        return [math.floor(x) async for x in w if await x > K]",
    "return await v(K)",
    "async for w in v:\n        yield w + K",
]
PEP695 = [
    "def NAME[T](v: T) -> T:\n    return math.floor(v) + K",
    "class NAME[T]:\n    def m(self, v: T) -> list[T]:\n        return [math.floor(v), T, K]",
    "def NAME[T: (int, str), *Ts, **P](v: T, *args: *Ts):\n    def g(w: T) -> T:\n        return w + K\n    return g",
]


class Written:
    """Writes modules."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.number = 1000

    def text(self) -> str:
        parts = ["KEPT = {}", KEEP, *self.random.sample(IMPORTS, self.random.randint(0, len(IMPORTS)))]
        if self.random.random() < 0.2:
            parts.insert(0, "from __future__ import annotations")
        parts += [self.definition(f"n{number}") for number in range(8)]
        first = parts.index("KEPT = {}")
        head, rest = parts[: first + 2], parts[first + 2 :]
        self.random.shuffle(rest)
        gaps = [self.random.choice(["", "\n", "\n# a comment\n\n"]) for _ in rest]
        return "\n".join([*head, *(one + gap for one, gap in zip(rest, gaps, strict=True))]) + "\n"

    def definition(self, name: str) -> str:
        kinds = [self.function, self.function, self.decorated, self.klass, self.shortened, self.branch, self.coroutine]
        if sys.version_info >= (3, 12):
            kinds.append(self.generic)
        return self.random.choice(kinds)(name)

    def filled(self, text: str) -> str:
        self.number += 1
        return text.replace("K", str(self.number), 1).replace("K", "7")

    def function(self, name: str) -> str:
        hints = self.random.choice(["v", "v: int", "v, /, w=3, *, k: 'str' = 'x'", "v, *args, **kwargs"])
        return f"def {name}({hints}):\n    {self.filled(self.random.choice(BODIES))}"

    def decorated(self, name: str) -> str:
        return "" + self.random.choice(["@keep", "@kept(3)", "@keep\n@kept(lambda: 1)"]) + f"\n{self.function(name)}"

    def coroutine(self, name: str) -> str:
        return f"async def {name}(v):\n    {self.filled(self.random.choice(ASYNC))}"

    def klass(self, name: str) -> str:
        methods = [self.function(f"m{number}") for number in range(2)]
        body = "\n".join(methods).replace("\n", "\n    ")
        extra = "    def __private(self):\n        return self.__private, super().__init__, __class__\n"
        return f"class {name}:\n    '''Text.'''\n    a = lambda self: math.pi\n{extra}    {body}"

    def shortened(self, name: str) -> str:
        return self.filled(f"{name} = lambda v, k=lambda: 1: math.floor(v) + K; z{name} = lambda v: math.floor(v)")

    def branch(self, name: str) -> str:
        return f"if {self.random.choice(['KEPT', 'not KEPT', 'keep'])} or True:\n    " + self.function(name).replace(
            "\n", "\n    "
        )

    def generic(self, name: str) -> str:
        return self.filled(self.random.choice(PEP695).replace("NAME", name))


def definitions(source: str) -> dict[str, tuple[ast.AST, ...]]:
    """The definitions by their names: those in classes by ``Class.method``."""
    found: dict[str, tuple[ast.AST, ...]] = {}
    for node in top_level(ast.parse(source).body):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            found[node.name] = (node,)
        elif isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, ast.FunctionDef):
                    found[f"{node.name}.{item.name}"] = (item,)
                elif isinstance(item, ast.Assign):
                    found[f"{node.name}.{item.targets[0].id}"] = (item.value,)
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda):
            found[node.targets[0].id] = (node.value,)
    return found


def living(name: str, namespace: dict[str, object]) -> types.FunctionType:
    owner, _, method = name.partition(".")
    value = namespace[owner]
    if method:
        private = f"_{owner}{method}" if method.startswith("__") else method
        value = vars(value)[private]
    assert isinstance(value, types.FunctionType), name
    return value


def as_a_file(source: str) -> dict[str, object]:
    namespace: dict[str, object] = {"__name__": "generated"}
    exec(compile(source, "generated.py", "exec", dont_inherit=True), namespace)
    return namespace


def as_a_cell(source: str) -> dict[str, object]:
    """As IPython runs it: statement by statement, under a flag of its own."""
    namespace: dict[str, object] = {"__name__": "generated"}
    flags = ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    for node in ast.parse(source).body:
        code = compile(ast.Module([node], []), "<cell>", "exec", flags, dont_inherit=True)
        exec(code, namespace)
    return namespace


def check(seed: int) -> None:
    """One module: nothing in it is called changed; then each definition is edited in turn, and told."""
    source = Written(seed).text()
    found = definitions(source)
    for run in (as_a_file, as_a_cell):
        if run is as_a_cell and "__future__" in source:
            continue
        namespace = run(source)
        lives = {name: living(name, namespace) for name in found}
        for name, (node,) in found.items():
            assert makes_code(source, node, lives[name].__code__), (seed, run.__name__, name, source)
        numbers = [number for number in range(1001, 1030) if str(number) in source]
        for number in random.Random(seed).sample(numbers, 3):
            new = source.replace(str(number), f"{number}5")
            told = [
                name for name, (node,) in definitions(new).items() if not makes_code(new, node, lives[name].__code__)
            ]
            line = source[: source.index(str(number))].count("\n") + 1
            expected = [name for name, (node,) in found.items() if node.lineno <= line <= node.end_lineno]
            expected = [name for name in expected if str(number) in _own_code(source, found[name][0])]
            assert told == expected, (seed, run.__name__, number, told, expected, source)
    if seed % 5 == 0:
        check_imported(seed, source)


def _own_code(source: str, node: ast.AST) -> str:
    """What a definition's code is made of: not its defaults, which are compared by their values."""
    body = node.body if isinstance(node.body, list) else [node.body]
    return "".join(ast.get_source_segment(source, one) or "" for one in body)


def check_imported(seed: int, source: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "generated.py"
        file.write_text(source)
        for _ in range(2):  # compiled, then from what Python kept of it
            spec = importlib.util.spec_from_file_location("generated", file)
            assert spec is not None
            assert spec.loader is not None
            module = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(module)
            assert edited(str(file), vars(module)) == "", (seed, source)
        for number in range(1001, 1030, 3):
            if str(number) in source:
                file.write_text(source.replace(str(number), f"{number}5"))
                assert edited(str(file), vars(module)), (seed, number, source)


def check_seeds(seeds: Iterable[int]) -> None:
    for seed in seeds:
        check(seed)
