"""What a service's description keeps when its target changes, and where it runs if its target fails."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from jupyter_deploy.deploying import DEFAULT, Asked, References, fallback_target
from jupyter_deploy.deploying.attempts import Attempts, How
from jupyter_deploy.deploying.placing import for_target
from jupyter_deploy.deploying.specifying import specified
from jupyter_deploy.environments import Environment, environment_of, reference_of
from jupyter_deploy.errors import DeployError, EnvironmentProblem, PortBusy, StartFailed, TargetProblem, UsageProblem
from jupyter_deploy.services import OwnImage, ServiceRecord, ServiceSpec
from jupyter_deploy.targets import having
from jupyter_deploy.workspace import Workspace


def test_limits_are_dropped_with_a_notice_where_they_mean_nothing() -> None:
    record = ServiceRecord(ServiceSpec("churn", "churn", target="docker", memory=1 << 30, cpus=2.0), "", ())
    moved = ServiceSpec("churn", "churn", target="process", memory=1 << 30, cpus=2.0)
    spec, notes = for_target(moved, record, Asked(target="process").given)
    assert (spec.memory, spec.cpus) == (0, 0.0)
    assert [note.split()[0] for note in notes] == ["memory", "cpus"]
    # What is asked for just now is not dropped: the target refuses it by name.
    assert for_target(moved, record, Asked(target="process", memory=1 << 30).given)[0].memory == 1 << 30
    assert for_target(record.spec, record, frozenset()) == (record.spec, ())


def test_the_kernel_is_dropped_where_there_is_none() -> None:
    record = ServiceRecord(ServiceSpec("churn", "churn", environment="kernel"), "", ())
    spec, notes = for_target(ServiceSpec("churn", "churn", target="docker", environment="kernel"), record, frozenset())
    assert (spec.environment, len(notes)) == ("", 1)


def test_an_image_of_the_users_own_goes_where_one_can_run(workspace: Workspace) -> None:
    asked = Asked.of(image=OwnImage("mine", 80))
    references = References(workspace.scripts, workspace.environments, workspace.models.names)
    assert references.located(asked, "", print, new=True).target == having(lambda can: can.own_image)
    assert having(lambda can: can.replicas) == ""
    with pytest.raises(UsageProblem, match="needs containers"):
        specified("churn", None, asked.but(target="process"))


@pytest.mark.parametrize(
    ("given", "environ", "otherwise"),
    [
        ({}, {}, "process"),
        ({"target": "auto"}, {}, "process"),
        ({"target": "default", "memory": "default", "image": "none"}, {}, "process"),
        ({"target": "docker"}, {}, ""),
        ({}, {"JUPYTER_DEPLOY_TARGET": "docker"}, ""),
        ({}, {"JUPYTER_DEPLOY_TARGET": "auto"}, "process"),
        ({"memory": 1 << 30}, {}, ""),
        ({"image": "mine"}, {}, ""),
    ],
)
def test_only_a_silent_default_may_be_served_elsewhere(
    given: dict[str, Any], environ: dict[str, str], otherwise: str
) -> None:
    asked = Asked.of(**given)
    assert fallback_target(asked, asked.but(target="docker"), environ) == otherwise


def test_a_request_says_what_was_given_and_what_is_taken_back() -> None:
    asked = Asked.of(port="any", workers="2", memory="512m", settings="default", models="none", image="")
    assert asked.given == {"port", "workers", "memory", "settings", "models", "image"}
    assert (asked.port, asked.workers, asked.memory, asked.settings) == (DEFAULT, 2, 512 << 20, DEFAULT)
    record = ServiceRecord(
        ServiceSpec("churn", "churn", port=5001, settings={"max_batch": 4}, image=OwnImage("mine"), target="docker"),
        "",
        (),
    )
    spec = specified("churn", record, asked)
    assert (spec.port, spec.workers, spec.settings, spec.image) == (0, 2, {}, None)
    assert specified("churn", record, Asked()) == record.spec


def test_an_unknown_option_is_refused_with_the_nearest(workspace: Workspace) -> None:
    with pytest.raises(DeployError, match="wrokers") as refused:
        workspace.deploy("churn", wrokers=3)  # type: ignore[call-arg]
    assert "workers" in f"{refused.value.message} {refused.value.hint}"


def test_a_word_means_what_has_that_name(workspace: Workspace) -> None:
    references = References(workspace.scripts, workspace.environments, lambda: ["none"])
    asked = Asked.of(script="default", models="none", environment="default")
    located = references.located(asked, "", print)
    assert (located.script, located.models, located.environment) == (DEFAULT, ("none",), DEFAULT)
    workspace.environments.register(Environment("default", requirements=("numpy",)))
    assert references.located(asked, "", print).environment == "default"


@pytest.mark.parametrize(
    "wrong", [{"workers": 0}, {"workers": "many"}, {"port": 70000}, {"memory": "1k"}, {"variables": "A=1"}]
)
def test_a_value_that_no_service_can_have_is_refused_where_it_is_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageProblem):
        Asked.of(**wrong)


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


def test_a_service_is_described_and_its_properties_stay() -> None:
    first = specified(
        "churn", None, Asked.of(tags={"a": "1", "b": "2"}, properties={"p": "1"}, description="who leaves")
    )
    record = ServiceRecord(first, "", ())
    then = specified("churn", record, Asked.of(tags={"a": None, "c": "3"}, properties={"q": "2"}))
    assert (then.tags, then.properties, then.description) == ({"b": "2", "c": "3"}, {"p": "1", "q": "2"}, "who leaves")
    assert specified("churn", record, Asked.of(tags="default")).tags == {}
    with pytest.raises(UsageProblem, match="cannot be changed"):
        specified("churn", record, Asked.of(properties={"p": "2"}))
