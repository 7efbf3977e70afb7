"""What lives decides: a script answers as the notebook does, or is refused with the name and the cells."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from jupyter_deploy.errors import ScriptProblem

from .alone import Alone, started
from .living_cases import LIVING
from .lost_cases import LOST
from .minibook import Minibook

CASES = {**LIVING, **LOST}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    with started(tmp_path_factory.mktemp("alone")) as process:
        yield process


@pytest.mark.parametrize("name", CASES)
def test_what_lives_decides(book: Minibook, alone: Alone, name: str) -> None:
    cells, expression, reasons = CASES[name]
    for cell in cells:
        result = book.shell.run_cell(cell, store_history=True)
        assert result.success or "1 / 0" in cell
    script, told = None, ""
    try:
        script = book.capture(f"def run(x):\n    return {expression}")
    except ScriptProblem as problem:
        told = f"{problem.message} {problem.hint}"
    if script is None:
        assert reasons, told
        assert [reason for reason in reasons if reason not in told] == [], told
        return
    assert not reasons or reasons == ["f"], script.source
    values = [1, 5]
    answers = alone.answers(script.source, book.folder, values)
    own = [eval(expression, {**book.shell.user_ns, "x": value}) for value in values]
    assert answers == json.loads(json.dumps(own))
