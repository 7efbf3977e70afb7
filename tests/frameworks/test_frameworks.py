"""Frameworks: found by the names of modules alone, saved and loaded with what they need written down."""

from __future__ import annotations

import importlib
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from jupyter_deploy.errors import ModelProblem
from jupyter_deploy.frameworks import comes_from, distribution_version, framework_of, installed_version
from jupyter_deploy.store import TreeWriter


class Own(BaseEstimator):
    """A third party's estimator."""


class Plain:
    """A class of this module that is no estimator."""

    def __init__(self, value: int) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Plain) and other.value == self.value

    __hash__ = None  # type: ignore[assignment]


def save_and_load(obj: object, folder: Path) -> Any:
    writer = TreeWriter(folder)
    framework = framework_of(obj)
    saved = framework.save(obj, writer.open)
    assert [path.name for path in folder.iterdir()] == [saved.entry]
    return framework.load(folder / saved.entry)


@pytest.mark.parametrize(
    ("obj", "expected"),
    [
        (LogisticRegression(), "ScikitLearn"),
        (make_pipeline(StandardScaler(), LogisticRegression()), "ScikitLearn"),
        (Own(), "ScikitLearn"),
        (Plain(1), "Custom"),
        ({"model": LogisticRegression()}, "Custom"),
        ([1, 2], "Custom"),
        (np.ones(3), "Custom"),
        (LogisticRegression, "Custom"),
    ],
    ids=lambda value: re.sub(r" at 0x\w+", "", repr(value)),
)
def test_framework_of(obj: object, expected: str) -> None:
    framework = framework_of(obj)
    assert expected == framework.NAME
    assert bool(framework.version()) == (expected == "ScikitLearn")


def test_comes_from_looks_at_whole_names() -> None:
    class Pretender:
        __module__ = "sklearnish.linear"

    assert comes_from(LogisticRegression(), "sklearn")
    assert not comes_from(Pretender(), "sklearn")
    assert comes_from(Pretender(), "sklearnish")


def test_finding_out_imports_no_framework() -> None:
    code = (
        "import sys; from jupyter_deploy.frameworks import framework_of; name = framework_of({'a': 1}).NAME; "
        "print(name, sorted({'sklearn', 'numpy', 'joblib', 'cloudpickle'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.strip() == "Custom []"


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: np.arange(12.0).reshape(3, 4), id="array"),
        pytest.param(lambda: np.asfortranarray(np.arange(12.0).reshape(3, 4)), id="Fortran order"),
        pytest.param(lambda: np.arange(24)[::2], id="strided"),
        pytest.param(lambda: np.zeros((0, 3)), id="no rows"),
        pytest.param(lambda: np.array(3.5), id="no dimension"),
        pytest.param(lambda: np.array(["a", None, 1], dtype=object), id="objects"),
        pytest.param(lambda: np.array([(1, 2.0)], dtype=[("a", "i4"), ("b", "f8")]), id="records"),
        pytest.param(lambda: np.random.default_rng(0).random((600, 1000)), id="larger than the buffer"),
    ],
)
def test_arrays_come_back_as_they_were(tmp_path: Path, make: Callable[[], Any]) -> None:
    array = make()
    loaded = save_and_load(array, tmp_path)
    assert loaded.dtype == array.dtype
    assert loaded.shape == array.shape
    assert (loaded == array).all()


@pytest.mark.parametrize("obj", [{"a": [1, (2, {3})]}, "text" * 400_000, b"\0\xff", Plain(7), 2**80, {}], ids=type)
def test_anything_comes_back_as_it_was(tmp_path: Path, obj: object) -> None:
    loaded = save_and_load(obj, tmp_path)
    assert type(loaded) is type(obj)
    assert loaded == obj


def test_arrays_stay_separate_where_cloudpickle_is_needed(tmp_path: Path) -> None:
    weights = np.random.default_rng(1).random(300_000)
    loaded = save_and_load({"twice": lambda values: values * 2, "weights": weights}, tmp_path)
    assert loaded["twice"](21) == 42
    assert (loaded["weights"] == weights).all()


def test_an_object_that_cannot_be_pickled_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(ModelProblem):
        save_and_load((number for number in range(3)), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("module", "distribution"),
    [
        ("sklearn", "scikit-learn"),
        ("numpy", "numpy"),
        ("sqlalchemy", "SQLAlchemy"),
        ("pyflakes", "pyflakes"),
        ("json", ""),
        ("__main__", ""),
        ("no_such_module_anywhere", ""),
    ],
)
def test_distribution_version(module: str, distribution: str) -> None:
    from importlib import metadata

    name, version = distribution_version(module)
    assert name == distribution
    assert version == (metadata.version(distribution) if distribution else "")


def test_an_installation_is_seen_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Versions are known from before, but not for longer than they are true."""
    packages = tmp_path / "site-packages"
    packages.mkdir()
    monkeypatch.syspath_prepend(str(packages))
    assert installed_version("newly-made") == ""
    assert distribution_version("newly_made") == ("", "")
    for version in ("1.0", "2.0"):
        for old in packages.iterdir():
            shutil.rmtree(old)
        info = packages / f"newly_made-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: newly-made\nVersion: {version}\n")
        (info / "top_level.txt").write_text("newly_made\n")
        importlib.invalidate_caches()
        assert installed_version("newly-made") == version
        assert distribution_version("newly_made") == ("newly-made", version)
    # Also what lies in a folder of another name, as of `pip install --target`.
    elsewhere = tmp_path / "libs"
    shutil.move(packages, elsewhere)
    assert installed_version("newly-made") == ""
    monkeypatch.syspath_prepend(str(elsewhere))
    assert distribution_version("newly_made") == ("newly-made", "2.0")
    shutil.rmtree(elsewhere / "newly_made-2.0.dist-info")
    importlib.invalidate_caches()
    assert distribution_version("newly_made") == ("", "")
