"""The same notebook in another session gives the same models: nothing is saved anew after a restart of the kernel."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from .minibook import Minibook

SESSION = """
import os, sys, tempfile
from pathlib import Path
from jupyter_deploy.registry.sources import prepare_value
from tests.capture.minibook import minibooks

folder = Path(tempfile.mkdtemp(dir=os.environ["TEMPORARY"]))
for book in minibooks(folder):
    for _ in range(int(sys.argv[1])):
        book.run("None")
    book.run(sys.argv[2])
    for name in ("instances", "things", "A"):
        place = folder / name
        place.mkdir()
        print(prepare_value(book.shell.user_ns[name], place).tree.digest)
"""
CELL = """import enum
from dataclasses import dataclass
class A:
    k = 1
    def __init__(self, v): self.v = v
    def f(self): return super().__repr__()
@dataclass
class P:
    a: int = 1
class E(enum.Enum):
    R = 1
instances = [A(1), A(2)]
things = {'f': lambda v: v + 1, 'p': P(3), 'e': E.R}
"""


def digests(folder: Path, cells_before: int, seed: str) -> str:
    environ = {**os.environ, "PYTHONHASHSEED": seed, "TEMPORARY": str(folder), "IPYTHONDIR": str(folder)}
    command = [sys.executable, "-c", SESSION, str(cells_before), CELL]
    done = subprocess.run(command, capture_output=True, text=True, env=environ, timeout=60)
    assert not done.returncode, done.stderr
    return done.stdout


def test_another_session_saves_the_same(tmp_path: Path) -> None:
    first = digests(tmp_path, 0, "1")
    assert len(set(first.split())) == 3
    assert digests(tmp_path, 3, "7") == first


def test_two_classes_of_one_session_stay_two_however_alike(book: Minibook) -> None:
    book.run("class A:\n    pass\na = A()", "class A:\n    pass\nb = A()")
    script = book.capture("def run(x):\n    return [isinstance(a, A), isinstance(b, A)]")
    assert book.alone(script, 1) == [[False, True]]
