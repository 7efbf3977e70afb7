"""Modules beside the notebook: unedited they are never refused, edited or changed ones always, by name."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from .minibook import Minibook

FEATS = """import functools
import numpy as np
import os.path as osp

SCALE = 3
NAMES = {"a": 1}
_seen = {}
counter = 0


def clean(x):
    return float(np.nan_to_num(x)) * SCALE + NAMES["a"]


@functools.lru_cache
def cached(x, *, k=2):
    return osp.basename(str(x)) * k


class Scaler:
    step = 2

    def __init__(self, k=1):
        self.k = k

    def go(self, x):
        global counter
        counter += 1
        _seen[x] = np.float64(x)
        return float(np.multiply(x, self.step)) + self.k


shortened = lambda x: np.abs(x)
if np:
    def branched(x):
        return int(np.sign(x))
"""
EDITS = {
    "a function": ("* SCALE", "/ SCALE", "defines clean differently"),
    "a decorated function": ("basename", "dirname", "defines cached differently"),
    "a method": ("np.multiply", "np.add", "defines Scaler differently"),
    "a method's default": ("k=1)", "k=5)", "defines Scaler differently"),
    "a lambda": ("np.abs", "np.sign", "defines shortened differently"),
    "a function in a branch": ("int(np", "float(np", "defines branched differently"),
    "a constant": ("SCALE = 3", "SCALE = 4", "sets SCALE to another value"),
    "a dictionary": ('{"a": 1}', '{"a": 2}', "sets NAMES to another value"),
    "a new function": ("def clean", "def other(x): pass\n\n\ndef clean", "defines other differently"),
}


@pytest.fixture
def feats(book: Minibook, tmp_path: Path) -> Iterator[Minibook]:
    (tmp_path / "feats.py").write_text(FEATS)
    book.run("import sys\nsys.path.insert(0, '')\nimport feats\nfrom feats import Scaler, clean\nscaler = Scaler(2)")
    yield book
    sys.modules.pop("feats", None)
    sys.path.remove("")


def test_an_unedited_module_is_taken_whatever_its_functions_did_since(feats: Minibook) -> None:
    feats.run("scaler.go(2), feats.cached(3), clean(1)")
    script = feats.capture("def run(x):\n    return [clean(x), scaler.go(x), feats.branched(x), Scaler().go(x)]")
    assert feats.alone(script, 1) == [[4.0, 4.0, 1, 3.0]]


@pytest.mark.parametrize("name", EDITS)
def test_an_edited_module_is_refused_by_name(feats: Minibook, tmp_path: Path, name: str) -> None:
    old, new, told = EDITS[name]
    assert FEATS.count(old) == 1
    (tmp_path / "feats.py").write_text(FEATS.replace(old, new))
    problem = feats.refused("def run(x):\n    return clean(x)")
    assert f"feats.py {told}" in problem.message
    assert "importlib.reload(feats)" in problem.hint


@pytest.mark.parametrize(
    "change", ["feats.SCALE = 9", "feats.clean = len", "Scaler.go = lambda self, x: 0", "Scaler.step = 7"]
)
def test_what_the_notebook_changed_in_a_module_is_refused(feats: Minibook, change: str) -> None:
    feats.run(change)
    assert "feats.py" in feats.refused("def run(x):\n    return scaler.go(x)").message


def test_comments_and_formatting_are_no_edits(feats: Minibook, tmp_path: Path) -> None:
    (tmp_path / "feats.py").write_text("# Features.\n\n" + FEATS.replace("    return", "    # so\n    return"))
    assert "import feats" in feats.capture("def run(x):\n    return feats.clean(x)").source
