"""From a cell to a stored script: what it uses is captured, it is tried, and the services that run it are reloaded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from .capture.cell import capture
from .capture.notebook import Notebook
from .captured import CapturedValues
from .config import Home
from .deployment import Deployment
from .errors import DeployError
from .models import Model
from .rollout import Progress
from .scripts import Script, Scripts
from .service_rows import Services, scripts_services
from .services import Change
from .sources import prepare_value
from .store.staging import Stage, stage
from .trial import Trial

Try = Callable[[Script, Any, Progress], Trial]
NOTHING = object()


class Authoring:
    """What a ``%%score_script`` cell does.

    Parameters
    ----------
    home : Home
        The workspace's folders.
    captured : CapturedValues
        Where the notebook's data goes.
    scripts : Scripts
        Where scripts are stored.
    rows : Services
        The services' rows.
    deployment : Deployment
        Reloads services.
    try_out : callable
        Runs a script on a value in a process of its own.
    """

    def __init__(
        self,
        home: Home,
        captured: CapturedValues,
        scripts: Scripts,
        rows: Services,
        deployment: Deployment,
        try_out: Try,
    ) -> None:
        self._home = home
        self._captured = captured
        self._scripts = scripts
        self._rows = rows
        self._deployment = deployment
        self._try_out = try_out

    def write(
        self,
        name: str,
        cell: str,
        folder: Path,
        notebook: Notebook,
        *,
        sample: Any = None,
        value: Any = NOTHING,
        draft: bool = False,
        progress: Progress = lambda _: None,
    ) -> Script:
        """Make a script of a cell, try it, put it into the services that run it, and store it.

        Parameters
        ----------
        name : str
            The script's name.
        cell : str
            The lines below the magic's.
        folder : pathlib.Path
            The notebook's.
        notebook : Notebook
            What the cell may use.
        sample : object, optional
            A value that describes what ``run()`` takes.
        value : object, optional
            A request that it has to answer before anything else is done; the sample, where it is None.
        draft : bool, optional
            Only write it: nothing is saved, stored or reloaded.
        progress : callable, optional
            Told what is being done.

        Returns
        -------
        Script
            With what was taken, tried and changed.

        Raises
        ------
        ScriptProblem, TrialFailed, ReloadFailed
            Nothing is stored then, and services go on as they were.
        """
        with stage(self._home.staging) as opened:
            saving = _Saving(name, self._captured, opened, draft, progress)
            script = capture(name, cell, folder, notebook, saving, sample=sample)
            if draft:
                return replace(script, draft=True)
            if value is not NOTHING:
                script = replace(script, trial=self._try_out(script, sample if value is None else value, progress))
            changes = self._reload_all(name, script, progress)
            self._scripts.put(script)
        return replace(script, changes=tuple(changes))

    def _reload_all(self, name: str, script: Script, progress: Progress) -> list[Change]:
        """Reload the services that run a script: all of them or, where one cannot load it, none."""
        changes: list[Change] = []
        for record in scripts_services(self._rows.all(), name):
            try:
                changes.append(self._deployment.reload(record.name, source=script, progress=progress))
            except DeployError:
                for change in changes:
                    self._deployment.reload(change.service, source=self._scripts.get(name))
                raise
        return changes


class _Saving:
    """Saves live values for a script."""

    def __init__(self, script: str, captured: CapturedValues, opened: Stage, draft: bool, progress: Progress) -> None:
        self._script, self._captured, self._opened = script, captured, opened
        self._draft, self._progress = draft, progress
        self._count = 0

    def __call__(self, name: str, value: object) -> Model:
        self._progress(f"saving {name}")
        self._count += 1
        folder = self._opened.folder / f"captured-{self._count}"
        folder.mkdir()
        prepared = prepare_value(value, folder)
        return self._captured.keep(self._script, name, prepared, self._opened, draft=self._draft)
