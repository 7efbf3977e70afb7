"""What one kernel knows of the script cells that were run in it, so that a verb can take the notebook's present values.

It exists in the kernel's process only, and holds none of the notebook's values.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..capture import Glimpse, Notebook
    from ..scripts import Script, Taken


def _no_notebook() -> Notebook:
    from ..capture import Notebook

    return Notebook()


@dataclass(frozen=True)
class Run:
    """A script cell that was run in this kernel and accepted: it can be captured again."""

    name: str  # the script's
    cell: str  # the lines below the magic's, as they were run
    folder: Path  # the notebook's folder then
    # evaluates sample and value of the magic's line in the present notebook
    options: Callable[[Notebook], Mapping[str, Any]]
    script: Script  # the result
    label: str = ""  # the cell in which it was last taken, for example "In [3]"
    glimpses: Mapping[str, Glimpse] = field(default_factory=dict, hash=False, repr=False)  # how what it took looked
    of_function: bool = False  # whether it took local variables of a function that has returned

    @property
    def since(self) -> str:
        """When it was taken, for sentences."""
        return f"since {self.label}" if self.label else "since it was stored"


class Living:
    """A kernel's notebook, and the script cells that were accepted in it; without a notebook there are none.

    ``notebook`` describes the present notebook, ``variables`` are its variables, ``label`` names the running cell.
    """

    def __init__(
        self,
        notebook: Callable[[], Notebook] = _no_notebook,
        variables: Mapping[str, object] | None = None,
        label: Callable[[], str] = str,
    ) -> None:
        self.notebook = notebook
        self._variables = variables if variables is not None else {}
        self._label = label
        self._runs: dict[tuple[Path, str], Run] = {}

    def run_of(self, home: Path, name: str) -> Run | None:
        """Find the latest accepted run of a script's cell; None if this kernel cannot take it again.

        ``home`` is the workspace's folder.
        """
        run = self._runs.get((home, name))
        return None if run is None or run.of_function else run

    def keep(self, home: Path, run: Run) -> None:
        """Remember an accepted run, and how all that it took looks now."""
        from ..capture import Glimpse

        names = [one.name for one in run.script.taken if one.name in self._variables]
        glimpses = {name: Glimpse(self._variables[name]) for name in names}
        self._runs[home, run.name] = replace(run, label=self._label(), glimpses=glimpses)

    def knows(self, name: str) -> bool:
        """Whether a script's cell was accepted here, in any workspace; never in a terminal."""
        return any(script == name for _, script in self._runs)

    def moved_on(self, name: str, source: str) -> tuple[str, ...]:
        """List the changed names of a script, for example ``("clf: fitted again since In [3]",)``, without a deep look.

        Nothing is known if ``source``, the script that is shown or served, is not the one that this kernel took last.
        """
        runs = (run for run in self._runs.values() if run.name == name and run.script.source == source)
        run = next(runs, None)
        if run is None or run.of_function:
            return ()
        taken = {one.name: one for one in run.script.taken}
        found = []
        for key, glimpse in run.glimpses.items():
            if key not in self._variables:
                found.append(f"{key}: no longer defined")
            elif not glimpse.shows(self._variables[key]):
                found.append(f"{key}: {_words(taken[key], glimpse, self._variables[key])} {run.since}")
        return tuple(found)


def _words(one: Taken, old: Glimpse, value: object) -> str:
    from ..capture import Glimpse, data_words, short

    new = Glimpse(value) if old.literal else None
    if new and new.literal:
        return f"{short(old.literal)} -> {short(new.literal)}"
    if one.kind in {"function", "class"} and type(value).__name__ == old.kind:
        return "defined again"
    return data_words(old.kind, type(value).__name__, value)
