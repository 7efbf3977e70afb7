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
        super().__init__(exception_message, hint=hint, details=details if isinstance(details, str) else "")
        lines = [exception_message, self.details, f"Hint: {in_notebook(hint)}" if hint else ""]
        self.message = "\n".join(filter(None, lines))
        self.inner_exception = inner_exception

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (type(self), self.problem, self.hint, self.details)

    def __str__(self) -> str:
        return f"{self.title}:\n\tMessage: {self.message}\n\tInnerException {self.inner_exception}"

    def _render_traceback_(self) -> list[str]:
        shown = DeployError(self.problem, hint=self.hint, details=self.details)
        return [line.replace("DeployError", self.title, 1) for line in shown._render_traceback_()[:1]] + (
            shown._render_traceback_()[1:]
        )

    def text(self) -> str:
        """Return it as the command line prints it."""
        lines = [f"{self.title}: {self.problem}", self.details, f"Hint: {self.hint}" if self.hint else ""]
        return "\n".join(filter(None, lines))


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


def _rebuild(kind: type[AzureMLException], message: str, hint: str, details: str) -> AzureMLException:
    return kind(message, hint=hint, details=details)


# The user's own words are wrong: of whichever class they were said to.
_WORDS = (UsageProblem, ConfigProblem, EnvironmentProblem, ScriptProblem)


def translated(error: DeployError, otherwise: type[AzureMLException]) -> AzureMLException:
    """Turn an error of this package into Azure ML's: of the user's words, or of the class that was asked."""
    kind = UserErrorException if isinstance(error, _WORDS) else otherwise
    return kind(error.message, inner_exception=error, details=error.details, hint=str(error.hint))
