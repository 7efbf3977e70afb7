"""The notebook behind a shell: its variables, and the cells that were run in it."""

from __future__ import annotations

import linecache
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..capture.notebook import Cell, Notebook

if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


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


def _cells(shell: InteractiveShell) -> list[Cell]:
    numbered = list(enumerate(shell.user_ns.get("In", [])))[1:]
    # The cell that is running is the last one: it is what asks.
    if numbered:
        return [Cell(f"In [{number}]", str(source)) for number, source in numbered[:-1] if source]
    # A shell that keeps no history still knows what it compiled.
    compiled = getattr(shell.compile, "_filename_map", {})
    return [
        Cell("an earlier cell", "".join(linecache.getlines(file)))
        for file, _ in sorted(compiled.items(), key=lambda item: item[1])
    ]
