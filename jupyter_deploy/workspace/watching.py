"""Find what changes in a workspace: rows by the database's counter, servers by probes."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ..errors import DeployError
from ..services import Health, Recent, ServiceRecord
from ..store import ChangeCounter
from ..targets import Connections
from .endpoint_rows import EndpointRows
from .probing import Probes
from .workspace import Workspace

# Between two probes of a service or an endpoint, and while one starts.
PROBE_SECONDS = 2.5
STARTING_SECONDS = 0.4
ROLLOUT_SECONDS = 1.0
# A probe asks a server of which nothing is seen to have happened only so often.
ASK_SECONDS = 10.0
_SILENT_SECONDS = 1.5
_AT_ONCE = 16


@dataclass(frozen=True)
class Moved:
    """What has changed between two looks."""

    services: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    scripts: tuple[str, ...] = ()
    endpoints: tuple[str, ...] = ()
    # recent traffic, of services that have or just had some
    recent: dict[str, Recent] = field(default_factory=dict, hash=False)
    # what routers have counted of each deployment, of endpoints where that has changed
    numbers: dict[str, dict[str, Any]] = field(default_factory=dict, hash=False)

    def __bool__(self) -> bool:
        named = self.services or self.models or self.scripts or self.endpoints
        return bool(named or self.recent or self.numbers)


@dataclass(frozen=True)
class _Known:
    """What a service has answered, and what was seen of it just before."""

    record: ServiceRecord
    trace: object
    health: Health
    asked: float

    def holds_for(self, record: ServiceRecord, trace: object, now: float) -> bool:
        """Whether the answer is still true: of the same row, Healthy, without traffic, and not too old."""
        is_same = self.trace == trace and self.record == record
        is_quiet = self.health.state == "Healthy" and not _requests(self.health)
        return is_same and is_quiet and now - self.asked < ASK_SECONDS


class Watch:
    """Compares the workspace with how it was at the last look. One thread looks, several probe."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._counter = ChangeCounter(workspace.home.database)
        self._models: dict[str, object] = {}
        self._scripts: dict[str, object] = {}
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="jupyter-deploy-probe")
        # Half of what a probe costs is the connection, for the server that is asked, too.
        self._connections = Connections()
        self._known: dict[str, _Known] = {}
        self._services: Probes[ServiceRecord, Health] = Probes(
            self._pool, self._health, _pause_of, _silence, self._held
        )
        self._endpoints: Probes[EndpointRows, dict[str, Any]] = Probes(self._pool, self._facts, _pause_of_endpoint)

    def _held(self, record: ServiceRecord) -> Health | None:
        """Return a service's last answer where nothing is seen to have happened since."""
        known = self._known.get(record.name)
        if known is None or known.trace is None:
            return None
        trace = _trace_of(self.workspace, record)
        return known.health if known.holds_for(record, trace, time.monotonic()) else None

    def _health(self, record: ServiceRecord) -> Health:
        now, trace = time.monotonic(), _trace_of(self.workspace, record)
        with self._connections.used():
            health = health_of(self.workspace, record)
        self._known[record.name] = _Known(record, trace, health, now)
        return health

    def _facts(self, rows: EndpointRows) -> dict[str, Any]:
        with self._connections.used():
            return endpoint_facts(self.workspace, rows)

    def close(self) -> None:
        """Start no more probes; those under way end by their own deadlines."""
        self._pool.shutdown(wait=False, cancel_futures=True)
        self._connections.close()
        self._counter.close()

    def look(self) -> Moved:
        """Return what has changed since the last look: all there is, the first time.

        Raises
        ------
        StoreProblem
            If the workspace cannot be read.
        """
        services, endpoints = set[str](), set[str]()
        models: tuple[str, ...] = ()
        scripts: tuple[str, ...] = ()
        if self._counter.changed():
            records = {record.name: record for record in self.workspace.services.records()}
            services = self._services.rows(records)
            self._known = {name: known for name, known in self._known.items() if name in records}
            endpoints = self._endpoints.rows(self.workspace.endpoints.rows())
            models, scripts = self._models_changed(), self._scripts_changed()
        begun = time.monotonic()
        self._services.begin()
        self._endpoints.begin()
        if not models and not scripts:
            # What was registered or tagged is told at once; the answers of servers come with the next look.
            self._services.wait(begun)
            self._endpoints.wait(begun)
        changed, recent = self._services_seen()
        altered, numbers = self._endpoints_seen()
        return Moved(
            tuple(sorted(services | changed)), models, scripts, tuple(sorted(endpoints | altered)), recent, numbers
        )

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

    def _services_seen(self) -> tuple[set[str], dict[str, Recent]]:
        changed, recent = set[str](), dict[str, Recent]()
        for name, before, health in self._services.ended():
            if before is None or essence_of(before) != essence_of(health):
                changed.add(name)
            elif _requests(health) or _requests(before):
                recent[name] = health.recent or Recent()
        return changed, recent

    def _endpoints_seen(self) -> tuple[set[str], dict[str, dict[str, Any]]]:
        changed, numbers = set[str](), dict[str, dict[str, Any]]()
        for name, before, facts in self._endpoints.ended():
            counted = numbers_of(facts)
            if before is None or _without_numbers(before) != _without_numbers(facts):
                changed.add(name)
            elif counted != numbers_of(before):
                numbers[name] = counted
        return changed, numbers

    def known(self, record: ServiceRecord) -> Health | None:
        """Return what was just found out about a service; None if its row is not the one that is watched."""
        return self._services.known(record.name, record)

    def known_endpoint(self, rows: EndpointRows) -> dict[str, Any] | None:
        """Return the facts of an endpoint that were just found out; None if its rows are not those that are watched."""
        return self._endpoints.known(rows.record.name, rows)


def _pause_of(health: Health) -> float:
    return STARTING_SECONDS if health.state == "Transitioning" else PROBE_SECONDS


def _silence(seconds: float) -> Health | None:
    return silent(seconds) if seconds > _SILENT_SECONDS else None


def _pause_of_endpoint(facts: dict[str, Any]) -> float:
    if any(one["state"] == "Transitioning" for one in facts["deployments"]):
        return STARTING_SECONDS
    # A rollout is looked at while it goes on.
    return ROLLOUT_SECONDS if facts["rollout"] else PROBE_SECONDS


def endpoint_facts(workspace: Workspace, rows: EndpointRows) -> dict[str, Any]:
    """Ask an endpoint for all that is shown of it; where it cannot be asked, its rows say what they can."""
    try:
        return workspace.endpoints[rows.record.name].as_dict()
    except DeployError as error:
        return rows.unasked(error.message)


def numbers_of(facts: dict[str, Any]) -> dict[str, Any]:
    """Return what an endpoint's router has counted, by deployment."""
    return {one["name"]: one["numbers"] for one in facts["deployments"]}


def _without_numbers(facts: dict[str, Any]) -> object:
    """Return what of an endpoint's facts is worth a look: no counts that change with each request."""
    deployments = [{key: value for key, value in one.items() if key != "numbers"} for one in facts["deployments"]]
    return {**facts, "uptime_seconds": 0, "deployments": deployments}


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


def _trace_of(workspace: Workspace, record: ServiceRecord) -> object:
    try:
        return workspace.services.trace_of(record)
    except DeployError:
        return None


def _requests(health: Health) -> int:
    return health.recent.requests if health.recent else 0


def _different(before: dict[str, object], now: dict[str, object]) -> tuple[str, ...]:
    names: Iterable[str] = before.keys() | now.keys()
    return tuple(sorted(name for name in names if before.get(name) != now.get(name)))
