"""``azureml.ai.monitoring``: ``Collector`` and its contexts, which write to what the service collects."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping
from typing import Any

from ..logs import CURRENT
from .sink import SINK, check_name, table_of


class CorrelationContext:
    """Joins what is collected for one request."""

    def get_id(self) -> str:
        """Return the id."""
        return ""

    def __str__(self) -> str:
        return self.get_id()


class BasicCorrelationContext(CorrelationContext):
    """A context with an id: the given one, else the request's, else a new one."""

    def __init__(
        self,
        id: str | None = None,  # noqa: A002 - azureml-ai-monitoring's name
        timestamp: int | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        self.id = id or CURRENT.id or str(uuid.uuid4())
        self.timestamp = timestamp or int(time.time())
        self.headers = dict(headers or {})

    def get_id(self) -> str:
        """Return the id."""
        return self.id

    def get_timestamp(self) -> int:
        """Return when it was made, in seconds since 1970."""
        return self.timestamp

    def get_headers(self) -> dict[str, str]:
        """Return the headers that it was given."""
        return self.headers


class _Outcome(BasicCorrelationContext):
    """The context that ``collect`` returns: to be given to the next one."""

    def __init__(self, context: CorrelationContext, message: str) -> None:
        super().__init__(context.get_id(), getattr(context, "timestamp", None), getattr(context, "headers", None))
        self._message = message

    def is_success(self) -> bool:
        """Tell whether the data was collected."""
        return not self._message

    def get_message(self) -> str:
        """Say why it was not; empty where it was."""
        return self._message


class Collector:
    """Collects the rows of a DataFrame under a name, as in azureml-ai-monitoring."""

    def __init__(self, *, name: str, on_error: Callable[[Exception], Any] | None = None) -> None:
        self._name = check_name(name)
        self._on_error = on_error

    def collect(self, data: Any, correlation_context: CorrelationContext | None = None) -> CorrelationContext:
        """Collect a frame; returns the context that joins it with what else is collected for this request."""
        context = correlation_context or get_context()
        try:
            if not hasattr(data, "itertuples"):
                raise TypeError(f"{type(data).__name__} cannot be collected: give a pandas DataFrame")
            return _Outcome(context, SINK.put(self._name, context.get_id(), *table_of(data)))
        except TypeError as error:
            if self._on_error is None:
                raise
            self._on_error(error)
            return _Outcome(context, str(error))


def get_context() -> CorrelationContext:
    """Make a context for the request that runs now."""
    return BasicCorrelationContext()
