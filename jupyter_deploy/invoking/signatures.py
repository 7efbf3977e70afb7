"""What a service with a schema takes: the parameters of its ``run()``, and the JSON form of each."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import InvokeProblem

# Decorators of a schema, parameters with type hints, or a model that describes itself.
_DECORATED = re.compile(rb"inference_schema|jupyter_deploy\.serving\.nocode|\bdef\s+run\s*\([^)]*:")
_PANDAS = "pandas.DataFrame:"
_NUMPY = "numpy.ndarray"
_SHOWN = 400


@dataclass(frozen=True)
class Signature:
    """The parameters that a service's schema names."""

    # each with its part of the swagger document; at least one
    parameters: Mapping[str, Mapping[str, Any]] = field(hash=False)
    # a request's body from the schema's own sample
    example: Mapping[str, Any] = field(default_factory=dict, hash=False)

    @property
    def first(self) -> str:
        """The parameter that gets a value without a name."""
        return next(iter(self.parameters))

    @property
    def wants_bytes(self) -> bool:
        """Whether that parameter is bytes, which JSON carries as base64."""
        return self.parameters[self.first].get("format") == "byte"

    @property
    def wants_text(self) -> bool:
        """Whether that parameter is a text."""
        return self.parameters[self.first].get("type") == "string" and not self.wants_bytes

    @property
    def columns(self) -> frozenset[str]:
        """The columns of that parameter; empty if it is no table of records."""
        items = self.parameters[self.first].get("items")
        found = items.get("properties") if isinstance(items, Mapping) else None
        return frozenset(found) if found and self._is_table else frozenset()

    @property
    def _is_table(self) -> bool:
        return str(self.parameters[self.first].get("format", "")) == f"{_PANDAS}records"

    def names(self, value: Any) -> bool:
        """Whether a value is by parameter already: a mapping with the only parameter's name.

        If there are several parameters, any mapping is; but one record of a table is not.
        """
        if not isinstance(value, Mapping):
            return False
        columns = self.columns
        if is_record(value) and columns & {str(key) for key in value} - set(self.parameters):
            return False
        if len(self.parameters) > 1:
            return True
        # A table may have a column of that name.
        return self.first in value and not (self.first in columns and is_record(value))

    def as_rows(self, value: Any) -> Any:
        """Make a list of a single record, if the first parameter is a table."""
        return [value] if self._is_table and isinstance(value, Mapping) and value and is_record(value) else value

    def fit(self, value: Any) -> Any:
        """Give a value the form that the schema asks for, by parameter.

        A service that needs more parameters than the first says itself which are missing.
        """
        if self.names(value):
            found = {key: shaped(item, self.parameters.get(key, {})) for key, item in value.items()}
            return {key: self.as_rows(item) if key == self.first else item for key, item in found.items()}
        return {self.first: self.as_rows(shaped(value, self.parameters[self.first]))}

    def sentence(self) -> str:
        """Say in a hint what the service takes."""
        names = [repr(name) for name in self.parameters]
        listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        return f"It takes a JSON object with {listed}"

    def shown(self) -> str:
        """Write an example to follow :meth:`sentence`; empty if it would be long."""
        text = json.dumps(self.example, ensure_ascii=False)
        return f", for example {text}" if self.example and len(text) <= _SHOWN else ""


def signature_in(document: Any) -> Signature | None:
    """Read the parameters from a swagger document; None if it names none.

    A document of the user's own may hold anything.
    """
    try:
        # Version 3, or version 2.
        schemas = document["components"]["schemas"] if "components" in document else document["definitions"]
        found = schemas["ServiceInput"]["properties"]
        parameters = {str(name): schema for name, schema in found.items() if isinstance(schema, Mapping)}
    except (KeyError, TypeError, AttributeError):
        return None
    example = schemas["ServiceInput"].get("example")
    shown = (
        {name: example[name] for name, schema in parameters.items() if schema and name in example} if example else {}
    )
    return Signature(parameters, shown) if parameters else None


def may_have_schema(bundle: Path) -> bool:
    """Whether a bundle's code may say what ``run()`` takes: its text mentions inference-schema or has type hints.

    Then the service is worth asking.
    """
    # Do not follow links: the folder of the models is one.
    for folder, _, files in os.walk(bundle / "code"):
        for name in files:
            if name.endswith(".py"):
                try:
                    if _DECORATED.search(Path(folder, name).read_bytes()):
                        return True
                except OSError:
                    continue
    return False


def is_record(value: Mapping[Any, Any]) -> bool:
    """Whether a mapping is one row: no value is a list or a mapping."""
    return not any(isinstance(item, (list, tuple, Mapping)) or getattr(item, "ndim", 0) for item in value.values())


def is_frame(value: Any) -> bool:
    """Whether a value is a pandas table, judged by its methods, without importing pandas."""
    return hasattr(value, "to_dict") and hasattr(value, "columns") and hasattr(value, "to_json")


def shaped(value: Any, schema: Mapping[str, Any]) -> Any:
    """Give one parameter's value the form of its schema, which is empty if unknown.

    Tables get the schema's orient; if the schema is a table, a row or a column becomes one. Bytes become base64 if
    the schema has bytes. Anything else stays as it is.
    """
    wanted = str(schema.get("format", ""))
    if wanted.startswith(_PANDAS) and hasattr(value, "to_frame") and not is_frame(value):
        value = value.to_frame().T if _is_row(value, schema) else value.to_frame()
    if is_frame(value):
        value = _without_periods(value)
        return _table(value, "values" if wanted == _NUMPY else wanted.removeprefix(_PANDAS))
    if isinstance(value, (bytes, bytearray, memoryview)) and wanted == "byte":
        return base64.b64encode(value).decode()
    return value


def _without_periods(frame: Any) -> Any:
    """Write periods as text, as in a schema's sample."""
    periods = [place for place, dtype in enumerate(frame.dtypes) if str(dtype).startswith("period")]
    if not periods:
        return frame
    made = frame.astype({frame.columns[place]: object for place in periods})
    for place in periods:
        column = frame.columns[place]
        made[column] = [None if str(value) == "NaT" else str(value) for value in frame[column]]
    return made


def _is_row(series: Any, schema: Mapping[str, Any]) -> bool:
    """Whether a series is a row of a table, not a column: by the schema's columns, or else by the names in it."""
    items = schema.get("items")
    columns = items.get("properties") if isinstance(items, Mapping) else None
    if columns:
        # A row may lack a column: the service names what is missing.
        return bool({str(label) for label in series.index} & set(columns))
    return all(isinstance(label, str) for label in series.index) and not isinstance(series.name, str)


def _table(frame: Any, orient: str) -> Any:
    if not frame.columns.is_unique and orient not in {"values", "split"}:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise InvokeProblem(
            f"The data frame has several columns called {twice!r}; as JSON only one of them would be left.",
            hint="Rename them, or send .values. Nothing was sent.",
        )
    # A service ignores the index; an orient that has one uses the rows'.
    if orient in {"split", "index", "columns", "table"}:
        frame = frame.reset_index(drop=True)
    if orient == "split":
        return frame.to_dict(orient="split")
    if orient == "values":
        return frame.to_dict(orient="split")["data"]
    if orient == "index":
        return {str(key): row for key, row in frame.to_dict(orient="index").items()}
    if orient == "columns":
        return {str(name): {str(key): cell for key, cell in cells.items()} for name, cells in frame.to_dict().items()}
    if orient == "table":
        return json.loads(frame.to_json(orient="table", date_format="iso"))
    return frame.to_dict(orient="records")
