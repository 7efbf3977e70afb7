"""Turn a cell that uses its notebook into a script that stands alone."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..errors import ModelProblem, ScriptProblem
from ..registry import Model
from ..scripts import Script, Taken, check, check_script_name, lines_of, quiet_parse
from .clashes import check_no_clash
from .classes_in_data import settled
from .contract import contract_of
from .names import NOTEBOOK_ONLY
from .notebook import Notebook
from .taking import Taking
from .writing import names_around, write_script

Save = Callable[[str, object], Model]


def capture(name: str, cell: str, folder: Path, notebook: Notebook, save: Save, *, sample: Any = None) -> Script:
    """Write a script from the body of a ``%%score_script`` cell and what it uses of the notebook.

    A cell that uses nothing of the notebook is the script as it stands. ``save`` saves a live value under a name and
    returns the model. ``sample`` is a value that ``run()`` takes.

    Raises
    ------
    ScriptProblem
        If it cannot serve, or uses what cannot be shipped: with the cell's line, a caret and a hint.
    """
    check_script_name(name)
    # Split as Python does, which knows several kinds of line ends.
    source = "\n".join(lines_of(f"# %%score_script {name}\n{cell}"))
    # Names that only a notebook has are refused below, with a better message.
    known = {*notebook.variables, *NOTEBOOK_ONLY}
    # Whether a schema describes run()'s parameters is known only after the names are followed: check that part later.
    check(source, "cell", known=known, described=True)
    tree = quiet_parse(source)
    taking = Taking(notebook, folder)
    taken = taking.follow(source, "cell")
    classes = {one.name: notebook.variables[one.name] for one in taken if one.kind == "class"}
    if classes:
        taken = settled(taken, classes)
    contract = contract_of(tree, taken, notebook, sample)
    doubts = check(source, "cell", known=known, described=contract.kind == "schema")
    if not taken and contract.kind == "text":
        return Script(name, f"# %%score_script {name}\n{cell}", str(folder), notices=doubts)
    check_no_clash(source, taken, names_around(source, taken, contract), taking.problem)
    models = {one.name: _saved(one, save, taking) for one in taken if one.kind == "data"}
    taken += _imports_of_data(taken, models, taking, folder)
    text, origins = write_script(name, source, taken, models, contract, delays_annotations=notebook.delays_annotations)
    _check_written(text)
    told = tuple(_told(one, models.get(one.name)) for one in taken)
    ids = tuple(dict.fromkeys(model.id for model in models.values()))
    return Script(name, text, str(folder), origins=origins, models=ids, taken=told, notices=doubts)


def _imports_of_data(taken: Sequence[Taken], models: Mapping[str, Model], taking: Taking, folder: Path) -> list[Taken]:
    """Import the modules beside the notebook that saved data needs: only what a script imports travels with it."""
    imported = {line.split()[1].partition(".")[0] for one in taken if one.kind == "import" for line in one.lines}
    found: dict[str, Taken] = {}
    for name, model in models.items():
        for top in sorted({module.partition(".")[0] for module in model.modules} - {"__main__"} - imported):
            taking.check_module(name, top)
            if (folder / f"{top}.py").is_file() or (folder / top / "__init__.py").is_file():
                text = f"import {top}"
                found.setdefault(top, Taken(top, "import", text, summary=f"{text}, which {name} is made of"))
    return list(found.values())


def _saved(one: Taken, save: Save, taking: Taking) -> Model:
    try:
        return save(one.name, one.value)
    except ModelProblem as error:
        raise taking.problem(one.name, error.message, error.hint) from error


def _told(one: Taken, model: Model | None) -> Taken:
    if model is None:
        return replace(one, value=None)
    return replace(one, value=None, summary=f"{one.summary}, saved as {model.id}", model=model.id)


def _check_written(text: str) -> None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            compile(text, "<script>", "exec", dont_inherit=True)
    except SyntaxError as error:
        lines = text.split("\n")
        raise ScriptProblem(
            f"The script that was written is not Python: {error.msg} in line {error.lineno}.",
            details=f"    {lines[(error.lineno or 1) - 1].strip()}",
            hint="Move what the cell takes from the notebook to a module beside it.",
        ) from error
