"""Make a service be what was asked for: nothing where it is, a reload where that does, a new server where it must."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import filelock

from .config import Home
from .errors import PortBusy, ReloadFailed, StartFailed, UsageProblem
from .files import tail
from .hints import failure_hint
from .models import parse_reference as parse
from .resolution import Resolver, Wanted, differences, merged, models_exist, with_given
from .scripts import Script
from .service_rows import Services
from .services import Change, Health, Launch, ServiceRecord, Target, check_service_name
from .serving.failures import Failure
from .store.staging import stage

LOCK_SECONDS = 60.0
_POLL_SECONDS = 0.02
_UNRESPONSIVE_SECONDS = 2.0
_SILENCE_SECONDS = 5.0
Progress = Callable[[str], None]


class Deployment:
    """Everything that changes services; one change at a time for each of them, in any process.

    Parameters
    ----------
    home : Home
        The workspace's folders.
    rows : Services
        The services' rows.
    resolver : Resolver
        Looks up what is asked for.
    target : callable
        Given a target's name, returns it.
    """

    def __init__(self, home: Home, rows: Services, resolver: Resolver, target: Callable[[str], Target]) -> None:
        self._home = home
        self._rows = rows
        self._resolver = resolver
        self._target = target

    def bundle_folder(self, record: ServiceRecord) -> Path:
        """Return the folder that a service runs from.

        Parameters
        ----------
        record : ServiceRecord
            Its row.

        Returns
        -------
        pathlib.Path
            The bundle's.
        """
        return self._home.bundles / record.bundle

    def health(self, record: ServiceRecord) -> Health:
        """Find out how a service is.

        Parameters
        ----------
        record : ServiceRecord
            Its row.

        Returns
        -------
        Health
            Stopped where it should not run; else what its target finds.
        """
        if record.desired == "stopped":
            return Health("Stopped", "stopped by request")
        return self._target(record.spec.target).probe(self._home.service(record.name), record.handle)

    @contextmanager
    def _lock(self, name: str) -> Iterator[None]:
        check_service_name(name)
        lock = filelock.FileLock(self._home.root / "services" / f"{name}.lock")
        try:
            lock.acquire(timeout=LOCK_SECONDS)
        except filelock.Timeout as error:
            raise UsageProblem(
                f"Another process has been changing {name} for {LOCK_SECONDS:.0f} s.", hint="Wait for it, or end it."
            ) from error
        try:
            yield
        finally:
            lock.release()

    def deploy(
        self,
        name: str,
        changes: Mapping[str, Any],
        *,
        wait: bool = True,
        progress: Progress = lambda _: None,
    ) -> Change:
        """Create, update, repair or leave a service.

        Parameters
        ----------
        name : str
            The service's name.
        changes : mapping
            Fields of :class:`ServiceSpec` that were given; the others stay as they are.
        wait : bool, optional
            Return when it serves, or at once.
        progress : callable, optional
            Told what is being done.

        Returns
        -------
        Change
            What was done.

        Raises
        ------
        StartFailed, ReloadFailed
            With the script's traceback.
        """
        started = time.perf_counter()
        with self._lock(name):
            record = self._rows.find(name)
            if record and "next" in record.handle:
                # A process died while it moved the service; its new server was never made the service's own.
                self._target(record.spec.target).stop(record.handle["next"])
            spec = merged(name, record, changes)
            with stage(self._home.staging) as opened:
                wanted = self._resolver.resolve(spec, opened)
                action, what, generation = self._apply(record, wanted, wait, progress)
        return Change(name, action, what, 0.0 if action == "unchanged" else _since(started), generation)

    def reload(
        self,
        name: str,
        *,
        script: str | Path | None = None,
        model: str | None = None,
        source: Script | None = None,
        sample: str | None = None,
    ) -> Change:
        """Load a service's script anew, keeping the models' versions but the one that is named.

        Parameters
        ----------
        name : str
            The service's name.
        script : str or pathlib.Path, optional
            A file to take instead of the script that it has.
        model : str, optional
            A model reference to take instead of the version of that model that it has.
        source : Script, optional
            The text to serve, instead of looking the script up.
        sample : str, optional
            A request's body that this and every later version must answer before it serves.

        Returns
        -------
        Change
            What was done.

        Raises
        ------
        ReloadFailed, StartFailed
            With the script's traceback.
        """
        started = time.perf_counter()
        with self._lock(name):
            record = self._rows.get(name)
            spec = record.spec
            if script is not None:
                spec = replace(spec, script=os.path.abspath(Path(script).expanduser()), script_is_file=True)  # noqa: PTH100
            if sample is not None:
                spec = replace(spec, settings=with_given(spec.settings, {"sample": sample}))
            ids = record.models
            if model is not None:
                name_of_model, _ = parse(model)
                ids = (model, *(known for known in record.models if parse(known)[0] != name_of_model))
                kept = (ref for ref in spec.models or record.models if parse(ref)[0] != name_of_model)
                spec = replace(spec, models=(model, *kept))
            with stage(self._home.staging) as opened:
                wanted = self._resolver.resolve(spec, opened, source, ids)
                what = differences(record, wanted) or ("same script",)
                action, _, generation = self._apply(record, wanted, True, lambda _: None, forced=what)
        return Change(name, action, what, _since(started), generation)

    def _apply(
        self,
        record: ServiceRecord | None,
        wanted: Wanted,
        wait: bool,
        progress: Progress,
        forced: tuple[str, ...] = (),
    ) -> tuple[str, tuple[str, ...], int]:
        if record is None:
            return "created", (), self._start(record, wanted, wait, progress)
        what = forced or differences(record, wanted)
        health = self.health(record)
        if health.state == "Transitioning" and not what:
            if not wait:
                return "unchanged", (), 0
            health = self._wait(record, progress)
        # What is still loading the old script need not finish it; it serves nobody.
        running = health.state != "Transitioning" and bool(health.started)
        if not running:
            # What does not answer gets little time to drain.
            self._target(record.spec.target).stop(record.handle, _UNRESPONSIVE_SECONDS)
            action = "started" if record.desired == "stopped" else "repaired"
            return action, what, self._start(record, wanted, wait, progress)
        if wanted.spec.target != record.spec.target or wanted.spec.port not in {0, record.handle["port"]}:
            return "moved", what, self._move(record, wanted, progress)
        serves_the_row = not health.app_root or Path(health.app_root).parent.name == record.bundle
        if not what and health.state == "Healthy" and serves_the_row:
            if wanted.spec != record.spec:
                self._rows.put(replace(record, spec=wanted.spec))
            return "unchanged", (), health.generation
        progress("reloading")
        return "reloaded" if what else "repaired", what, self._reload(record, wanted)

    def _reload(self, record: ServiceRecord, wanted: Wanted) -> int:
        both = tuple(dict.fromkeys(record.models + wanted.model_ids))
        pending = {**record.handle, "pending": wanted.bundle.digest}
        # Until one of the two is out of use, nobody may remove what either needs.
        self._rows.put(replace(record, models=both, handle=pending), models_exist(wanted))
        target = self._target(record.spec.target)
        try:
            generation, in_use = target.reload(self._launch(wanted, record.handle["port"]), record.handle)
        except ReloadFailed as error:
            self._rows.put(record)
            raise self._reload_failed(record, wanted, error) from None
        except BaseException:
            # Interrupted: perhaps the new bundle serves already. Its files stay, and the next deployment looks.
            keep = [*record.handle.get("keep", ()), wanted.bundle.digest]
            self._rows.put(replace(record, handle={**record.handle, "keep": keep}))
            raise
        self._rows.put(self._record(record, wanted, {**record.handle, "keep": list(in_use)}))
        return generation

    def _reload_failed(self, record: ServiceRecord, wanted: Wanted, error: ReloadFailed) -> ReloadFailed:
        message = f"{record.name} still serves its old version, because the new one failed: {error.message}"
        if not error.failure:
            tried = tail(self._home.log(record.name), 15).rstrip()
            return ReloadFailed(message, details=tried, hint=f"logs {record.name} shows more.")
        failure = Failure(**error.failure)
        would_be = replace(record, models=wanted.model_ids)
        hint = failure_hint(failure, would_be, wanted.bundle.folder)
        return ReloadFailed(message, details=failure.traceback, hint=hint)

    def _start(self, record: ServiceRecord | None, wanted: Wanted, wait: bool, progress: Progress) -> int:
        progress("starting the server")
        before = record.handle.get("port", 0) if record else 0
        launch = self._launch(wanted, wanted.spec.port or before)
        written: list[ServiceRecord] = []

        def commit(handle: dict[str, Any]) -> None:
            written.append(self._record(record, wanted, handle))
            self._rows.put(written[-1], models_exist(wanted))

        self._launch_on(wanted, launch, commit)
        if not wait:
            return 0
        return self._ready(written[-1], progress)

    def _move(self, record: ServiceRecord, wanted: Wanted, progress: Progress) -> int:
        progress("starting a server on the new port")
        found: list[dict[str, Any]] = []

        def commit(handle: dict[str, Any]) -> None:
            found.append(handle)
            pending = {**record.handle, "pending": wanted.bundle.digest, "next": handle}
            self._rows.put(replace(record, handle=pending), models_exist(wanted))

        target = self._target(wanted.spec.target)
        token = self._home.service(record.name) / "admin.token"
        old_token = token.read_text()
        try:
            self._launch_on(wanted, self._launch(wanted, wanted.spec.port), commit)
            moved = self._record(record, wanted, found[-1])
            generation = self._ready(moved, progress)
        except BaseException:
            for handle in found:
                target.stop(handle)
            token.write_text(old_token)
            self._rows.put(record)
            raise
        self._rows.put(moved)
        self._target(record.spec.target).stop(record.handle)
        return generation

    def _launch_on(self, wanted: Wanted, launch: Launch, commit: Callable[[dict[str, Any]], None]) -> None:
        try:
            self._target(wanted.spec.target).start(launch, commit)
        except PortBusy as error:
            owners = [other.name for other in self._rows.all() if other.handle.get("port") == launch.port]
            owners = [name for name in owners if name != launch.name]
            if not owners:
                raise
            # "python (pid 4711)" says less than the name that the user gave it.
            message = f"Port {launch.port} is in use by service {owners[0]}."
            raise PortBusy(message, hint=f"{error.hint} Or stop {owners[0]} first.") from error

    def _launch(self, wanted: Wanted, port: int) -> Launch:
        name = wanted.spec.name
        return Launch(
            name=name,
            bundle=wanted.bundle.folder,
            folder=self._home.service(name),
            log=self._home.log(name),
            port=port,
            port_is_given=bool(wanted.spec.port),
            workers=wanted.spec.workers,
            settings=wanted.spec.settings,
        )

    @staticmethod
    def _record(record: ServiceRecord | None, wanted: Wanted, handle: dict[str, Any]) -> ServiceRecord:
        created = record.created if record else 0.0
        return ServiceRecord(wanted.spec, wanted.bundle.digest, wanted.model_ids, handle, created=created)

    def _wait(self, record: ServiceRecord, progress: Progress) -> Health:
        progress("loading the script")
        silent_since = 0.0
        while True:
            health = self.health(record)
            if health.state == "Unhealthy" and not health.started:
                # A server that is about to end does not answer any more: see what becomes of it.
                silent_since = silent_since or time.monotonic()
                if time.monotonic() - silent_since > _SILENCE_SECONDS:
                    return health
            elif health.state != "Transitioning":
                return health
            time.sleep(_POLL_SECONDS)

    def _ready(self, record: ServiceRecord, progress: Progress) -> int:
        health = self._wait(record, progress)
        if health.state == "Healthy":
            return health.generation
        if health.failure:
            failure = Failure(**health.failure)
            hint = failure_hint(failure, record, self.bundle_folder(record))
            raise StartFailed(f"{record.name}: {failure.summary}", details=failure.traceback, hint=hint)
        raise StartFailed(
            f"{record.name} is {health.state}: {health.reason}.",
            details=tail(self._home.log(record.name), 15).rstrip(),
            hint=f"logs {record.name} shows more.",
        )

    def stop(self, name: str) -> None:
        """Drain and end a service; its row stays.

        Parameters
        ----------
        name : str
            The service's name.
        """
        with self._lock(name):
            record = self._rows.get(name)
            self._rows.put(replace(record, desired="stopped"))
            self._end(record)

    def delete(self, name: str) -> None:
        """Drain and end a service and remove what is its own: row, folder, log.

        Parameters
        ----------
        name : str
            The service's name.
        """
        import shutil

        with self._lock(name):
            record = self._rows.get(name)
            self._end(record)
            self._rows.remove(name)
            shutil.rmtree(self._home.service(name), ignore_errors=True)
            self._home.log(name).unlink(missing_ok=True)

    def _end(self, record: ServiceRecord) -> None:
        target = self._target(record.spec.target)
        for handle in (record.handle.get("next"), record.handle):
            if handle:
                target.stop(handle)


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
