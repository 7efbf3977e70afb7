"""What a deployment's entity asks of its endpoint."""

from __future__ import annotations

from typing import Any

import pytest

from jupyter_deploy.sdk.v2 import (
    DataCollector,
    DeploymentCollection,
    KubernetesOnlineDeployment,
    ManagedOnlineDeployment,
    OnlineRequestSettings,
    ProbeSettings,
    ResourceRequirementsSettings,
    ResourceSettings,
    TargetUtilizationScaleSettings,
    ValidationException,
)
from jupyter_deploy.sdk.v2.plan import Parts, notices_of, plan_of


def planned(changed: frozenset[str] | None = None, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    plan = plan_of(ManagedOnlineDeployment(name="blue", **options), Parts("kernel"), "churn:1", None, changed)
    return dict(plan.options), plan.how


def test_a_new_deployment_asks_for_what_it_says_and_nothing_else() -> None:
    options, how = planned(
        request_settings=OnlineRequestSettings(2, 3000, 100),
        instance_count=3,
        environment_variables={"LIMIT": 7},
        tags={"team": "risk"},
        description="mine",
    )
    assert how == {"instances": 3, "timeout_ms": 3000, "concurrency": 2, "queue_ms": 100}
    assert options == {
        "models": ["churn:1"],
        "environment": "kernel",
        "variables": {"LIMIT": "7"},
        "tags": {"team": "risk"},
        "description": "mine",
    }
    assert planned() == ({"models": ["churn:1"], "environment": "kernel"}, {"instances": 1})


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        ({"app_insights_enabled": True}, {"collect": "requests"}),
        (
            {
                "data_collector": DataCollector(
                    {"model_inputs": DeploymentCollection(enabled="true")}, sampling_rate=0.1
                )
            },
            {"collect": "script", "collect_sampling_rate": 0.1},
        ),
        (
            {"liveness_probe": ProbeSettings(period=5)},
            {
                "probe_seconds": 5,
                "probe_delay_seconds": 10,
                "probe_timeout_seconds": 2,
                "probe_successes": 1,
                "probe_failures": 30,
            },
        ),
        ({"liveness_probe": ProbeSettings()}, {}),
    ],
)
def test_what_is_collected_and_watched_are_settings_of_the_server(
    options: dict[str, Any], settings: dict[str, Any]
) -> None:
    assert planned(**options)[0].get("settings", {}) == settings


@pytest.mark.parametrize(
    ("changed", "options", "how"),
    [
        ({"instance_count"}, {}, {"instances": 2}),
        ({"tags"}, {"tags": {"a": "b"}}, {}),
        ({"model"}, {"models": ["churn:1"]}, {}),
        (set(), {}, {}),
    ],
)
def test_of_a_deployment_of_the_workspace_only_what_was_changed_is_asked(
    changed: set[str], options: dict[str, Any], how: dict[str, Any]
) -> None:
    assert planned(frozenset(changed), instance_count=2, tags={"a": "b"}) == (options, how)


def test_what_has_no_effect_is_told() -> None:
    given = ManagedOnlineDeployment(
        name="blue",
        readiness_probe=ProbeSettings(period=5),
        egress_public_network_access="disabled",
        scale_settings=TargetUtilizationScaleSettings(min_instances=2, max_instances=5),
    )
    told = notices_of(given)
    # Instances follow their requests between these bounds.
    assert [text.split()[0] for text in told] == ["readiness_probe", "egress_public_network_access"]
    assert notices_of(ManagedOnlineDeployment(name="blue", scale_settings={"type": "default"})) == []


@pytest.mark.parametrize(
    ("memory", "size"), [("0.5Gi", 1 << 29), ("512Mi", 1 << 29), ("1G", 10**9), ("64000000", 64_000_000)]
)
def test_resources_are_limits_where_there_are_some(monkeypatch: pytest.MonkeyPatch, memory: str, size: int) -> None:
    resources = ResourceRequirementsSettings(
        requests=ResourceSettings("100m", "1Mi"), limits=ResourceSettings(cpu="500m", memory=memory)
    )
    given = KubernetesOnlineDeployment(name="blue", resources=resources)
    assert "cpus" not in plan_of(given, Parts(), None, None, None).options
    monkeypatch.setattr("jupyter_deploy.sdk.v2.plan.choose", lambda _: "docker")
    options = plan_of(given, Parts(), None, None, frozenset({"resources"})).options
    assert options == {"cpus": 0.5, "memory": size}


def test_an_amount_that_is_none_is_refused() -> None:
    resources = {"limits": {"memory": "much"}}
    with pytest.raises(ValidationException, match=r"0\.5Gi"):
        KubernetesOnlineDeployment(name="blue", resources=resources).check()
