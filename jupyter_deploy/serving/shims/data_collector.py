"""``azureml.monitoring.ModelDataCollector``, which writes to what the service collects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..logs import log
from .sink import SINK, check_name, table_of


class ModelDataCollector:
    """Collects rows under the name of their designation, ``inputs`` or ``predictions``; as in azureml-monitoring.

    Whatever goes wrong is logged and does not fail the request.
    """

    def __init__(
        self, model_name: str, designation: str = "default", feature_names: Sequence[str] | None = None, **_cloud: Any
    ) -> None:
        # The other parameters name places in the cloud.
        self.model_name, self.designation = str(model_name), check_name(designation)
        self.feature_names = None if feature_names is None else [str(name) for name in feature_names]

    def collect(self, input_data: Any, user_correlation_id: str = "") -> None:
        """Collect rows: an array, a list, or a DataFrame."""
        try:
            columns, rows = table_of(input_data, self.feature_names)
            correlation = SINK.correlate(str(user_correlation_id or ""))
            SINK.put(self.designation, correlation, columns, rows, model=self.model_name)
        except TypeError as error:
            log.warning("%s of %s were not collected: %s", self.designation, self.model_name, error)

    def add_correlations(self, input_data: Any, user_correlation_id: str = "") -> Any:
        """Let what is collected next for this request have that id; returns the data."""
        SINK.correlate(str(user_correlation_id or ""))
        return input_data
