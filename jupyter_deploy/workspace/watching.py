"""Find what changes in a workspace: rows by the database's counter, servers by probes."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from ..errors import DeployError
from ..services import Health, Recent, ServiceRecord
from ..store import ChangeCounter
from .workspace import Workspace

# Between two probes of a service, and while one starts.
PROBE_SECONDS = 2.5
STARTING_SECONDS = 0.4
# How long a look waits for probes; a service that has not answered by then is waited for in its own thread.
_LOOK_SECONDS = 0.25
_SILENT_SECONDS = 1.5
_AT_ONCE = 16


@dataclass(frozen=True)
class Moved:
    """What has changed between two looks."""

    services: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    # recent traffic, of services that have or just had some
    recent: dict[str, Recent] = field(default_factory=dict, hash=False)

    def __bool__(self) -> bool:
        return bool(self.services or self.models or self.scripts or self.recent)


@dataclass
class _Watched:
    """One service: its row, what was found out last, and the probe that is under way."""

    record: ServiceRecord
    health: Health | None = None  # what was found out last
    of: ServiceRecord | None = None  # the row that it was found for
    due: float = 0.0
    asked: float = 0.0
    asked_of: ServiceRecord | None = None
    probe: Future[Health] | None = None


class Watch:
    """Compares the workspace with how it was at the last look. One thread looks, several probe."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._counter = ChangeCounter(workspace.home.database)
        self._watched: dict[str, _Watched] = {}
        self._models: dict[str, object] = {}
        self._scripts: dict[str, object] = {}
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="jupyter-deploy-probe")

    def close(self) -> None:
        """Start no more probes; those under way end by their own deadlines."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._counter.close()

    def look(self) -> Moved:
        """Return what has changed since the last look: all there is, the first time.

        Raises
        ------
        StoreProblem
            If the workspace cannot be read.
        """
        services = set[str]()
        models: tuple[str, ...] = ()
        scripts: tuple[str, ...] = ()
        if self._counter.changed():
            services = self._rows_changed()
            models, scripts = self._models_changed(), self._scripts_changed()
        changed, recent = self._probed()
        gone = services - self._watched.keys()
        return Moved(tuple(sorted(services | changed | gone)), models, scripts, recent)

    def _rows_changed(self) -> set[str]:
        found = {record.name: record for record in self.workspace.services.records()}
        changed = {name for name in self._watched if name not in found}
        for name in changed:
            del self._watched[name]
        for name, record in found.items():
            known = self._watched.get(name)
            if known is None or known.record != record:
                changed.add(name)
                self._watched[name] = _Watched(record) if known is None else known
                self._watched[name].record, self._watched[name].due = record, 0.0
        return changed

    def _models_changed(self) -> tuple[str, ...]:
        now: dict[str, object] = {}
        for model in self.workspace.models.list():
            parts = (model.version, model.digest, model.description, repr(model.tags), repr(model.properties))
            now[model.name] = (*now.get(model.name, ()), parts)  # type: ignore[misc]
        before, self._models = self._models, now
        return _different(before, now)

    def _scripts_changed(self) -> tuple[str, ...]:
        before, self._scripts = self._scripts, dict(self.workspace.scripts.stored_at())
        return _different(before, self._scripts)

    def _probed(self) -> tuple[set[str], dict[str, Recent]]:
        """Collect the probes that have ended and begin those that are due."""
        now = time.monotonic()
        for one in self._watched.values():
            if one.probe is None and now >= one.due:
                one.asked = now
                one.probe = self._pool.submit(health_of, self.workspace, one.record)
                one.asked_of = one.record
        # Only for those that have just begun: one that hangs must not delay the others.
        wait([one.probe for one in self._watched.values() if one.probe and one.asked == now], _LOOK_SECONDS)
        changed, recent = set[str](), dict[str, Recent]()
        for name, one in self._watched.items():
            if one.probe is None:
                continue
            if one.probe.done():
                health = one.probe.result()
                one.probe = None
                pause = STARTING_SECONDS if health.state == "Transitioning" else PROBE_SECONDS
                # At once where the row has changed meanwhile.
                one.due = time.monotonic() + (pause if one.asked_of is one.record else 0.0)
            elif now - one.asked > _SILENT_SECONDS:
                health = silent(now - one.asked)
            else:
                continue
            before, one.health, one.of = one.health, health, one.asked_of
            if before is None or essence_of(before) != essence_of(health):
                changed.add(name)
            elif _requests(health) or _requests(before):
                recent[name] = health.recent or Recent()
        return changed, recent

    def known(self, record: ServiceRecord) -> Health | None:
        """Return what was just found out about a service; None if its row is not the one that is watched."""
        one = self._watched.get(record.name)
        return one.health if one and one.of == record else None


def silent(seconds: float) -> Health:
    """Return the state of a service that does not answer a probe; it is not known to be gone."""
    return Health("Unhealthy", f"it has not answered for {max(1, round(seconds))} s")


def essence_of(health: Health) -> object:
    """Return what of a service's health is worth a look: no counts that change with each request."""
    reason = "" if health.reason.startswith("it has not answered") else health.reason
    return health.state, reason, health.generation, health.workers, health.restarts, health.started, health.mode


def health_of(workspace: Workspace, record: ServiceRecord) -> Health:
    """Ask a service how it is; one whose target cannot be asked is Unhealthy."""
    try:
        return workspace.services.health_of(record)
    except DeployError as error:
        return Health("Unhealthy", error.message)


def _requests(health: Health) -> int:
    return health.recent.requests if health.recent else 0


def _different(before: dict[str, object], now: dict[str, object]) -> tuple[str, ...]:
    names: Iterable[str] = before.keys() | now.keys()
    return tuple(sorted(name for name in names if before.get(name) != now.get(name)))
