"""A definition that was not edited is never called changed, an edited one always: in every Python on this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from .generated import check_seeds

HERE = Path(__file__).parents[2]
# Standard library only: nothing is installed into the other interpreters.
ELSEWHERE = "import sys; from tests.capture.generated import check_seeds; check_seeds(range(int(sys.argv[1])))"


def other_pythons() -> list[str]:
    """Interpreters on PATH, and beside this one's, that really start and are new enough."""
    found = {}
    places = [Path(sys.base_prefix).parent.glob("*/bin/python3.1?")]
    named = [shutil.which(f"python3.{minor}") for minor in range(10, 20)]
    for path in [*(Path(one) for one in named if one), *(one for place in places for one in place)]:
        done = subprocess.run(
            [path, "-c", "import sys; print(sys.version_info[:2] >= (3, 10), sys.version_info[:2])"],
            capture_output=True,
            text=True,
            timeout=60,
        )
        if done.returncode == 0 and done.stdout.startswith("True"):
            found.setdefault(done.stdout, str(path))
    found.pop(f"True {tuple(sys.version_info[:2])}\n", None)
    return sorted(found.values())


def test_generated_modules_and_cells() -> None:
    check_seeds(range(16))


@pytest.mark.parametrize("flags", [["-O"], ["-OO"]])
def test_generated_modules_and_cells_without_docstrings(flags: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, *flags, "-c", ELSEWHERE, "2"], capture_output=True, text=True, cwd=HERE, timeout=100
    )
    assert not done.returncode, done.stderr


def test_generated_modules_and_cells_in_the_other_pythons() -> None:
    pythons = other_pythons()
    if not pythons:
        pytest.skip("no other Python on this machine starts: only this one was tested")
    environ = {**os.environ, "PYTHONPATH": str(HERE), "PYTHONDONTWRITEBYTECODE": "1"}
    for python in pythons:
        done = subprocess.run(
            [python, "-c", ELSEWHERE, "6"], capture_output=True, text=True, cwd=HERE, env=environ, timeout=100
        )
        assert not done.returncode, f"{python}: {done.stderr}"
