"""Names that the written script needs, and which the cell or the notebook uses for something else."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence

from ..errors import ScriptProblem
from ..scripts import Finding, Taken, lines_of, problem_at
from .notebook import Cell, Notebook

_HINT = "Give it another name."


def names_of(imports: Iterable[str]) -> dict[str, str]:
    """Map the names that import statements bind to their statements."""
    return {line.split()[-1]: line for line in imports}


def check_no_clash(
    cell: str, taken: Sequence[Taken], own: Mapping[str, str], problem: Callable[[str, str, str], ScriptProblem]
) -> None:
    """Refuse a script in which one name would mean two things.

    ``own`` maps the names that are written around the cell to the import that brings them, or to a word for them.
    ``problem`` makes the error from a name, a reason and a hint.
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
