"""What surrounds a script: its own modules, its classes in other processes, and libraries that are not there."""

from __future__ import annotations

import pytest
import requests

from tests.contract import Server, fixture_of

SIBLINGS = ("utils", "config", "server", "messages", "worker", "logs", "schema", "routes", "entry", "exceptions")
SCRIPT = (
    """
from __future__ import annotations

import json, multiprocessing, os, pickle, sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from typing import ClassVar
from azureml.core.model import Model
"""
    + f"import {', '.join(SIBLINGS)}\n"
    + """
@dataclass
class Point:
    x: int
    tags: list[str] = field(default_factory=list)
    count: ClassVar[int] = 0

def square(point):
    return Point(point.x ** 2)

def in_processes(how):
    points = [Point(1), Point(2)]
    if how == "joblib":
        from joblib import Parallel, delayed
        found = Parallel(n_jobs=2)(delayed(square)(point) for point in points)
    elif how == "executor":
        with ProcessPoolExecutor(2) as pool:
            found = list(pool.map(square, points))
    else:
        with multiprocessing.get_context(how).Pool(2) as pool:
            found = pool.map(square, points)
    return [isinstance(point, Point) and point.x for point in found]

def run(data):
    return eval(data)

if __name__ == "__main__":
    raise SystemExit("the script is not the main program")
"""
)
PLAIN = "import sys\n\ndef run(data):\n    return [name for name in sys.modules if name.partition('.')[0] == data]\n"
script = fixture_of(SCRIPT, **{f"{name}__py": f"OWNER = 'the user, {name}'\n" for name in SIBLINGS})
plain = fixture_of(PLAIN)


@pytest.mark.parametrize("name", SIBLINGS)
def test_modules_beside_the_script_are_the_users(script: Server, name: str) -> None:
    assert requests.post(script, data=f"{name}.OWNER", timeout=20).json() == f"the user, {name}"


@pytest.mark.parametrize(
    ("expression", "answer"),
    [
        ("__name__", "entry_module"),
        ("sys.modules[__name__].run is run", True),
        ("os.path.isabs(__file__) and os.path.basename(__file__)", "score.py"),
        ("sys.path[0] == os.path.dirname(__file__)", True),
        ("pickle.loads(pickle.dumps(Point(5, ['a'])))", {"x": 5, "tags": ["a"]}),
        ("os.environ['AZUREML_ENTRY_SCRIPT'] == __file__", True),
        ("os.environ['AML_APP_ROOT'] == os.getcwd()", True),
    ],
)
def test_the_scripts_surroundings(script: Server, expression: str, answer: object) -> None:
    response = requests.post(script, data=expression, timeout=20)
    assert (response.status_code, response.json()) == (200, answer)


@pytest.mark.parametrize("how", ["fork", "spawn", "forkserver", "executor", "joblib"])
def test_its_functions_run_in_other_processes(script: Server, how: str) -> None:
    """Processes that begin anew find the script, and Azure ML's modules that it imports."""
    assert requests.post(script, data=f"in_processes({how!r})", timeout=60).json() == [1, 4]


@pytest.mark.parametrize("library", ["inference_schema", "flask", "werkzeug", "numpy", "pandas"])
def test_a_plain_script_is_not_given_what_it_does_not_import(plain: Server, library: str) -> None:
    assert requests.post(plain, data=library, timeout=20).json() == []
