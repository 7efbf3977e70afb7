"""Undefined names: refused where the script surely comes to them, told where it may not."""

# ruff: noqa: E501 - one script a line
from __future__ import annotations

from pathlib import Path

import pytest

from jupyter_deploy.errors import ScriptProblem
from jupyter_deploy.scripts import check, script_from_file

RUN = "def run(data):\n    return data\n"

# `missing` is read for sure, or no request is ever answered.
REACHED = {
    "at the top": f"x = missing\n{RUN}",
    "in init": f"def init():\n    missing()\n{RUN}",
    "in run": "def run(data):\n    return missing(data)\n",
    "in async run": "async def run(data):\n    return missing(data)\n",
    "in a generator": "def run(data):\n    yield missing\n",
    "in a function that run calls": "def helper(x):\n    return missing(x)\ndef run(data):\n    return helper(data)\n",
    "two calls away": "def a():\n    return missing\ndef b():\n    return a()\ndef run(d):\n    return b()\n",
    "awaited": "async def a():\n    return missing\nasync def run(d):\n    return await a()\n",
    "in an argument": "def run(data):\n    return print(len(missing))\n",
    "in a test": "def run(data):\n    if missing:\n        return 1\n    return 2\n",
    "after a guard that raises": "def run(d):\n    if not d:\n        raise ValueError\n    return missing\n",
    "after a loop": "def run(d):\n    for x in d:\n        print(x)\n    return missing\n",
    "what is looped over": "def run(d):\n    return [x for x in missing]\n",
    "in a with": "def run(d):\n    with open('x') as f:\n        return missing\n",
    "in a try for other errors": "def run(d):\n    try:\n        return missing\n    except ValueError:\n        return 1\n",
    "in finally": "def run(d):\n    try:\n        print(d)\n    finally:\n        print(missing)\n",
    "a decorator": f"@missing\n{RUN}",
    "a default": "def run(data, limit=missing):\n    return data\n",
    "a base class": f"class A(missing):\n    pass\n{RUN}",
    "in a class's body": f"class A:\n    x = missing\n{RUN}",
    "in an f-string": "def run(d):\n    return f'{missing}'\n",
    "below if True": "def run(d):\n    if True:\n        return missing\n",
    "while True": "def run(d):\n    while True:\n        return missing\n",
    "decorated by a library": "from x import y\n@y(1)\ndef run(d):\n    return missing\n",
    "the first of two": "def run(d):\n    return missing and d\n",
    "globals is only read": "def run(d):\n    return globals().get('x'), missing\n",
    "another name is set": "globals()['x'] = 1\ndef run(d):\n    return x + missing\n",
}
# It may be that nobody ever comes there, or that something defines it.
DOUBTFUL = {
    "an unused helper": f"def helper():\n    return missing\n{RUN}",
    "an unused method": f"class A:\n    def go(self):\n        return missing\n{RUN}",
    "below the main guard": f"{RUN}if __name__ == '__main__':\n    print(missing)\n",
    "the main guard's other side": f"{RUN}if '__main__' == __name__:\n    print(missing)\n",
    "not in the main guard": f"{RUN}if __name__ != '__main__':\n    pass\nelse:\n    missing()\n",
    "in a branch": "def run(d):\n    if d:\n        return missing\n    return 1\n",
    "after a guard that returns": "def run(d):\n    if not d:\n        return []\n    return missing\n",
    "caught by Exception": "def run(d):\n    try:\n        return missing\n    except Exception as e:\n        return str(e)\n",
    "caught by everything": "def run(d):\n    try:\n        return missing\n    except:\n        return 1\n",
    "a handler": "def run(d):\n    try:\n        return d\n    except ValueError:\n        return missing\n",
    "after a handler that returns": "def run(d):\n    try:\n        x = d()\n    except ValueError:\n        return 1\n"
    "    return missing\n",
    "suppressed": "import contextlib\ndef run(d):\n    with contextlib.suppress(NameError):\n        missing\n    return 1\n",
    "in a loop": "def run(d):\n    for x in d:\n        print(missing)\n    return d\n",
    "in a comprehension": "def run(d):\n    return [missing for x in d]\n",
    "in a lambda": "def run(d):\n    f = lambda: missing\n    return d\n",
    "in a function inside": "def run(d):\n    def f():\n        return missing\n    return d\n",
    "the second of two": "def run(d):\n    return d or missing\n",
    "in one case": "def run(d):\n    return missing if d else 1\n",
    "in a match": "def run(d):\n    match d:\n        case 1:\n            return missing\n    return d\n",
    "a helper that is called in a branch": "def f():\n    return missing\ndef run(d):\n    if d:\n        f()\n    return d\n",
    "a helper that is defined twice": "def f():\n    return missing\ndef f():\n    return 1\ndef run(d):\n    return f()\n",
    "run is defined twice": f"def run(d):\n    return missing\n{RUN}",
    "a decorator of its own": "def safe(f):\n    return lambda d: d\n@safe\ndef run(d):\n    return missing\n",
    "a coroutine that is not awaited": "async def f():\n    missing\ndef run(d):\n    f().close()\n    return d\n",
    "exec": "exec('missing = 1')\ndef run(d):\n    return missing\n",
    "globals with any key": "for k in ('missing',):\n    globals()[k] = 1\ndef run(d):\n    return missing\n",
    "globals given away": "from x import fill\nfill(globals())\ndef run(d):\n    return missing\n",
    "its own namespace": "import sys, x\nsys.modules[__name__].__dict__.update(x.load())\ndef run(d):\n    return missing\n",
    "builtins with any key": "import builtins\nfor k in 'ab':\n    setattr(builtins, k, 1)\ndef run(d):\n    return missing\n",
    "gettext": "import gettext\ngettext.install('x')\ndef run(d):\n    return missing('x')\n",
    "an annotation": "from __future__ import annotations\ndef run(d: missing):\n    return d\n",
    "an annotation in text": "def run(d: 'missing'):\n    return d\n",
    "type checking": f"from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    missing\n{RUN}",
}
# Something defines it, and says so.
DEFINED = {
    "globals": "globals()['missing'] = 1\ndef run(d):\n    return missing\n",
    "globals in init": "def init():\n    globals()['missing'] = 1\ndef run(d):\n    return missing\n",
    "globals updated": "globals().update(missing=1)\ndef run(d):\n    return missing\n",
    "globals updated with a dict": "globals().update({'missing': 1})\ndef run(d):\n    return missing\n",
    "builtins": "import builtins\nbuiltins.missing = 1\ndef run(d):\n    return missing\n",
    "setattr": "import builtins\nsetattr(builtins, 'missing', 1)\ndef run(d):\n    return missing\n",
    "setattr on itself": "import sys\nsetattr(sys.modules[__name__], 'missing', 1)\ndef run(d):\n    return missing\n",
    "vars": "vars()['missing'] = 1\ndef run(d):\n    return missing\n",
    "star": "from somewhere import *\ndef run(d):\n    return missing\n",
    "global elsewhere": "def init():\n    global missing\n    missing = 1\ndef run(d):\n    return missing\n",
    "caught": "def run(d):\n    try:\n        return missing\n    except NameError:\n        return 1\n",
    "caught with others": "try:\n    missing\nexcept (KeyError, NameError):\n    pass\n" + RUN,
    "noqa": "def run(d):\n    return missing  # noqa\n",
}


@pytest.mark.parametrize("name", REACHED)
def test_what_is_surely_reached_is_refused(name: str) -> None:
    with pytest.raises(ScriptProblem, match="name 'missing' is neither defined"):
        check(REACHED[name], "score.py")


@pytest.mark.parametrize(
    ("script", "hint"),
    [
        (
            "def init():\n    missing = 1\ndef run(d):\n    return missing\n",
            "init() sets missing for itself alone: write `global",
        ),
        (
            "def init():\n    import missing\ndef run(d):\n    return missing\n",
            "init() imports missing for itself alone",
        ),
        ("class A:\n    missing = 1\ndef run(d):\n    return missing\n", "Define missing at the top of the script"),
    ],
)
def test_a_name_that_a_function_keeps_for_itself_is_told_with_what_to_write(script: str, hint: str) -> None:
    with pytest.raises(ScriptProblem, match="name 'missing' is neither defined") as caught:
        check(script, "score.py")
    assert caught.value.hint.startswith(hint)


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_may_never_run_is_told(name: str) -> None:
    (notice,) = check(DOUBTFUL[name], "score.py")
    line = next(number for number, text in enumerate(DOUBTFUL[name].splitlines(), 1) if "missing" in text)
    assert "missing is not defined anywhere" in notice
    assert notice.startswith("line ")
    assert int(notice[5 : notice.index(":")]) >= line


@pytest.mark.parametrize("name", DEFINED)
def test_what_is_defined_in_another_way_is_nobodys_business(name: str) -> None:
    assert check(DEFINED[name], "score.py") == ()


def test_a_module_beside_the_script_may_define_names(tmp_path: Path) -> None:
    (tmp_path / "setup_names.py").write_text(
        "import builtins\nfor name in ['missing']:\n    setattr(builtins, name, 1)\n"
    )
    (tmp_path / "score.py").write_text("import setup_names\ndef run(d):\n    return missing\n")
    (notice,) = script_from_file(tmp_path / "score.py").notices
    assert notice.startswith("score.py line 3: the name missing")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("os", "Add: import os"),
        ("json", "Add: import json"),
        ("joblib", "Add: import joblib"),
        ("np", "Add: import numpy as np"),
        ("XGBClassifier", "Add: from xgboost import XGBClassifier"),
        ("Path", "Add: from pathlib import Path"),
        ("Model", "Add: from azureml.core.model import Model"),
        ("input_schema", "Add: from inference_schema.schema_decorators import input_schema"),
        ("test_rows", "Define or import test_rows in the script."),
        ("X_train", "Define or import X_train in the script."),
        ("local_rows", "Define or import local_rows in the script."),
        ("threshhold", "Did you mean 'threshold'?"),
        ("pritn", "Did you mean 'print'?"),
        ("df", "Define or import df in the script."),
        ("display", "The script runs without a notebook; print() goes to the service's log."),
    ],
)
def test_hints_for_names(name: str, hint: str) -> None:
    with pytest.raises(ScriptProblem) as caught:
        check(f"threshold = 1\ndef run(data):\n    return {name}\n", "score.py")
    assert caught.value.hint == hint


def test_an_imported_name_may_be_meant() -> None:
    with pytest.raises(ScriptProblem) as caught:
        check("import requests\ndef run(data):\n    return request.post(data)\n", "score.py")
    assert caught.value.hint == "Did you mean 'requests'?"
