"""Names that the written script needs for itself, and which the cell or the notebook has for something else."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..errors import ScriptProblem
from ..scripts import Finding, Taken, lines_of, problem_at
from .notebook import Cell, Notebook

_HINT = "Give it another name."


def names_of(imports: Iterable[str]) -> dict[str, str]:
    """Tell which names lines of imports bind.

    Parameters
    ----------
    imports : iterable of str
        One import each.

    Returns
    -------
    dict of str to str
        The line by the name.
    """
    return {line.split()[-1]: line for line in imports}


def check_no_clash(
    cell: str, taken: Sequence[Taken], own: Mapping[str, str], problem: Callable[[str, str, str], ScriptProblem]
) -> None:
    """Refuse a script in which a name would stand for two things.

    Parameters
    ----------
    cell : str
        The cell.
    taken : sequence of Taken
        What it takes from the notebook.
    own : mapping of str to str
        What is written around it: names, and the import that brings them or another word for them.
    problem : callable
        Given a taken name, a reason and a hint, makes the error.

    Raises
    ------
    ScriptProblem
        With the line of the cell.
    """
    for one in taken:
        if one.name in own and not (one.kind == "import" and own[one.name] in one.lines):
            raise problem(one.name, f"the script needs that name for itself ({own[one.name]})", _HINT)
    notebook = Notebook(cells=(Cell("cell", cell),))
    for name, line in own.items():
        for binding in notebook.bindings(name):
            if not _imports(binding.node, name, line):
                finding = Finding(
                    f"{name!r} is a name that the script needs for itself ({line})", _HINT, binding.node.lineno, 0
                )
                raise problem_at(finding, "cell", lines_of(cell))


def _imports(node: ast.stmt, name: str, line: str) -> bool:
    if not isinstance(node, (ast.Import, ast.ImportFrom)):
        return False
    origin = f"from {node.module} import" if isinstance(node, ast.ImportFrom) else "import"
    for alias in node.names:
        bound = alias.asname or alias.name.partition(".")[0]
        # "import os.path" binds os too.
        original = alias.name if alias.asname or isinstance(node, ast.ImportFrom) else bound
        text = f"{origin} {original}" + (f" as {bound}" if bound != original else "")
        if bound == name and text == line:
            return True
    return False
