"""``azureml.core.profile.ModelProfile``, and what ``Model.profile`` does."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from ...errors import NotFound, ProfileFailed
from ...workspace import Profile
from .advice import in_sdk_words
from .dataset import TabularDataset
from .exceptions import UserErrorException, WebserviceException
from .inference_config import InferenceConfig
from .vocabulary import Vocabulary

if TYPE_CHECKING:
    from .model import Model
    from .workspace import Workspace

_LIMITS = {"cpu": (0.1, 3.5), "memory_in_gb": (0.1, 15.0)}


class ModelProfile(metaclass=Vocabulary, error=WebserviceException):
    """The latest profile of a name, as it was measured; ``ModelProfile(workspace, name)`` looks one up."""

    def __init__(self, workspace: Workspace, name: str) -> None:
        self.workspace = workspace
        try:
            self._profile: Profile = workspace._local.profiles[name]
        except NotFound as error:
            raise WebserviceException(f"ModelProfileNotFound: {error.message}", hint=error.hint) from error

    def __repr__(self) -> str:
        return f"ModelProfile(workspace={self.workspace!r}, name={self.name!r}, state={self.state!r})"

    def _repr_html_(self) -> str | None:
        from ...display import html

        return html(self._profile)

    @property
    def name(self) -> str:
        """Its name."""
        return self._profile.name

    @property
    def state(self) -> str:
        """``"Succeeded"``, ``"Failed"``, or ``"Cancelled"`` where Ctrl-C ended it."""
        return self._profile.state

    @property
    def description(self) -> str | None:
        """Free text."""
        return self._profile.description or None

    @property
    def error(self) -> dict[str, Any] | None:
        """Why it failed: ``code`` and ``message``."""
        return self.get_details().get("error")

    def wait_for_completion(self, show_output: bool = False) -> None:
        """Return at once, since ``Model.profile`` has measured already; a failure is printed in any case."""
        trouble = self._profile.trouble
        if trouble is not None:
            hint = f"Hint: {in_sdk_words(trouble.hint)}" if trouble.hint else ""
            said = "\n".join(filter(None, [trouble.message, trouble.details, hint]))
            print(f"Failed\nModel profiling failed: {said}")  # noqa: T201 - as the SDK
        elif show_output:
            print(self.state)  # noqa: T201 - as the SDK

    def get_details(self) -> dict[str, Any]:
        """Return what was measured under the SDK's keys; those that are None are left out."""
        return self._profile.details()

    def serialize(self) -> dict[str, Any]:
        """Return the same as :meth:`get_details`."""
        return self.get_details()


def profile(
    workspace: Workspace,
    profile_name: str,
    models: Sequence[Model | str],
    inference_config: InferenceConfig | None,
    input_dataset: Any,
    cpu: float | None = None,
    memory_in_gb: float | None = None,
    description: str | None = None,
) -> ModelProfile:
    """Send each row of a data set, list or file to what would be deployed, and measure; returns when that is done."""
    if not profile_name:
        raise UserErrorException("profile_name is empty.", hint="Give the profile a name.")
    if inference_config is not None and not isinstance(inference_config, InferenceConfig):
        raise UserErrorException(
            f"inference_config must be an InferenceConfig, not of the class {type(inference_config).__name__}.",
            hint="InferenceConfig(entry_script='score.py', environment=env)",
        )
    from .webservice import deployed_as

    _check_limits(cpu=cpu, memory_in_gb=memory_in_gb)
    if input_dataset is None:
        raise UserErrorException(
            "input_dataset must be a TabularDataset, not nothing.",
            hint="Dataset.Tabular.from_delimited_files(path, separator='\\n', header=False), a list or a file.",
        )
    rows = _texts(input_dataset) if isinstance(input_dataset, TabularDataset) else input_dataset
    # Whatever is deployed can be measured: paths as models, and a model without a script.
    options = deployed_as(workspace, profile_name, models, inference_config)
    options["description"] = description
    if cpu is not None:
        options["cpus"] = float(cpu)
    if memory_in_gb is not None:
        options["memory"] = f"{memory_in_gb:g}g"
    # The profile that is kept says it: its state, its error, and wait_for_completion prints both.
    with suppress(ProfileFailed):
        workspace._local.profile(profile_name, rows, **options)
    return ModelProfile(workspace, profile_name)


def _check_limits(**given: float | None) -> None:
    for name, value in given.items():
        least, most = _LIMITS[name]
        if value is None:
            continue
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
            raise UserErrorException(f"{name} must be a number from {least} to {most}, not {value!r}.")


def _texts(dataset: TabularDataset) -> tuple[str, ...]:
    table = dataset.table
    if not table.rows:
        raise UserErrorException("input_dataset has no rows.", hint="Each row is one request.")
    if len(table.columns) != 1:
        raise UserErrorException(
            f"input_dataset must have one column, with each request as a text; it has {len(table.columns)}.",
            hint="With separator='\\n', each line is one text.",
        )
    if not table.is_text(0):
        raise UserErrorException("The column of input_dataset holds numbers, not texts.", hint="Each row is a request.")
    return tuple(row[0] for row in table.rows)
