"""What a service's description keeps when its target changes, and where it runs if its target fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jupyter_deploy.deploying import Intent
from jupyter_deploy.deploying.attempts import Attempts, How
from jupyter_deploy.deploying.placing import for_target
from jupyter_deploy.deploying.resolution import merged
from jupyter_deploy.environments import Environment, environment_of, reference_of
from jupyter_deploy.errors import DeployError, EnvironmentProblem, PortBusy, StartFailed, TargetProblem, UsageProblem
from jupyter_deploy.services import ServiceRecord, ServiceSpec
from jupyter_deploy.targets import having
from jupyter_deploy.workspace import Workspace


def test_limits_are_dropped_with_a_notice_where_they_mean_nothing() -> None:
    record = ServiceRecord(ServiceSpec("churn", "churn", target="docker", memory=1 << 30, cpus=2.0), "", ())
    moved = ServiceSpec("churn", "churn", target="process", memory=1 << 30, cpus=2.0)
    spec, notes = for_target(moved, record, {"target": "process"})
    assert (spec.memory, spec.cpus) == (0, 0.0)
    assert [note.split()[0] for note in notes] == ["memory", "cpus"]
    # What is asked for just now is not dropped: the target refuses it by name.
    assert for_target(moved, record, {"target": "process", "memory": 1 << 30})[0].memory == 1 << 30
    assert for_target(record.spec, record, {}) == (record.spec, ())


def test_the_kernel_is_dropped_where_there_is_none() -> None:
    record = ServiceRecord(ServiceSpec("churn", "churn", environment="kernel"), "", ())
    spec, notes = for_target(ServiceSpec("churn", "churn", target="docker", environment="kernel"), record, {})
    assert (spec.environment, len(notes)) == ("", 1)


def test_an_image_of_the_users_own_goes_where_one_can_run(workspace: Workspace) -> None:
    asked = {"image": {"name": "mine", "port": 80}}
    assert workspace._intent.changes(asked, True, lambda _: None)["target"] == having(lambda can: can.own_image)
    assert having(lambda can: can.replicas) == ""
    with pytest.raises(UsageProblem, match="needs containers"):
        merged("churn", None, {**asked, "target": "process"})


@pytest.mark.parametrize(
    ("given", "environ", "otherwise"),
    [
        ({}, {}, "process"),
        ({"target": "auto"}, {}, "process"),
        ({"target": "docker"}, {}, ""),
        ({}, {"JUPYTER_DEPLOY_TARGET": "docker"}, ""),
        ({}, {"JUPYTER_DEPLOY_TARGET": "auto"}, "process"),
        ({"memory": 1 << 30}, {}, ""),
        ({"image": {"name": "mine"}}, {}, ""),
    ],
)
def test_only_a_silent_default_may_be_served_elsewhere(
    given: dict[str, Any], environ: dict[str, str], otherwise: str
) -> None:
    assert Intent.otherwise(given, {**given, "target": "docker"}, environ) == otherwise


def attempt(monkeypatch: pytest.MonkeyPatch, on: dict[str, Exception]) -> Callable[..., Any]:
    def once(self: Any, record: Any, spec: ServiceSpec, how: How, progress: Any) -> Any:
        if spec.target in on:
            raise on[spec.target]
        return spec.target, "done"

    monkeypatch.setattr(Attempts, "_once", once)
    attempts = Attempts(None, None, None, None)  # type: ignore[arg-type]
    how = How(None, True, False, "process")
    return lambda record=None: attempts.make(
        record, ServiceSpec("churn", "churn", target="docker"), how, lambda _: None
    )


@pytest.mark.parametrize("error", [EnvironmentProblem("no image."), TargetProblem("engine died."), StartFailed("no.")])
def test_what_docker_cannot_serve_is_a_process_and_says_why(
    monkeypatch: pytest.MonkeyPatch, error: DeployError
) -> None:
    target, _, notes = attempt(monkeypatch, {"docker": error})()
    assert (target, notes) == ("process", (f"target process, because on docker: {error.message}",))
    record = ServiceRecord(ServiceSpec("churn", "churn", target="docker"), "", ())
    with pytest.raises(type(error)):
        attempt(monkeypatch, {"docker": error})(record)


def test_where_both_fail_the_one_that_says_more_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    image, script, busy = EnvironmentProblem("no image"), StartFailed("ValueError"), PortBusy("Port 1 is in use.")
    with pytest.raises(StartFailed):
        attempt(monkeypatch, {"docker": image, "process": script})()
    with pytest.raises(EnvironmentProblem):
        attempt(monkeypatch, {"docker": image, "process": TargetProblem("none here")})()
    with pytest.raises(PortBusy):
        attempt(monkeypatch, {"docker": busy})()


def test_a_package_more_in_an_inferred_environment(workspace: Workspace) -> None:
    known = workspace.environments
    reference = reference_of("inferred+xgboost==2.1.4,scikit-learn[all]>=1.5,<2, lightgbm", known)
    made = environment_of(reference, known, lambda: ["numpy==2.0.0", "xgboost==3.0.0"])
    assert made.requirements == ("lightgbm", "numpy==2.0.0", "scikit-learn[all]>=1.5,<2", "xgboost==2.1.4")
    assert made == Environment("inferred", requirements=made.requirements)
    assert environment_of("inferred", known, lambda: ["a"]).requirements == ("a",)
    for wrong in ("inferred+", "inferred+ ,", "inferred+--index-url x"):
        with pytest.raises((EnvironmentProblem, UsageProblem, DeployError)):
            reference_of(wrong, known)
