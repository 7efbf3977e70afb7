"""The exceptions of ``azure.core`` and ``azure.ai.ml``, and the one place where this package's errors become them.

Where azure-core is installed, its own classes are parents of these: ``except ResourceNotFoundError`` catches either.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

from ...errors import (
    ConfigProblem,
    DeployError,
    EnvironmentProblem,
    InUse,
    InvokeProblem,
    ModelProblem,
    NotFound,
    ScriptProblem,
    UsageProblem,
    in_notebook,
)

_REAL = "azure.core.exceptions"


def _real(name: str) -> type[Exception]:
    """Return azure-core's class of that name where azure-core is installed, else ``Exception``."""
    try:
        spec = importlib.util.find_spec(_REAL)
    except (ImportError, ValueError):
        spec = None
    if spec is None or spec.origin == "jupyter_deploy":
        return Exception
    found: type[Exception] = getattr(importlib.import_module(_REAL), name, Exception)
    return found


class AzureError(DeployError, _real("AzureError")):  # type: ignore[misc]
    """What all of them are; ``message`` has the hint in it, as notebooks print nothing else."""

    def __init__(
        self, message: object = "", *_: Any, hint: str = "", details: str = "", status_code: int = 400, **__: Any
    ) -> None:
        lines = [str(message), details, f"Hint: {hint}" if hint else ""]
        super().__init__(in_notebook("\n".join(filter(None, lines))))
        self.problem = str(message)
        self.hint, self.details = "", ""
        self.status_code = status_code

    def __str__(self) -> str:
        return self.message

    def __reduce__(self) -> tuple[Any, ...]:
        return _again, (type(self), self.problem, {**self.__dict__})


def _again(kind: type[AzureError], problem: str, values: dict[str, Any]) -> AzureError:
    made = kind(problem)
    made.__dict__.update(values)
    return made


class HttpResponseError(AzureError, _real("HttpResponseError")):  # type: ignore[misc]
    """The endpoint or the deployment cannot do it; ``status_code`` is the one that the cloud answers with."""


class ResourceNotFoundError(HttpResponseError, _real("ResourceNotFoundError")):  # type: ignore[misc]
    """No asset, endpoint or deployment has that name or version."""


class ResourceExistsError(HttpResponseError, _real("ResourceExistsError")):  # type: ignore[misc]
    """The name and version are taken by other content."""


class ClientAuthenticationError(HttpResponseError, _real("ClientAuthenticationError")):  # type: ignore[misc]
    """Never raised here: nothing logs in."""


class ServiceRequestError(AzureError, _real("ServiceRequestError")):  # type: ignore[misc]
    """Never raised here: there is no cloud to reach."""


class ServiceResponseError(AzureError, _real("ServiceResponseError")):  # type: ignore[misc]
    """Never raised here: there is no cloud to answer."""


class CredentialUnavailableError(ClientAuthenticationError):
    """Never raised here: any credential will do."""


class AuthenticationRequiredError(CredentialUnavailableError):
    """Never raised here: nothing logs in."""


class MlException(AzureError):
    """What those of ``azure.ai.ml`` are."""

    def __init__(self, message: object = "", no_personal_data_message: str = "", *_: Any, **how: Any) -> None:
        super().__init__(message, **how)
        self.no_personal_data_message = no_personal_data_message


class ValidationException(MlException):
    """An entity, a file or an argument holds what cannot be used."""


class UserErrorException(MlException):
    """The call cannot be made here."""


class UnsupportedOperationError(UserErrorException):
    """Azure has this, and this machine does not."""


class AssetException(MlException):
    """An asset cannot be made."""


class ModelException(MlException):
    """A model cannot be made."""


class AssetPathException(MlException):
    """An asset's path cannot be used."""


class EmptyDirectoryError(MlException):
    """An asset's folder is empty."""


class DeploymentException(MlException):
    """A deployment cannot be made."""


class JobException(MlException):
    """A job failed."""


class LocalEndpointNotFoundError(MlException):
    """Never raised here: a missing endpoint is a :class:`ResourceNotFoundError`, also where ``local=True``."""


class LocalEndpointInFailedStateError(MlException):
    """Never raised here: a failed deployment is an :class:`HttpResponseError`, also where ``local=True``."""


# The user's own words or files are wrong.
_WORDS = (UsageProblem, ConfigProblem, EnvironmentProblem, ScriptProblem, ModelProblem)
_STATUS = {NotFound: 404, InUse: 409}


def translated(error: DeployError) -> AzureError:
    """Turn an error of this package into Azure's."""
    how: dict[str, Any] = {"hint": str(error.hint), "details": error.details}
    if isinstance(error, NotFound):
        return ResourceNotFoundError(error.message, status_code=404, **how)
    if isinstance(error, _WORDS):
        return ValidationException(error.message, **how)
    status = error.status if isinstance(error, InvokeProblem) else 0
    return HttpResponseError(error.message, status_code=status or _STATUS.get(type(error), 400), **how)
