"""A hint where a script has the name of a package that it wants."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.serving.hints import Situation, advise


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("keras", "from keras.models import load_model\ndef run(data): ...\n"),
        ("numpy", "import numpy\ndef run(data):\n    return numpy.array([1])\n"),
        ("sklearn", "from sklearn import base\ndef run(data): ...\n"),
    ],
)
def test_a_script_with_the_name_of_a_package_is_told(
    name: str, source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / f"{name}.py"
    script.write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    # As in a worker, which has loaded nothing of that name; afterwards, everything is as it was.
    for module in [one for one in sys.modules if one.partition(".")[0] == name]:
        monkeypatch.delitem(sys.modules, module)
    try:
        space: dict[str, Any] = {}
        exec(compile(source, str(script), "exec"), space)
        space["run"]("")
    except (ImportError, AttributeError) as error:
        told = advise(Situation(error, "load", str(script), str(tmp_path)))
    finally:
        sys.modules.pop(name, None)
    assert told.endswith(f"{name}.py hides the package {name}: give that file another name.")
