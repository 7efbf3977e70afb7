"""Which models a service follows, and what is refused."""

from __future__ import annotations

import pytest

from jupyter_deploy.deploying.following import check_following, followed, said_of
from jupyter_deploy.errors import UsageProblem
from jupyter_deploy.services import LATEST, OwnImage, ServiceSpec


def spec(models: tuple[str, ...] | None = None, image: OwnImage | None = None, follow: str = LATEST) -> ServiceSpec:
    return ServiceSpec("churn", "churn", models=models, image=image, follow_model=follow)


@pytest.mark.parametrize(
    ("models", "own", "names"),
    [
        (None, ("churn:3",), ("churn",)),
        (("churn",), ("churn:3",), ("churn",)),
        (("churn@latest", "scaler:2"), ("churn:3", "scaler:2"), ("churn",)),
        (("azureml:churn:latest",), ("churn:3",), ("churn",)),
        (("churn:3",), ("churn:3",), ()),
    ],
)
def test_models_without_a_fixed_version_are_followed(
    models: tuple[str, ...] | None, own: tuple[str, ...], names: tuple[str, ...]
) -> None:
    assert followed(spec(models), own) == names
    assert followed(spec(models, follow=""), own) == ()


@pytest.mark.parametrize(
    ("asked", "own", "problem"),
    [
        (spec(("churn:3",)), ("churn:3",), "churn:3 is a fixed version"),
        (spec(("churn:3", "scaler:2")), ("churn:3", "scaler:2"), "churn:3, scaler:2 are fixed versions"),
        (spec(), (), "serves no registered model"),
        (spec(("churn",), OwnImage("churn:1")), ("churn:3",), "an image of its own"),
    ],
)
def test_where_there_is_nothing_to_follow_that_is_refused(
    asked: ServiceSpec, own: tuple[str, ...], problem: str
) -> None:
    with pytest.raises(UsageProblem, match=problem) as refused:
        check_following(asked, own)
    assert "jupyter model deploy churn" in refused.value.hint


def test_what_is_said() -> None:
    mixed = spec(("churn", "scaler:2"))
    check_following(mixed, ("churn:3", "scaler:2"))
    own = ("churn:3", "scaler:2")
    assert said_of(mixed, own, own) == ("follows the latest version of churn; stays at scaler:2",)
    late = said_of(mixed, own, ("churn:4", "scaler:5"))
    assert late[1:] == ("churn:4 was registered meanwhile; jupyter model deploy churn serves it",)
