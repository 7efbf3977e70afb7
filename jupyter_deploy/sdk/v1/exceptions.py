"""Azure ML's exceptions, and the one place where this package's errors become them."""

from __future__ import annotations

from typing import Any

from ...errors import (
    ConfigProblem,
    DeployError,
    EnvironmentProblem,
    ScriptProblem,
    UsageProblem,
    in_notebook,
)
from .advice import in_sdk_words


class AzureMLException(DeployError):
    """What all of them are; ``message`` has the hint in it, as notebooks print nothing else."""

    def __init__(
        self,
        exception_message: str,
        inner_exception: BaseException | str | None = None,
        target: str | None = None,
        details: object = None,
        *,
        hint: str = "",
        **_: Any,
    ) -> None:
        lines = [
            exception_message,
            details if isinstance(details, str) else "",
            f"Hint: {in_sdk_words(hint)}" if hint else "",
        ]
        super().__init__(in_notebook("\n".join(filter(None, lines))), problem=exception_message)
        # What was translated says the same once more.
        said = isinstance(inner_exception, DeployError) and inner_exception.message == exception_message
        self.inner_exception = None if said else inner_exception

    def __str__(self) -> str:
        return f"{self.title}:\n\tMessage: {self.message}\n\tInnerException {self.inner_exception}"


class UserErrorException(AzureMLException):
    """The arguments are not ones that can be used."""


class WebserviceException(AzureMLException):
    """A model or a service cannot be found, changed or started."""

    def __init__(self, exception_message: str, status_code: int | None = None, logger: object = None, **how: Any):
        super().__init__(exception_message, **how)
        self.status_code = status_code


class ModelNotFoundException(AzureMLException):
    """No such model is in the service, or in its cache."""


class ModelPathNotFoundException(AzureMLException):
    """The run has no such file."""


class RunEnvironmentException(AzureMLException):
    """There is no run of a cloud around this process."""


class ComputeTargetException(AzureMLException):
    """No such compute target, or one that cannot be made."""


class WorkspaceException(AzureMLException):
    """The workspace cannot be found or made."""


class ProjectSystemException(AzureMLException):
    """The workspace cannot be reached."""


class AuthenticationException(AzureMLException):
    """Never raised here: nothing logs in."""


class ExperimentExecutionException(AzureMLException):
    """The experiment cannot be run."""


class TrainingException(AzureMLException):
    """The training failed."""


class RunConfigurationException(AzureMLException):
    """The run's configuration cannot be used."""


class ActivityFailedException(AzureMLException):
    """A run failed."""


class ServiceException(AzureMLException):
    """Never raised here: there is no cloud's service to answer."""


# The user's own words are wrong: of whichever class they were said to.
_WORDS = (UsageProblem, ConfigProblem, EnvironmentProblem, ScriptProblem)


def translated(error: DeployError, otherwise: type[AzureMLException]) -> AzureMLException:
    """Turn an error of this package into Azure ML's: of the user's words, or of the class that was asked."""
    kind = UserErrorException if isinstance(error, _WORDS) else otherwise
    return kind(error.message, inner_exception=error, details=error.details, hint=str(error.hint))
