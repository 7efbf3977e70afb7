"""What one kernel knows of the script cells that were run in it, so that a verb can take the notebook as it lives now.

It is kept in the kernel's process only, and holds none of the notebook's values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..capture import Glimpse, Notebook, data_words, short
from ..scripts import Script, Taken


@dataclass(frozen=True)
class Run:
    """A script cell that was run in this kernel and accepted: what can be captured again.

    Parameters
    ----------
    name : str
        The script's.
    cell : str
        The lines below the magic's, as they were run.
    folder : pathlib.Path
        The notebook's folder then.
    options : callable
        Given the notebook as it is now, evaluates the options of the magic's line: ``sample`` and ``value``.
    script : Script
        What it became.
    label : str
        The cell in which it was taken last, for example ``"In [3]"``.
    glimpses : mapping of str to Glimpse
        How what it took looked.
    of_function : bool
        Whether it took names of a function that is over by now.
    """

    name: str
    cell: str
    folder: Path
    options: Callable[[Notebook], Mapping[str, Any]]
    script: Script
    label: str = ""
    glimpses: Mapping[str, Glimpse] = field(default_factory=dict, hash=False, repr=False)
    of_function: bool = False

    @property
    def since(self) -> str:
        """When it was taken, for sentences."""
        return f"since {self.label}" if self.label else "since it was stored"


class Living:
    """A kernel's notebook, and the script cells that were accepted in it. One without a notebook knows of none.

    Parameters
    ----------
    notebook : callable, optional
        Describes the notebook as it is now.
    variables : mapping, optional
        The notebook's variables themselves.
    label : callable, optional
        Tells which cell is running.
    """

    def __init__(
        self,
        notebook: Callable[[], Notebook] = Notebook,
        variables: Mapping[str, object] | None = None,
        label: Callable[[], str] = str,
    ) -> None:
        self.notebook = notebook
        self._variables = variables if variables is not None else {}
        self._label = label
        self._runs: dict[tuple[Path, str], Run] = {}

    def run_of(self, home: Path, name: str) -> Run | None:
        """Find the latest accepted run of a script's cell.

        Parameters
        ----------
        home : pathlib.Path
            The workspace's folder.
        name : str
            The script's name.

        Returns
        -------
        Run or None
            None where this kernel cannot take it again.
        """
        run = self._runs.get((home, name))
        return None if run is None or run.of_function else run

    def keep(self, home: Path, run: Run) -> None:
        """Remember a run, and how all that it took looks now.

        Parameters
        ----------
        home : pathlib.Path
            The workspace's folder.
        run : Run
            Just accepted.
        """
        names = [one.name for one in run.script.taken if one.name in self._variables]
        glimpses = {name: Glimpse(self._variables[name]) for name in names}
        self._runs[home, run.name] = replace(run, label=self._label(), glimpses=glimpses)

    def knows(self, name: str) -> bool:
        """Tell whether a script's cell was accepted here, in any workspace.

        Parameters
        ----------
        name : str
            The script's.

        Returns
        -------
        bool
            False in a terminal.
        """
        return any(script == name for _, script in self._runs)

    def moved_on(self, name: str, source: str) -> tuple[str, ...]:
        """Tell which of the names that a script took have moved on, without looking deep into them.

        Parameters
        ----------
        name : str
            The script's.
        source : str
            The script that is shown, or served: of another than this kernel took last, nothing is known.

        Returns
        -------
        tuple of str
            For example ``("clf: fitted again since In [3]",)``.
        """
        runs = (run for run in self._runs.values() if run.name == name and run.script.source == source)
        run = next(runs, None)
        if run is None or run.of_function:
            return ()
        taken = {one.name: one for one in run.script.taken}
        found = []
        for key, glimpse in run.glimpses.items():
            if key not in self._variables:
                found.append(f"{key}: not defined any more")
            elif not glimpse.shows(self._variables[key]):
                found.append(f"{key}: {_words(taken[key], glimpse, self._variables[key])} {run.since}")
        return tuple(found)


def _words(one: Taken, old: Glimpse, value: object) -> str:
    new = Glimpse(value) if old.literal else None
    if new and new.literal:
        return f"{short(old.literal)} -> {short(new.literal)}"
    if one.kind in {"function", "class"} and type(value).__name__ == old.kind:
        return "defined again"
    return data_words(old.kind, type(value).__name__, value)
