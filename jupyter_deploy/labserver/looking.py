"""What the panel shows, from the façade's records and the faces' data; all of it blocks, and runs in threads."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from typing import Any

from ..deploying import history_of
from ..display import PLAIN, fields, input_schema
from ..errors import DeployError
from ..home import Home
from ..registry import Model, parse_reference
from ..services import Health, ServiceRecord, failure_hint
from ..targets import choices_with_added, choose
from ..workspace import Service, Workspace, health_of, silent
from .answers import error_facts

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
    """Gathers overviews of a workspace. ``known`` returns what the feed has just found out about a service, if it has.

    A service that hangs is asked by one thread at a time.
    """

    def __init__(self, known: Callable[[ServiceRecord], Health | None]) -> None:
        self._known = known
        self._pool = ThreadPoolExecutor(16, thread_name_prefix="jupyter-deploy-overview")
        self._asked: dict[str, tuple[Future[Health], float]] = {}

    def close(self) -> None:
        """Ask no more services."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def gather(self, workspace: Workspace, revision: int) -> dict[str, Any]:
        """Return models, services and scripts; ``revision`` is how far the feed was before."""
        # What killed processes have left is no service, as in each list of services.
        workspace.housekeeping.clear_away()
        records = workspace.services.records()
        health = self._health(workspace, records)
        facts = [_facts_of(workspace.services.handle(one.name), one, health[one.name]) for one in records]
        return {
            "revision": revision,
            "home": str(workspace.home.root),
            "models": grouped(workspace.models.list(), users_of(records)),
            "services": [one for one in facts if one],
            "scripts": list(workspace.scripts.names()),
            "endpoints": [],
        }

    def _health(self, workspace: Workspace, records: list[ServiceRecord]) -> dict[str, Health]:
        known = {record.name: self._known(record) for record in records}
        found = {name: health for name, health in known.items() if health}
        now = time.monotonic()
        missing = [record for record in records if record.name not in found]
        for record in missing:
            if record.name not in self._asked or self._asked[record.name][0].done():
                self._asked[record.name] = (self._pool.submit(health_of, workspace, record), now)
        asked = {record.name: self._asked[record.name] for record in missing}
        wait([future for future, begun in asked.values() if begun == now], _ANSWER_SECONDS)
        for name, (future, begun) in asked.items():
            found[name] = future.result() if future.done() else silent(time.monotonic() - begun)
        return found


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
    users = users_of(workspace.services.records())
    versions = [
        {**one.as_dict(), "used_by": users.get(one.id, [])}
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


def _fields(handle: Service, facts: dict[str, Any]) -> list[dict[str, str]]:
    if facts["image"] or not facts["scoring_uri"] or not facts["workers"]:
        return []
    try:
        found = handle.document()
    except DeployError:
        # It is starting, or does not answer: the form has one field for JSON until the panel asks again.
        return []
    return fields(input_schema(found)) if found else []


def traffic(workspace: Workspace, name: str) -> dict[str, Any]:
    """Return the requests of each of the last seconds, oldest first; none if the server does not count them."""
    recent = workspace.services[name].health.recent
    return {"seconds": recent.counts if recent else [], "recent": recent.as_dict() if recent else {}}


def keys(workspace: Workspace, name: str) -> dict[str, str]:
    """Return the two keys of a service, as they are."""
    return dict(workspace.services[name].get_keys()._asdict())
