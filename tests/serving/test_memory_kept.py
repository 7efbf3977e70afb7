"""What the front does once so that requests need not: freed memory is kept, libraries are used ahead."""

from __future__ import annotations

import subprocess
import sys

import pytest

FAULTS = """
import resource
from jupyter_deploy.serving.memory import keep_freed
{first}
def used():
    for _ in range(50):
        bodies = [bytes(b"x" * (1 << 20)) for _ in range(3)]
        del bodies
used()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
used()
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


def faults(first: str, **environment: str) -> int:
    code = FAULTS.format(first=first)
    return int(subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=environment).stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc is told to keep memory")
def test_bodies_of_a_megabyte_need_no_new_pages() -> None:
    without = faults("")
    assert without > 10_000
    assert faults("keep_freed()") < without / 20
    # Who has said how memory is to be managed is not overruled.
    assert faults("keep_freed()", MALLOC_TRIM_THRESHOLD_="131072", MALLOC_MMAP_THRESHOLD_="131072") > without / 2


def test_installed_packages_are_not_read_in_a_workers_first_request() -> None:
    code = """
import importlib.metadata, numpy, sklearn.linear_model
from sklearn.utils.validation import validate_data
from jupyter_deploy.serving.libraries import use_once
use_once()
def refuse(**_):
    raise AssertionError("the installed packages are read")
importlib.metadata.entry_points = refuse
model = sklearn.linear_model.LogisticRegression().fit([[0.0], [1.0]], [0, 1])
print(model.predict(numpy.array([[0.9]])))
"""
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
