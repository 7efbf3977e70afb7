"""The notebook behind a shell: its variables, and the cells that were run in it."""

from __future__ import annotations

import ast
import linecache
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..capture import Cell, Notebook
from .defaults import LIVING

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell

    from ..workspace import Living


# Cell magics that run the cell's text in the notebook.
_RUN_THEIR_CELL = ("time", "capture", "prun")


def notebook_of(shell: InteractiveShell, local_ns: Mapping[str, Any] | None, *, with_running: bool = False) -> Notebook:
    """Describe what a cell may use, without the names that IPython itself put there.

    ``local_ns`` has local variables if the magic runs in a function. ``with_running`` includes the running cell, up
    to its current statement.
    """
    hidden = shell.user_ns_hidden
    variables = {name: value for name, value in shell.user_ns.items() if not (name in hidden and hidden[name] is value)}
    # Names of IPython's history belong to no cell: _, __, _i3, _3…
    for name in [
        name for name in variables if (name.startswith("_") and name.strip("_i").isdigit()) or not name.strip("_")
    ]:
        del variables[name]
    kept = {name: shell.user_ns[name] for name in ("get_ipython", "display", "In", "Out") if name in shell.user_ns}
    return Notebook({**kept, **variables, **(local_ns or {})}, tuple(_cells(shell, with_running)))


def living_of(shell: InteractiveShell) -> Living:
    """Return what this kernel knows of its script cells; the object outlives a reload of the extension."""
    from ..workspace import Living

    known: Living | None = shell.meta.get(LIVING)
    if known is None:
        known = Living(lambda: notebook_of(shell, None, with_running=True), shell.user_ns, lambda: _label(shell))
        shell.meta[LIVING] = known
    return known


def _label(shell: InteractiveShell) -> str:
    # Not the counter: some versions of IPython count it up before a cell is run, others after it.
    return f"In [{len(shell.user_ns.get('In', [])) - 1}]"


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
            # An empty line stands for the magic's own.
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


def _cells(shell: InteractiveShell, with_running: bool) -> list[Cell]:
    numbered = list(enumerate(shell.user_ns.get("In", [])))[1:]
    # The last cell is the one that is running.
    if numbered:
        cells = (Cell(f"In [{number}]", str(source)) for number, source in numbered[:-1] if source)
        found = [part for cell in cells for part in _parts(shell, cell)]
        return [*found, *_running(shell, *numbered[-1])] if with_running else found
    # A shell without history still knows what it compiled.
    compiled = getattr(shell.compile, "_filename_map", {})
    return [
        Cell("an earlier cell", "".join(linecache.getlines(file)))
        for file, _ in sorted(compiled.items(), key=lambda item: item[1])
    ]


def _running(shell: InteractiveShell, number: int, source: str) -> Iterator[Cell]:
    """Yield the cell that is running, as far as it has been run."""
    frame = sys._getframe()
    while frame is not None and not (frame.f_globals is shell.user_ns and frame.f_code.co_name == "<module>"):
        frame = frame.f_back  # type: ignore[assignment]
    if frame is None:
        return
    lines = str(source).splitlines(keepends=True)
    cell = Cell(f"In [{number}]", "".join(lines))
    done = [node for node in cell.statements if (node.end_lineno or node.lineno) < frame.f_lineno]
    if done:
        yield Cell(cell.label, "".join(lines[: done[-1].end_lineno]))
