"""Apply a deployment with the smallest change: none, reload or replace. One change at a time for each service."""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from ..bundles import captured_in
from ..errors import DiskFull, ReadOnly, ReloadFailed, StartFailed
from ..files import in_home, older_log
from ..home import Home
from ..registry import parse_reference as parse
from ..scripts import Script
from ..services import Change, ServiceRecord, Services, ServiceSpec, Target
from ..store import Database
from .access import Access
from .asked import Asked
from .attempts import Attempts, How
from .changing import Busy, ServiceLock, writing
from .debugging import told_of_debugger
from .differences import differences
from .events import Events
from .events import said_of as said_of_hooks
from .following import check_following, said_of
from .garbage import Garbage
from .history import note, note_failure
from .placing import for_target
from .resolution import Resolved, Resolver
from .rollout import Progress, Rollout
from .specifying import specified, with_given
from .standing import Standing
from .strays import Strays
from .telemetry import check_telemetry
from .unproven import Unproven

# Why the notebook's names were not compared with those that a stored script took.
NOT_LOOKED_AT, NOT_HERE = "not looked at", "not here"
_AT_ONCE_SECONDS = 0.5
# Of edits, which follow each other. Those of other models would keep these on the disk.
_SPARE_BUNDLES = 8
log = logging.getLogger("jupyter_deploy")


class Deployment:
    """Everything that changes services; one change at a time for each of them, in any process.

    ``lock`` holds a service's lock. ``garbage`` removes the bundles that a change leaves without a service.
    """

    def __init__(
        self,
        home: Home,
        database: Database,
        rows: Services,
        resolver: Resolver,
        target: Callable[[str], Target],
        rollout: Rollout,
        standing: Standing,
        unproven: Unproven,
        lock: ServiceLock,
        garbage: Garbage,
    ) -> None:
        self._garbage = garbage
        self._lock = lock
        self.health = standing.health
        self.strays = Strays(rows, target, self._lock)
        self.access = Access(home, rows, target, self._lock)
        self._home = home
        self._database = database
        self._rollout = rollout
        self._rows = rows
        self._resolver = resolver
        self._target = target
        self.unproven = unproven
        self._attempts = Attempts(database.claims, resolver, rollout, self.unproven)
        self._events = Events(home, rows, target, rollout)

    def bundle_folder(self, record: ServiceRecord) -> Path:
        """Return the folder of the bundle that a service runs from."""
        return self._home.bundles / record.bundle

    def writing(self, output: Path) -> contextlib.AbstractContextManager[None]:
        """Hold a file that rows are scored into; see :func:`.changing.writing`."""
        return writing(self._database, self._home, output)

    @contextlib.contextmanager
    def replacing(self, name: str, spare: Callable[[], int] = lambda: 0) -> Iterator[None]:
        """Hold a service's lock, and remove the bundles that a change or a failed attempt leaves without a service.

        ``spare`` returns how many of them may stay for the next time.
        """
        with self._lock(name):
            try:
                yield
            except (StartFailed, ReloadFailed) as error:
                note_failure(self._home, name, error)
                raise
            finally:
                self._garbage.collect_bundles(spare=spare())

    def deploy(
        self,
        name: str,
        asked: Asked,
        *,
        wait: bool = True,
        large: bool = False,
        source: Script | None = None,
        names: str = NOT_LOOKED_AT,
        progress: Progress = lambda _: None,
        otherwise: str = "",
    ) -> Change:
        """Create, update, repair or leave a service; a failure leaves the previous state, and a log.

        References in ``asked`` are looked up already. ``wait`` returns when the service serves. ``large`` allows a
        large folder. ``source`` is the text to serve, instead of the script. ``names`` says why a stored script is
        served as it is, and is empty if the notebook was looked at. ``otherwise`` is the target of a new service that
        fails on its own target.

        Raises
        ------
        StartFailed, ReloadFailed
            With the script's traceback.
        """
        started = time.perf_counter()
        with self.replacing(name):
            record = self._rows.find(name)
            if record is None:
                self._rows.refuse_name_of_endpoint(name)
            record = self.strays.end(record) if record else None
            spec, notes = for_target(specified(name, record, asked), record, asked.given)
            for text in (debugger := told_of_debugger(spec, self._home.service(name))) if asked.debug else ():
                progress(text)
            how = How(source, wait, large, otherwise)
            with self._events.begin(record, spec) as attempt:
                resolved, done, instead = self._attempts.make(record, spec, how, progress)
                attempt.changed(*done)
        action, what, generation = done
        notes += instead
        notes += (*resolved.notes, *resolved.environment.notices) if action != "unchanged" else ()
        took = 0.0 if action == "unchanged" else _since(started)
        notes += (
            said_of_hooks(resolved.spec, self._target(resolved.spec.target).capabilities) if asked.on_change else ()
        )
        notes += debugger if asked.debug else ()
        notes += self._about_following(resolved, asked) + _as_stored(resolved.script, names)
        pending = not wait and not generation
        return note(self._home, Change(name, action, what, took, generation, notes, pending=pending))

    def _about_following(self, resolved: Resolved, asked: Asked) -> tuple[str, ...]:
        own = resolved.own_models if resolved.spec.follow_model else ()
        newest = [self._resolver.version_of(parse(one)[0]) for one in own]
        said = said_of(resolved.spec, own, newest)
        return said if asked.follow_model else said[1:]

    def reload(
        self,
        name: str,
        *,
        script: str | Path | None = None,
        model: str | None = None,
        source: Script | None = None,
        sample: str | None = None,
        large: bool = False,
        names: str = NOT_LOOKED_AT,
        progress: Progress = lambda _: None,
    ) -> Change:
        """Load a service's script again; models keep their versions, except the one that is named.

        ``script`` is a file, ``source`` a text to serve instead of the script. ``model`` is a reference that replaces
        the present version of that model. ``sample`` is a request's body that this and every later version must
        answer before it serves. ``large`` and ``names`` are as for :meth:`deploy`.

        Raises
        ------
        ReloadFailed, StartFailed
            With the script's traceback.
        """
        started = time.perf_counter()
        what: tuple[str, ...] = ()
        with self.replacing(name, lambda: _SPARE_BUNDLES if what == ("script",) else 0):
            record = self.strays.end(self._rows.get(name))
            spec = record.spec
            if script is not None:
                spec = replace(spec, script=_file_of(script, spec.source), script_is_file=True)
            if sample is not None:
                spec = replace(spec, settings=with_given(spec.settings, {"sample": sample}))
            spec, ids = self._with_model(spec, record, model)
            with self._events.begin(record, spec) as attempt, self._database.claims.open() as opened:
                resolved = self._resolver.resolve(spec, opened, source, ids, record, large=large)
                check_following(spec, resolved.own_models)
                check_telemetry(resolved)
                what = differences(record, resolved) or ("same script",)
                action, _, generation = self._rollout.apply(record, resolved, True, progress, forced=what)
                attempt.changed(action, what, generation)
        notes = resolved.notes + _as_stored(resolved.script, names)
        return note(self._home, Change(name, action, what, _since(started), generation, notes))

    def describe(self, name: str, asked: Asked) -> None:
        """Change what is said about a service: tags, properties, description, labels. What runs is not touched.

        Parameters
        ----------
        name : str
            The service's name.
        asked : Asked
            Only those are taken from it.

        Raises
        ------
        UsageProblem
            For a property that would change.
        """
        said = Asked(tags=asked.tags, properties=asked.properties, description=asked.description, labels=asked.labels)
        with self._lock(name):
            record = self._rows.get(name)
            self._rows.put(replace(record, spec=specified(name, record, said)))

    def script_of(self, name: str, asked: Asked) -> str:
        """Return the name of the stored script that a service runs, or would run; empty for a file or an image."""
        spec = specified(name, self._rows.find(name), asked)
        return "" if spec.script_is_file or spec.image else spec.script

    def own_models(self, name: str) -> tuple[str, ...]:
        """List a service's models except captured data, as ``name:version``; empty if there is no such service."""
        record = self._rows.find(name)
        return self.own_models_of(record) if record else ()

    def own_models_of(self, record: ServiceRecord) -> tuple[str, ...]:
        """As :meth:`own_models`, of a row that was read."""
        captured = captured_in(self.bundle_folder(record))
        return tuple(model for model in record.models if model not in captured)

    def _with_model(
        self, spec: ServiceSpec, record: ServiceRecord, model: str | None
    ) -> tuple[ServiceSpec, tuple[str, ...]]:
        """Replace a served model's version; returns the models to serve, too."""
        captured = captured_in(self.bundle_folder(record))
        # Captured data comes with the script, unless its model was requested as well.
        asked = [self._resolver.version_of(reference) for reference in spec.models or ()]
        own = tuple(known for known in record.models if known not in captured or known in asked)
        if model is None:
            return spec, own
        name, _ = parse(model)
        kept = (ref for ref in spec.models or own if parse(ref)[0] != name)
        return replace(spec, models=(model, *kept)), (model, *(known for known in own if parse(known)[0] != name))

    def stop(self, name: str) -> None:
        """Drain and end a service; its row stays. It ends even if the row cannot be changed."""
        record = self._rows.get(name)
        attempt = self._events.begin(record, record.spec)
        try:
            with self._lock(name, _AT_ONCE_SECONDS):
                self._stop(name)
        except Busy:
            # Another process waits for an init(), perhaps for an hour; it gives up when its server is gone.
            self._stop(name, alone=False)
            with self._lock(name):
                self._stop(name)
        attempt.ended("Stopped", "stopped by request")

    def _stop(self, name: str, *, alone: bool = True) -> None:
        record = self._rows.get(name).proven()
        unwritten = ""
        try:
            # Until it has ended, the row says that it is ending.
            ending = replace(record.rollout, ending=True)
            self._rows.put(replace(record, desired="stopped", rollout=ending), frees=True)
        except (DiskFull, ReadOnly) as error:
            unwritten = error.message
        self._end(record)
        if alone:
            # If this cannot be recorded, a look at the server shows that it has ended.
            with contextlib.suppress(DiskFull, ReadOnly):
                self._rows.put(replace(record.settled(), desired="stopped"), frees=True)
        if unwritten:
            log.warning("%s is stopped, but its row still says that it should run: %s", name, unwritten)

    def settle(self, name: str) -> None:
        """End the servers that an interrupted change left."""
        with self._lock(name):
            record = self._rows.find(name)
            if record:
                self.strays.end(record)

    def delete(self, name: str, *, keep_data: bool = False) -> None:
        """Drain and end a service and remove its row, its folder, its log and, unless kept, what it has collected."""
        import shutil

        with self.replacing(name):
            record = self._rows.get(name)
            attempt = self._events.begin(record, record.spec)
            # Check that the row can be removed before the server ends.
            self._rows.ensure_writable()
            self._end(record)
            self._rows.remove(name)
            shutil.rmtree(self._home.service(name), ignore_errors=True)
            if not (keep_data or record.spec.settings.get("collect_keep")):
                shutil.rmtree(self._home.collected(name), ignore_errors=True)
            for server in record.servers:
                self._target(server.target).forget(server)
            for log_file in (self._home.log(name), older_log(self._home.log(name))):
                log_file.unlink(missing_ok=True)
            attempt.ended("Deleted", "deleted by request")

    def _end(self, record: ServiceRecord) -> None:
        for server in record.servers:
            self._target(server.target).stop(server)


def _as_stored(script: Script, names: str) -> tuple[str, ...]:
    """Note that a script that took something from a notebook is served as it was stored."""
    if not names or not script.stored or not script.origins:
        return ()
    when = datetime.fromtimestamp(script.stored).astimezone()
    return (f"serves the script as stored on {when:%Y-%m-%d %H:%M}; the notebook's names are {names}",)


def _file_of(script: str | Path, source: str) -> str:
    """Return a script file's absolute path; a relative one is in the source folder, if it exists there."""
    inside = Path(source, script)
    path = inside if source and inside.is_file() else in_home(script)
    return os.path.abspath(path)  # noqa: PTH100 - resolve() would follow links


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
