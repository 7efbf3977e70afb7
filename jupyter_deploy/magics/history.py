"""The notebook behind a shell: its variables, and the cells that were run in it."""

from __future__ import annotations

import ast
import linecache
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..capture.notebook import Cell, Notebook

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


# Cell magics that run the cell's text in the notebook.
_RUN_THEIR_CELL = ("time", "capture", "prun")


def notebook_of(shell: InteractiveShell, local_ns: Mapping[str, Any] | None) -> Notebook:
    """Describe what a cell may use.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
        The shell.
    local_ns : mapping, optional
        Local variables, where the magic runs in a function.

    Returns
    -------
    Notebook
        Without the names that IPython itself put there.
    """
    hidden = shell.user_ns_hidden
    variables = {name: value for name, value in shell.user_ns.items() if not (name in hidden and hidden[name] is value)}
    # What a cell used last belongs to no cell: _, __, _i3, _3…
    for name in [
        name for name in variables if (name.startswith("_") and name.strip("_i").isdigit()) or not name.strip("_")
    ]:
        del variables[name]
    kept = {name: shell.user_ns[name] for name in ("get_ipython", "display", "In", "Out") if name in shell.user_ns}
    return Notebook({**kept, **variables, **(local_ns or {})}, tuple(_cells(shell)))


def _parts(shell: InteractiveShell, cell: Cell) -> Iterator[Cell]:
    """Look into magics that run Python for the notebook: ``%%time`` and others, ``%run file.py``."""
    if "run_cell_magic(" not in cell.source and "run_line_magic(" not in cell.source:
        yield cell
        return
    body = ""
    for node in cell.statements:
        words = _magic(node)
        if words[:1] == ["run"] and (path := next((word for word in words[1].split() if word.endswith(".py")), "")):
            file = Path(path.strip("'\""))
            if file.is_file():
                yield Cell(file.name, file.read_text(encoding="utf-8-sig", errors="replace"))
        elif len(words) == 3 and words[0] in _RUN_THEIR_CELL:
            # Below the magic's own line.
            body = "\n" + shell.transform_cell(words[2])  # type: ignore[no-untyped-call]
    yield Cell(cell.label, body or cell.source)


def _magic(node: ast.stmt) -> list[str]:
    call = node.value if isinstance(node, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return []
    if call.func.attr not in {"run_cell_magic", "run_line_magic"}:
        return []
    words = [str(word.value) for word in call.args if isinstance(word, ast.Constant)]
    return words if len(words) == len(call.args) > 1 else []


def _cells(shell: InteractiveShell) -> list[Cell]:
    numbered = list(enumerate(shell.user_ns.get("In", [])))[1:]
    # The cell that is running is the last one: it is what asks.
    if numbered:
        cells = (Cell(f"In [{number}]", str(source)) for number, source in numbered[:-1] if source)
        return [part for cell in cells for part in _parts(shell, cell)]
    # A shell that keeps no history still knows what it compiled.
    compiled = getattr(shell.compile, "_filename_map", {})
    return [
        Cell("an earlier cell", "".join(linecache.getlines(file)))
        for file, _ in sorted(compiled.items(), key=lambda item: item[1])
    ]
