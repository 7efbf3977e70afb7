"""Batch endpoints: a file of rows goes in, a file of answers comes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from ..exceptions import ValidationException
from .deployment import Deployment
from .endpoint import Endpoint
from .entity import Entity, Part
from .settings import whole

_ACTIONS = ("append_row", "summary_only")
_LEVELS = ("debug", "info", "warning", "error")
_MODES = ("mount", "download", "upload", "ro_mount", "rw_mount", "eval_mount", "eval_download", "direct")


@dataclass(kw_only=True, repr=False)
class BatchRetrySettings(Part):
    """How often a row is tried again, and how many seconds it may take."""

    max_retries: int | None = None
    timeout: int | None = None

    def __post_init__(self) -> None:
        whole(self.max_retries, "max_retries", 0)
        whole(self.timeout, "timeout", 1)


@dataclass(repr=False)
class ResourceConfiguration(Part):
    """How many machines of which kind."""

    instance_count: int | None = field(default=None, kw_only=True)
    instance_type: Any = field(default=None, kw_only=True)
    properties: dict[str, Any] | None = field(default=None, kw_only=True)


@dataclass(kw_only=True, repr=False)
class ModelBatchDeploymentSettings(Part):
    """How a file is scored; names and defaults are those of :class:`BatchDeployment`."""

    PARTS: ClassVar[Mapping[str, type[Part]]] = {"retry_settings": BatchRetrySettings}

    mini_batch_size: int | None = None
    instance_count: int | None = None
    max_concurrency_per_instance: int | None = None
    output_action: str | None = None
    output_file_name: str | None = None
    retry_settings: Any = None
    environment_variables: dict[str, Any] | None = None
    error_threshold: int | None = None
    logging_level: str | None = None

    def __post_init__(self) -> None:
        self.retry_settings = BatchRetrySettings.of(self.retry_settings, "retry_settings")
        check_batch(self)


@dataclass(kw_only=True, repr=False)
class BatchEndpoint(Endpoint):
    """An endpoint that scores files.

    Parameters
    ----------
    defaults : mapping, optional
        ``{"deployment_name": "blue"}``: who scores where no deployment is named.
    """

    auth_mode: str = "aad_token"
    defaults: dict[str, Any] | None = None
    default_deployment_name: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.defaults = dict(self.defaults or {})
        if self.default_deployment_name:
            self.defaults["deployment_name"] = self.default_deployment_name
        self.default_deployment_name = None


@dataclass(kw_only=True, repr=False)
class BatchDeployment(Deployment):
    """A deployment that scores files.

    Parameters
    ----------
    mini_batch_size : int, optional
        Rows that go together; 10 in Azure.
    max_concurrency_per_instance, instance_count : int, optional
        How much goes on at once.
    output_action : str, optional
        ``"append_row"``: answers are written to ``output_file_name``; ``"summary_only"``.
    error_threshold : int, optional
        How many rows may fail; -1 for any number.
    compute, resources, logging_level : optional
        Kept and shown.
    """

    PARTS: ClassVar[Mapping[str, type[Part]]] = {
        **Deployment.PARTS,
        "retry_settings": BatchRetrySettings,
        "resources": ResourceConfiguration,
    }

    compute: str | None = None
    resources: Any = None
    output_file_name: str | None = None
    output_action: str | None = None
    error_threshold: int | None = None
    retry_settings: Any = None
    logging_level: str | None = None
    mini_batch_size: int | None = None
    max_concurrency_per_instance: int | None = None
    instance_count: int | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.resources is not None and self.instance_count is None:
            self.instance_count = self.resources.instance_count
        check_batch(self)

    @property
    def type(self) -> str:
        """``"Batch"``."""
        return "Batch"

    def check(self) -> None:
        """Refuse what no deployment can have, before anything is made."""
        super().check()
        check_batch(self)


@dataclass(kw_only=True, repr=False)
class ModelBatchDeployment(BatchDeployment):
    """The same, with how a file is scored in one place.

    Parameters
    ----------
    settings : ModelBatchDeploymentSettings, optional
        How a file is scored.
    """

    settings: Any = None

    def __post_init__(self) -> None:
        settings = ModelBatchDeploymentSettings.of(self.settings, "settings")
        for name in ModelBatchDeploymentSettings.names() if settings is not None else ():
            if getattr(settings, name) is not None:
                setattr(self, name, getattr(settings, name))
        self.settings = None
        super().__post_init__()


def check_batch(given: Any) -> None:
    """Refuse numbers and words that no batch deployment can have."""
    for name in ("mini_batch_size", "max_concurrency_per_instance", "instance_count"):
        whole(getattr(given, name), name, 1)
    whole(given.error_threshold, "error_threshold", -1)
    for name, known in (("output_action", _ACTIONS), ("logging_level", _LEVELS)):
        value = getattr(given, name)
        if value is not None and str(value).lower() not in known:
            raise ValidationException(f"{name} cannot be {value!r}.", hint=f"One of: {', '.join(known)}.")


@dataclass(kw_only=True, repr=False)
class Input(Part):
    """What a batch endpoint is to score.

    Parameters
    ----------
    path : str
        A file of rows, or a data asset: ``"azureml:rows:1"``.
    type : str
        ``"uri_file"`` or ``"uri_folder"``.
    mode : str, optional
        Nothing here depends on it.
    """

    PATHS: ClassVar[frozenset[str]] = frozenset({"path"})

    type: str = "uri_folder"
    path: str | None = None
    mode: str | None = None
    default: Any = None
    description: str | None = None
    optional: bool | None = None

    def __post_init__(self) -> None:
        if self.mode is not None and self.mode not in _MODES:
            raise ValidationException(f"mode cannot be {self.mode!r}.", hint=f"One of: {', '.join(_MODES)}.")


@dataclass(kw_only=True, repr=False)
class Output(Part):
    """Where a batch endpoint writes its answers."""

    PATHS: ClassVar[frozenset[str]] = frozenset({"path"})

    type: str = "uri_folder"
    path: str | None = None
    mode: str | None = None
    name: str | None = None
    description: str | None = None


@dataclass(kw_only=True, repr=False)
class BatchJob(Entity):
    """A file that is being scored, or was."""

    display_name: str | None = None
    experiment_name: str | None = None

    @property
    def outputs(self) -> dict[str, Output]:
        """Where the answers are: ``{"score": Output(path=…)}``."""
        return {"score": Output(type="uri_file", path=self.output)}

    @property
    def status(self) -> str | None:
        """``"Running"``, ``"Completed"`` or ``"Failed"``."""
        found: str | None = self._facts.get("status")
        return found

    @property
    def output(self) -> str | None:
        """The file of the answers."""
        found: str | None = self._facts.get("output")
        return found
