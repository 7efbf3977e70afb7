"""From a deployment's entity to one request of an endpoint: what is asked, and what has no effect here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...deploying import Options
from ...environments import Environment as Described
from ...files import in_home
from ...services import OwnImage
from ...targets import choose, target
from ...workspace import EndpointDeployment
from .entities import KubernetesOnlineDeployment, OnlineDeployment, TargetUtilizationScaleSettings

# Azure's numbers where one of a probe's is given.
_PROBE = {"period": 10, "initial_delay": 10, "timeout": 2, "success_threshold": 1, "failure_threshold": 30}
_PROBE_SETTINGS = {
    "period": "probe_seconds",
    "initial_delay": "probe_delay_seconds",
    "timeout": "probe_timeout_seconds",
    "success_threshold": "probe_successes",
    "failure_threshold": "probe_failures",
}
_COLLECTING = ("collect", "collect_sampling_rate")
_WITHOUT_EFFECT = {
    "readiness_probe": "a deployment gets requests once it is Healthy",
    "model_mount_path": "models are in AZUREML_MODEL_DIR",
    "egress_public_network_access": "the network is this machine's",
    "private_network_connection": "the network is this machine's",
}


@dataclass
class Plan:
    """A request of :meth:`jupyter_deploy.Workspace.endpoints`' ``deploy``."""

    options: Options = field(default_factory=dict)  # type: ignore[assignment]
    how: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Parts:
    """What the names in a deployment mean.

    Parameters
    ----------
    environment : str or Environment, optional
        As :meth:`.Workspace.deploy` takes it; None where none is named.
    image : OwnImage, optional
        An image that serves by itself.
    """

    environment: str | Described | None = None
    image: OwnImage | None = None


def notices_of(given: OnlineDeployment) -> list[str]:
    """Say what is kept and shown, and has no effect here."""
    told = [
        f"{name} has no effect here: {why}"
        for name, why in _WITHOUT_EFFECT.items()
        if getattr(given, name, None) is not None
    ]
    bounds = given.scale_settings
    if isinstance(bounds, TargetUtilizationScaleSettings):
        unused = [one for one in ("polling_interval", "target_utilization_percentage") if getattr(bounds, one)]
        if unused:
            told.append(
                f"{' and '.join(unused)} of scale_settings: without effect here; the number of instances follows the "
                "requests under way"
            )
    return told


def plan_of(
    given: OnlineDeployment,
    parts: Parts,
    model: str | None,
    before: EndpointDeployment | None,
    changed: frozenset[str] | None,
) -> Plan:
    """Make the request.

    Parameters
    ----------
    given : OnlineDeployment
        What the notebook has.
    parts : Parts
        What its names mean.
    model : str, optional
        The ``name:version`` of its model.
    before : EndpointDeployment, optional
        The deployment of that name, if there is one: what the notebook does not say returns to its default.
    changed : frozenset of str, optional
        The fields that are to change; None for all.
    """
    plan = Plan()
    for names, ask in _ASKED:
        if changed is None or changed & names:
            ask(plan, given, parts, model, before)
    return plan


def _model(plan: Plan, given: OnlineDeployment, parts: Parts, model: str | None, before: Any) -> None:
    plan.options["models"] = [model] if model else "none"


def _code(plan: Plan, given: OnlineDeployment, parts: Parts, model: str | None, before: Any) -> None:
    if parts.image is not None:
        return
    if given.code_configuration is not None:
        plan.options["script"] = Path(given.code_configuration.scoring_script)
        plan.options["source"] = in_home(given.code_configuration.code)
    elif before is not None:
        plan.options["script"] = plan.options["source"] = "default"


def _environment(plan: Plan, given: OnlineDeployment, parts: Parts, model: str | None, before: Any) -> None:
    if parts.image is not None:
        plan.options["image"] = parts.image
        return
    if before is not None:
        plan.options["image"] = "none"
    if parts.environment is not None:
        plan.options["environment"] = parts.environment
    elif before is not None:
        plan.options["environment"] = "default"


def _variables(plan: Plan, given: OnlineDeployment, parts: Parts, model: str | None, before: Any) -> None:
    old = before.served.spec.variables if before is not None and before.served else {}
    variables = {**dict.fromkeys(old), **(given.environment_variables or {})}
    if variables:
        plan.options["variables"] = variables


def _limits(plan: Plan, given: OnlineDeployment, parts: Parts, model: str | None, before: Any) -> None:
    limits = given.request_settings
    for name, asked in (
        ("timeout_ms", "request_timeout_ms"),
        ("concurrency", "max_concurrent_requests_per_instance"),
        ("queue_ms", "max_queue_wait_ms"),
    ):
        value = getattr(limits, asked) if limits is not None else None
        if value is not None or before is not None:
            plan.how[name] = value or 0
    for name, setting in (("timeout_ms", "scoring_timeout_ms"), ("queue_ms", "queue_wait_ms")):
        if before is not None and not plan.how[name]:
            _settings(plan)[setting] = None


def _watched(plan: Plan, given: OnlineDeployment, parts: Parts, model: str | None, before: Any) -> None:
    settings: dict[str, Any] = {}
    if before is not None:
        settings |= dict.fromkeys((*_PROBE_SETTINGS.values(), *_COLLECTING))
    probe = given.liveness_probe
    if probe is not None and any(getattr(probe, name) is not None for name in _PROBE):
        for name, usual in _PROBE.items():
            value = getattr(probe, name)
            settings[_PROBE_SETTINGS[name]] = usual if value is None else value
    if given.data_collector is not None:
        settings |= given.data_collector.settings()
    if given.app_insights_enabled:
        settings["collect"] = "requests"
    if settings:
        _settings(plan).update(settings)


def _settings(plan: Plan) -> dict[str, Any]:
    found = plan.options.setdefault("settings", {})
    assert isinstance(found, dict)
    return found


def _count(plan: Plan, given: OnlineDeployment, parts: Parts, model: str | None, before: Any) -> None:
    bounds = given.scale_settings
    if isinstance(bounds, TargetUtilizationScaleSettings):
        least = bounds.min_instances or 1
        most = bounds.max_instances or max(least, given.instance_count or 1)
        # The number is where it begins, and then it follows the requests.
        begin = max(least, 1, min(given.instance_count or least, most))
        plan.how |= {"instances": begin, "min_instances": least, "max_instances": most}
    elif given.instance_count is not None or before is None or before.record.scaling is not None:
        plan.how["instances"] = given.instance_count or (before.record.wanted if before is not None else 0) or 1


def _resources(plan: Plan, given: OnlineDeployment, parts: Parts, model: str | None, before: Any) -> None:
    resources = given.resources if isinstance(given, KubernetesOnlineDeployment) else None
    if resources is None or not target(choose("auto")).capabilities.limits:
        return
    for part in (resources.requests, resources.limits):
        if part is not None and part.cpus is not None:
            plan.options["cpus"] = part.cpus
        if part is not None and part.bytes is not None:
            plan.options["memory"] = part.bytes


def _described(plan: Plan, given: OnlineDeployment, parts: Parts, model: str | None, before: Any) -> None:
    old = before.record.tags if before is not None else {}
    tags: Mapping[str, str | None] = {
        **dict.fromkeys(old),
        **{str(key): str(value) for key, value in (given.tags or {}).items()},
    }
    if tags:
        plan.options["tags"] = tags
    if given.description is not None or before is not None:
        plan.options["description"] = given.description or ""


_Asks = Callable[[Plan, OnlineDeployment, Parts, str | None, Any], None]
_ASKED: tuple[tuple[frozenset[str], _Asks], ...] = (
    (frozenset({"model"}), _model),
    (frozenset({"code_configuration"}), _code),
    (frozenset({"environment"}), _environment),
    (frozenset({"environment_variables"}), _variables),
    (frozenset({"request_settings"}), _limits),
    (frozenset({"liveness_probe", "data_collector", "app_insights_enabled"}), _watched),
    (frozenset({"instance_count", "scale_settings"}), _count),
    (frozenset({"resources"}), _resources),
    (frozenset({"tags", "description"}), _described),
)
