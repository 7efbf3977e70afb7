"""The faces that notebooks hold, as they are now: for a page whose kernel is gone, or that shows what others change."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from ..display import html
from ..errors import DeployError, NotFound, UsageProblem, nearest
from ..services import ServiceRecord
from ..verbs import Listing, Overview
from ..workspace import Workspace

Facts = list[dict[str, Any]]
Kind = TypeVar("Kind")
_NOTHING = {"html": "", "said": ""}


def needs_services(kind: str, of: object) -> bool:
    """Tell whether a face shows the states of all services."""
    return kind == "overview" or (kind == "listing" and isinstance(of, Mapping) and of.get("kind") == "services")


def present(workspace: Workspace, kind: str, of: object, services: Facts) -> dict[str, str]:
    """Return a face's HTML of now, and a sentence that stands below it.

    Parameters
    ----------
    workspace : Workspace
        Where the thing is looked up.
    kind : str
        The face's, as in its MIME type.
    of : object
        What the notebook's data says of the thing: its name, and what tells whether it is the same one.
    services : list of dict
        The facts of all services, where :func:`needs_services`.

    Returns
    -------
    dict
        ``html`` is empty where the notebook's own picture stays: of what a cell did, and of what is gone.
    """
    if not isinstance(of, Mapping):
        raise UsageProblem(
            "A face is asked for with a JSON object.", hint='For example {"name": "wine", "version": 1}.'
        )
    found = _KINDS.get(kind)
    if found is None:
        close = nearest(kind, _KINDS)
        hint = f"Did you mean {close!r}?" if close else f"There are {', '.join(_KINDS)}."
        raise UsageProblem(f"No live face is called {kind[:40]!r}.", hint=hint)
    return found(workspace, of, services)


def _text(of: Mapping[str, Any], key: str) -> str:
    value = of.get(key, "")
    return value if isinstance(value, str) else ""


def _live(value: object, said: str = "") -> dict[str, str]:
    return {"html": html(value), "said": said}


def _said(sentence: str) -> dict[str, str]:
    return {"html": "", "said": sentence}


def _found(find: Callable[[], Kind]) -> Kind | None:
    try:
        return find()
    except NotFound:
        return None


def _record(workspace: Workspace, name: str) -> ServiceRecord | None:
    return next((record for record in workspace.services.records() if record.name == name), None)


def _model(workspace: Workspace, of: Mapping[str, Any], _: Facts) -> dict[str, str]:
    name = f"{_text(of, 'name')}:{of.get('version')}"
    model = _found(lambda: workspace.models.get(name))
    if model is None:
        return _said(f"{name} is not registered any more.")
    if model.digest != of.get("digest"):
        return _said(f"{name} was registered anew since then, with another content.")
    users = [record.name for record in workspace.services.records() if model.id in record.models]
    return _live(model, f"Served by {', '.join(users)}." if users else "No service serves it.")


def _endpoint(workspace: Workspace, of: Mapping[str, Any], _: Facts) -> dict[str, str]:
    name = _text(of, "name")
    endpoint = _found(lambda: workspace.endpoints[name])
    if endpoint is None:
        return _said(f"There is no endpoint {name} now.")
    if _is_other(of, endpoint.record.created):
        return _said(f"Another endpoint {name} has been created since then.")
    return _live(endpoint)


def _deployment(workspace: Workspace, of: Mapping[str, Any], _: Facts) -> dict[str, str]:
    endpoint, name = _text(of, "endpoint"), _text(of, "name")
    deployment = _found(lambda: workspace.endpoints[endpoint].deployments[name])
    if deployment is None:
        return _said(f"The endpoint {endpoint} has no deployment {name} now.")
    if _is_other(of, deployment.record.created):
        return _said(f"Another deployment {name} has been created since then.")
    return _live(deployment)


def _is_other(of: Mapping[str, Any], created: float) -> bool:
    """Whether a thing of that name is not the one that was shown; older packages did not say when it was created."""
    return bool(of.get("created")) and of["created"] != created


def _rollout(workspace: Workspace, of: Mapping[str, Any], _: Facts) -> dict[str, str]:
    name = _text(of, "endpoint")
    endpoint = _found(lambda: workspace.endpoints[name])
    if endpoint is None:
        return _said(f"There is no endpoint {name} now.")
    rollout = _found(endpoint.rollout)
    if rollout is None or of.get("number", rollout.number) != rollout.number:
        return _said(f"Another rollout has begun at {name} since then.")
    return _live(rollout)


def _environment(workspace: Workspace, of: Mapping[str, Any], _: Facts) -> dict[str, str]:
    if not of.get("version"):
        return _NOTHING
    name = f"{_text(of, 'name')}:{of['version']}"
    environment = _found(lambda: workspace.environments[name])
    return _live(environment) if environment else _said(f"{name} is not registered any more.")


def _script(workspace: Workspace, of: Mapping[str, Any], _: Facts) -> dict[str, str]:
    if of.get("draft"):
        return _NOTHING
    name = _text(of, "name")
    script = workspace.scripts.find(name)
    if script is None:
        return _said(f"The script {name} is not stored any more.")
    users = [record.name for record in workspace.services.records() if record.spec.script == name]
    runs = f"Run by {', '.join(users)}." if users else "No service runs it."
    return _said(runs if script.source == of.get("source") else f"It was written anew since then. {runs}")


def _listing(workspace: Workspace, of: Mapping[str, Any], services: Facts) -> dict[str, str]:
    asked, kind = of.get("asked"), of.get("kind")
    if not isinstance(asked, Mapping):
        return _NOTHING
    if kind == "services":
        return _live(Listing("services", services))
    if kind == "endpoints":
        return _live(Listing("endpoints", [one.as_dict() for one in workspace.endpoints.values()]))
    if kind == "models":
        tags = asked.get("tags")
        tags = {str(key): value for key, value in tags.items()} if isinstance(tags, Mapping) else {}
        captured = asked.get("captured") is True
        return _live(
            Listing("models", workspace.models.list(_text(asked, "name") or None, tags=tags, captured=captured))
        )
    if kind == "scripts":
        found = (workspace.scripts.find(name) for name in workspace.scripts.names())
        return _live(Listing("scripts", [script for script in found if script]))
    if kind == "environments":
        return _live(Listing("environments", workspace.environments.values()))
    return _NOTHING


def _overview(workspace: Workspace, _of: Mapping[str, Any], services: Facts) -> dict[str, str]:
    return _live(
        Overview(
            str(workspace.home.root),
            tuple(services),
            tuple(sorted(workspace.models.list(latest=True), key=lambda model: model.name)),
            tuple(workspace.scripts.names()),
            tuple(workspace.environments.values()),
            len(workspace.housekeeping.unneeded_folders()),
        )
    )


def _stats(workspace: Workspace, of: Mapping[str, Any], _: Facts) -> dict[str, str]:
    name = _text(of, "service")
    if not name:
        return _NOTHING
    try:
        return _live(workspace.services[name].stats())
    except DeployError as error:
        return _said(error.message)


def _profile(workspace: Workspace, of: Mapping[str, Any], _: Facts) -> dict[str, str]:
    name = _text(of, "name")
    record = _record(workspace, name)
    if record is None:
        return _said(f"There is no service {name} now.")
    limits = [f"--cpus {record.spec.cpus:g}"] if record.spec.cpus else []
    limits += [f"--memory {record.spec.memory >> 20}m"] if record.spec.memory else []
    return _said(f"The limits of {name} are now {' '.join(limits)}." if limits else f"{name} has no limits now.")


def _package(workspace: Workspace, of: Mapping[str, Any], _: Facts) -> dict[str, str]:
    name, models = _text(of, "name"), of.get("models")
    record = _record(workspace, name)
    if record is None:
        return _said(f"There is no service {name} now.")
    serves = ", ".join(record.models) or "no model"
    same = isinstance(models, list) and list(record.models) == models
    return _said(f"{name} serves {'the same' if same else serves} now.")


_KINDS: dict[str, Callable[[Workspace, Mapping[str, Any], Facts], dict[str, str]]] = {
    "model": _model,
    "endpoint": _endpoint,
    "deployment": _deployment,
    "rollout": _rollout,
    "environment": _environment,
    "script": _script,
    "listing": _listing,
    "overview": _overview,
    "stats": _stats,
    "profile": _profile,
    "package": _package,
}
