"""From a cell to a stored script: capture what it uses, try it, and reload the services that run it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from ..capture import Notebook, capture, means_the_same, moved_on
from ..deploying import NOT_HERE, NOT_LOOKED_AT, Deployment, Progress
from ..errors import DeployError, ScriptProblem
from ..home import Home
from ..registry import Model, prepare_value
from ..scripts import Script, Scripts, check_script_name
from ..services import Change, ServiceRecord, Services, scripts_services
from ..store import Claims, Stage
from .captured import CapturedValues
from .living import Living, Run
from .trial import Trial
from .written import NOTHING, Written

Try = Callable[[Script, Any, Progress], Trial]


class Authoring:
    """Carries out a ``%%score_script`` cell.

    ``claims`` keep captured values from being collected until the script is stored. ``captured`` stores them.
    ``try_out`` runs a script on a value in a process of its own.
    """

    def __init__(
        self,
        home: Home,
        claims: Claims,
        captured: CapturedValues,
        scripts: Scripts,
        rows: Services,
        deployment: Deployment,
        try_out: Try,
    ) -> None:
        self._home = home
        self._claims = claims
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
        run: Run | None = None,
        progress: Progress = lambda _: None,
    ) -> Written:
        """Make a script of a cell, try it, reload the services that run it, and store it.

        ``sample`` describes what ``run()`` takes. ``value`` is a request that the script must answer first, the
        sample if it is None. ``draft`` only writes the script: nothing is saved, stored or reloaded. ``run`` is the
        previous run of the cell in the same kernel.

        Raises
        ------
        ScriptProblem, TrialFailed, ReloadFailed
            Nothing is stored then, and services go on as they were.
        """
        with self._claims.open() as opened:
            saving = _Saving(name := check_script_name(name), self._captured, opened, draft, progress)
            written = self._compared(capture(name, cell, folder, notebook, saving, sample=sample), draft)
            if draft:
                return written
            script = written.script
            if value is not NOTHING:
                written = replace(written, trial=self._try_out(script, sample if value is None else value, progress))
            old = self._scripts.find(name)
            moved = moved_on(old, script, notebook.variables, _since(old, run)) if old else ()
            running = self._running(name)
            models = {record.name: self._deployment.own_models_of(record) for record in running}
            reloaded = self._reload_all([record.name for record in running], script, old, progress)
            changes = [self._told(change, moved, models) for change in reloaded]
            self._scripts.put(script)
        return replace(written, changes=tuple(changes), moved=moved)

    def renewed(
        self,
        service: str,
        script: str,
        living: Living | None,
        as_stored: str,
        act: Callable[..., Change],
        say: Progress,
    ) -> Change:
        """Change a service, and take its script from the notebook's present values if possible.

        ``script`` is the stored script that it runs, empty for none. ``living`` is what the kernel knows, None to
        leave the notebook alone. ``as_stored`` is the command that serves the stored script. ``act`` changes the
        service; it takes ``source``, the script to serve instead of the stored one, and ``names``. All other services
        that run the script take the change as well, or none does.

        Raises
        ------
        ScriptProblem, TrialFailed, ReloadFailed, StartFailed
            Nothing is stored then, and services go on as they were.
        """
        run = living.run_of(self._home.root, script) if living else None
        if living is None or run is None:
            return act(names=NOT_LOOKED_AT if living is None else NOT_HERE)
        notebook = living.notebook()
        with self._claims.open() as opened:
            new, value = self._again(run, notebook, as_stored, opened, say)
            old = self._scripts.find(script)
            if old and means_the_same(old, new):
                change = act(names="")
                # The stored script stays: its comments name its own cells.
                living.keep(self._home.root, replace(run, script=replace(new, source=old.source)))
                return change
            if value is not NOTHING:
                self._try_out(new, value, say)
            before = {service: self._deployment.own_models(service)}
            change = act(source=new, names="")
            others = [record.name for record in self._running(new.name) if record.name != change.service]
            reloaded = self._reload_all(others, new, old, say, change)[1:]
            self._scripts.put(new)
        living.keep(self._home.root, replace(run, script=new))
        moved = moved_on(old, new, notebook.variables, _since(old, run)) if old else ()
        change = self._told(change, moved, before)
        return replace(change, notes=(*change.notes, *_notes(reloaded, old, run)))

    def _told(self, change: Change, moved: tuple[str, ...], before: Mapping[str, tuple[str, ...]]) -> Change:
        """Say what differs in the notebook; of models, only those that were not captured."""
        if moved and self._deployment.own_models(change.service) == before.get(change.service, ()):
            change = replace(change, what=tuple(one for one in change.what if one != "model"))
        return replace(change, moved=moved)

    def _again(
        self, run: Run, notebook: Notebook, as_stored: str, opened: Stage, progress: Progress
    ) -> tuple[Script, Any]:
        """Take a cell again; returns the script and the value to try it on."""
        progress("taking the notebook's present values")
        saving = _Saving(run.name, self._captured, opened, False, progress)
        try:
            options = run.options(notebook)
            sample, value = options.get("sample"), options.get("value", NOTHING)
            script = capture(run.name, run.cell, run.folder, notebook, saving, sample=sample)
        except DeployError as error:
            lost = {*(error.names if isinstance(error, ScriptProblem) else ())} - {*notebook.variables}
            cells = dict.fromkeys(one.origin for one in run.script.taken if one.name in lost and one.origin)
            hint = f"Run {' and '.join(cells)} again." if cells else error.hint
            error.hint = f"{hint} Or serve it as stored: {as_stored}".strip()
            raise
        return script, sample if value is None else value

    def _compared(self, script: Script, draft: bool) -> Written:
        """Add what ``run()`` got until now, if it gets something else from now on."""
        old = self._scripts.find(script.name)
        return Written(script, draft, old.input if old and old.contract != script.contract else None)

    def _running(self, script: str) -> list[ServiceRecord]:
        """List the services that run a script."""
        return list(scripts_services(self._rows.all(), script))

    def _reload_all(
        self,
        names: Iterable[str],
        script: Script,
        old: Script | None,
        progress: Progress,
        first: Change | None = None,
    ) -> list[Change]:
        """Reload services to a script: all of them or, if one cannot load it, none, the ``first`` one included."""
        changes = [first] if first else []
        for name in names:
            try:
                changes.append(self._deployment.reload(name, source=script, progress=progress))
            except DeployError:
                for change in changes:
                    if change.action == "created":
                        self._deployment.delete(change.service)
                    elif old:
                        self._deployment.reload(change.service, source=old)
                raise
        return changes


def _notes(others: list[Change], old: Script | None, run: Run) -> list[str]:
    notes = [f"{other.sentence()}, since it runs {run.name} too" for other in others]
    if old and old.source != run.script.source:
        notes.append(f"takes the place of what was stored elsewhere on {_date(old)}")
    return notes


def _since(old: Script | None, run: Run | None) -> str:
    known = run is not None and old is not None and run.script.source == old.source
    return run.since if run and known else f"since it was stored on {_date(old)}" if old else ""


def _date(script: Script) -> str:
    return f"{datetime.fromtimestamp(script.stored).astimezone():%Y-%m-%d %H:%M}"


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
