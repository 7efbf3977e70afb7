"""Words that people take for those of the SDK: answered with the right one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from jupyter_deploy.errors import ConfigProblem, InUse, NotFound
from jupyter_deploy.sdk.v1 import Model, Run, UserErrorException, WebserviceException, Workspace
from jupyter_deploy.sdk.v1.exceptions import translated
from jupyter_deploy.sdk.v1.vocabulary import Vocabulary


class Service(metaclass=Vocabulary):
    """Any class of the SDK's."""

    def get_keys(self) -> None:
        """Something."""

    @staticmethod
    def create(pip_packages: Any = None, conda_packages: Any = None, environment: Any = None) -> None:
        """Something else."""


@pytest.mark.parametrize(
    ("slip", "words"),
    [
        (lambda: Service().list_keys, "Did you mean 'get_keys'?"),
        (lambda: Service.create(env=1), r"Use environment=\."),
        (lambda: Service.create(with_package="x"), "pip_packages= and conda_packages= of CondaDependencies"),
        (lambda: Service.create(enviroment=1), r"Use environment=\."),
        (lambda: Model.deploy(None, "n", [], env=1), r"environment= belongs to InferenceConfig"),
        (lambda: Model.deploy(None, "n", [], cpu_cores=1), r"cpu_cores= belongs to deploy_configuration"),
        (lambda: Model.regster, "Did you mean 'register'?"),
        (lambda: Run.get_contxt, "Did you mean 'get_context'?"),
    ],
)
def test_a_slip_is_answered_with_the_right_word(slip: Callable[[], object], words: str) -> None:
    with pytest.raises((TypeError, AttributeError), match=words):
        slip()


def test_errors_of_this_package_become_those_of_the_sdk_with_their_hints(ws: Workspace, outputs: Path) -> None:
    with pytest.raises(WebserviceException) as caught:
        Model.register(ws, "outputs/model.pkl", "not a name")
    assert "cannot be a model's name" in caught.value.message
    assert "Hint: For example 'not-a-name'." in caught.value.message
    assert str(caught.value).startswith("WebserviceException:\n\tMessage: 'not a name'")


def test_the_class_of_an_error_follows_what_it_is_about() -> None:
    assert type(translated(InUse("a"), WebserviceException)) is WebserviceException
    assert type(translated(NotFound("a"), WebserviceException)) is WebserviceException
    assert type(translated(ConfigProblem("a"), WebserviceException)) is UserErrorException
