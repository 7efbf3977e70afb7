"""What the panel shows, from the façade's records and the faces' data; all of it blocks, and runs in threads."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Any, Generic, TypeVar

from ..deploying import history_of
from ..display import PLAIN, fields, input_schema
from ..errors import DeployError
from ..home import Home
from ..registry import Model, parse_reference
from ..services import Health, ServiceRecord, failure_hint
from ..targets import choices_with_added, choose
from ..workspace import EndpointRows, Service, Workspace, endpoint_facts, health_of, silent
from .answers import error_facts

Row = TypeVar("Row")
Seen = TypeVar("Seen")
PROTOCOL = 1
# How long an overview waits for services; one that hangs must not hold up the others.
_ANSWER_SECONDS = 1.0
_MOST_FILES = 1000


def info(workspace_of: Callable[[], Workspace], version: str) -> dict[str, Any]:
    """Tell which package this is, and what would keep it from working."""
    problems: list[dict[str, Any]] = []
    said: list[str] = []
    home = target = ""
    try:
        home = str(workspace_of().home.root)
    except DeployError as error:
        problems.append(error_facts(error))
    try:
        target = choose("auto", said.append)
    except DeployError as error:
        problems.append(error_facts(error))
    return {
        "version": version,
        "protocol": PROTOCOL,
        "python": sys.version.partition(" ")[0],
        "home": home,
        "target": target,
        "why": "; ".join(said),
        "targets": list(choices_with_added()),
        "problems": problems,
    }


class Overviews:
    """Gathers overviews of a workspace.

    ``known`` and ``known_endpoint`` return what the feed has just found out, if it has. What hangs is asked by one
    thread at a time.
    """

    def __init__(
        self,
        known: Callable[[ServiceRecord], Health | None],
        known_endpoint: Callable[[EndpointRows], dict[str, Any] | None],
    ) -> None:
        self._pool = ThreadPoolExecutor(16, thread_name_prefix="jupyter-deploy-overview")
        self._services = _Answers(self._pool, known, health_of, lambda _, seconds: silent(seconds))
        self._endpoints = _Answers(
            self._pool, known_endpoint, endpoint_facts, lambda rows, seconds: rows.unasked(silent(seconds).reason)
        )

    def close(self) -> None:
        """Ask no more services."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def gather(self, workspace: Workspace, revision: int) -> dict[str, Any]:
        """Return models, services, endpoints and scripts; ``revision`` is how far the feed was before."""
        # What killed processes have left is no service, as in each list of services.
        workspace.housekeeping.clear_away()
        records, endpoints = workspace.services.records(), workspace.endpoints.rows()
        asked = time.monotonic()
        health = self._services.begin(workspace, {one.name: one for one in records}, asked)
        seen = self._endpoints.begin(workspace, endpoints, asked)
        until = asked + _ANSWER_SECONDS
        healths, shown = health(until), seen(until)
        facts = [_facts_of(workspace.services.handle(one.name), one, healths[one.name]) for one in records]
        return {
            "revision": revision,
            "home": str(workspace.home.root),
            "workspace": workspace.workspace_id,
            "models": grouped(workspace.models.list(), users_of([*records, *_members(endpoints)])),
            "services": [one for one in facts if one],
            "scripts": list(workspace.scripts.names()),
            "endpoints": [shown[name] for name in sorted(endpoints)],
        }


class _Answers(Generic[Row, Seen]):
    """What the things of one kind say of themselves: known already, or asked for now."""

    def __init__(
        self,
        pool: ThreadPoolExecutor,
        known: Callable[[Row], Seen | None],
        ask: Callable[[Workspace, Row], Seen],
        silence: Callable[[Row, float], Seen],
    ) -> None:
        self._pool = pool
        self._known = known
        self._ask = ask
        self._silence = silence
        self._asked: dict[str, tuple[Future[Seen], float]] = {}

    def begin(self, workspace: Workspace, rows: Mapping[str, Row], now: float) -> Callable[[float], dict[str, Seen]]:
        """Ask what is not known; the function that is returned waits until a time, and has an answer for each."""
        known = {name: self._known(row) for name, row in rows.items()}
        found = {name: one for name, one in known.items() if one}
        missing = {name: row for name, row in rows.items() if name not in found}
        for name, row in missing.items():
            if name not in self._asked or self._asked[name][0].done():
                self._asked[name] = (self._pool.submit(self._ask, workspace, row), now)
        asked = {name: self._asked[name] for name in missing}

        def answers(until: float) -> dict[str, Seen]:
            begun = [future for future, at in asked.values() if at == now]
            wait(begun, max(0.0, until - time.monotonic()))
            for name, (future, at) in asked.items():
                found[name] = future.result() if future.done() else self._silence(rows[name], time.monotonic() - at)
            return found

        return answers


def _members(endpoints: Mapping[str, EndpointRows]) -> Iterator[ServiceRecord]:
    """Yield one instance of each deployment, named as the endpoint: it is the endpoint that uses the models."""
    for rows in endpoints.values():
        for one in rows.members:
            yield replace(one, spec=replace(one.spec, name=rows.record.name))


def _facts_of(service: Service, record: ServiceRecord, health: Health) -> dict[str, Any]:
    try:
        return service.as_dict(health, record)
    except DeployError as error:
        # Its target is not installed any more, for example; the other services are shown as they are.
        return _unasked(record, error.message)


def _unasked(record: ServiceRecord, why: str) -> dict[str, Any]:
    """Return the facts that a row alone has, with the names of :meth:`.Service.as_dict`."""
    spec = record.spec
    nothing = dict.fromkeys(("generation", "restarts", "requests", "started", "uptime_seconds"), 0)
    empty = dict.fromkeys(("scoring_uri", "image", "mode"), "")
    said = {"tags": dict(spec.tags), "properties": dict(spec.properties), "description": spec.description}
    parts: dict[str, Any] = {
        "captured": {},
        "environment": {},
        "workers": [],
        "recent": {},
        "change": None,
        "pid": None,
        "container": None,
    }
    known = {"script": spec.script, "models": list(record.models), "target": spec.target, "auth": spec.auth}
    state = {
        "name": record.name,
        "state": "Unhealthy",
        "reason": why,
        "replicas": spec.replicas,
        "bundle": record.bundle,
    }
    return {**nothing, **empty, **said, **parts, **known, **state}


def users_of(records: Iterable[ServiceRecord]) -> dict[str, list[str]]:
    """Return the services that use each model, by the model's ``name:version``."""
    users: dict[str, list[str]] = {}
    for record in records:
        for model in record.models:
            users.setdefault(model, []).append(record.name)
    return users


def grouped(found: Iterable[Model], users: dict[str, list[str]]) -> list[dict[str, Any]]:
    """Describe each model by its newest version; ``found`` begins with the newest."""
    names: dict[str, dict[str, Any]] = {}
    for model in found:
        if model.name not in names:
            facts = model.as_dict()
            kept = ("name", "framework", "framework_version", "size", "tags", "description", "created")
            names[model.name] = {
                **{key: facts[key] for key in kept},
                "latest": model.version,
                "versions": 0,
                "used_by": [],
            }
        entry = names[model.name]
        entry["versions"] += 1
        entry["used_by"] = sorted({*entry["used_by"], *users.get(model.id, ())})
    return sorted(names.values(), key=lambda entry: str(entry["name"]))


def model(workspace: Workspace, name: str, version: str = "") -> dict[str, Any]:
    """Return all versions of a model, newest first; the files of one of them, by default of the newest."""
    name = parse_reference(name)[0]
    # Raises with the nearest name.
    shown = workspace.models.get(f"{name}:{version}" if version else name)
    users = users_of([*workspace.services.records(), *_members(workspace.endpoints.rows())])
    versions = [
        {**one.as_dict(), "used_by": sorted({*users.get(one.id, ())})}
        for one in workspace.models.list(name, captured=bool(shown.captured_by))
    ]
    for one in versions:
        if one["version"] == shown.version:
            files = workspace.models.files(shown)
            one["files"] = [{"path": path, "size": size} for path, size in files[:_MOST_FILES]]
    return {"name": name, "versions": versions}


def service(workspace: Workspace, name: str) -> dict[str, Any]:
    """Return all that is known of a service, with what its request form needs."""
    handle = workspace.services[name]
    record, health = handle.record, handle.health
    facts = handle.as_dict(health, record)
    spec = record.spec
    return {
        **facts,
        "limits": {"memory": spec.memory, "cpus": spec.cpus, "workers": spec.workers, "replicas": spec.replicas},
        "settings": dict(spec.settings),
        "created": record.created,
        "updated": record.updated,
        "history": history_of(workspace.home, handle.name),
        "failure": _failure(workspace.home, record, health),
        "fields": _fields(handle, facts),
        "sample": str(spec.settings.get("sample") or PLAIN),
    }


def _failure(home: Home, record: ServiceRecord, health: Health) -> dict[str, Any] | None:
    failed = health.failure
    if failed is None:
        return None
    hint = str(failure_hint(failed, record, home.bundles / record.bundle))
    return {"message": failed.summary, "hint": hint, "lines": failed.traceback.splitlines(), "stage": failed.stage}


def _fields(handle: Service, facts: dict[str, Any]) -> list[dict[str, Any]]:
    if facts["image"] or not facts["scoring_uri"] or not facts["workers"]:
        return []
    try:
        found = handle.document()
    except DeployError:
        # It is starting, or does not answer: the form has one field for JSON until the panel asks again.
        return []
    return fields(input_schema(found)) if found else []


def endpoint(workspace: Workspace, name: str, deployment: str = "") -> dict[str, Any]:
    """Return what the request form of an endpoint needs, or of one of its deployments."""
    handle = workspace.endpoints[name]
    asked = handle.only(deployment) if deployment else handle
    try:
        document = asked.document()
    except DeployError:
        # Without an answer, the form has one field for JSON until the panel asks again.
        document = None
    return {"fields": fields(input_schema(document)) if document else [], "sample": PLAIN, "history": []}


def endpoint_keys(workspace: Workspace, name: str) -> dict[str, str]:
    """Return the two keys of an endpoint, as they are."""
    return dict(workspace.endpoints[name].get_keys()._asdict())


def traffic(workspace: Workspace, name: str) -> dict[str, Any]:
    """Return the requests of each of the last seconds, oldest first; none if the server does not count them."""
    recent = workspace.services[name].health.recent
    return {"seconds": recent.counts if recent else [], "recent": recent.as_dict() if recent else {}}


def keys(workspace: Workspace, name: str) -> dict[str, str]:
    """Return the two keys of a service, as they are."""
    return dict(workspace.services[name].get_keys()._asdict())
