"""What a service with a schema takes: the parameters of its ``run()``, and the JSON form that each wants."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from .errors import InvokeProblem

_DECORATED = b"inference_schema"
_PANDAS = "pandas.DataFrame:"
_NUMPY = "numpy.ndarray"


@dataclass(frozen=True)
class Signature:
    """The parameters that a service's schema names.

    Parameters
    ----------
    parameters : mapping of str to mapping
        Each with its part of the swagger document; at least one.
    """

    parameters: Mapping[str, Mapping[str, Any]] = field(hash=False)

    @property
    def first(self) -> str:
        """The parameter that a value without a name is meant for, as Python has it."""
        return next(iter(self.parameters))

    @property
    def wants_bytes(self) -> bool:
        """Whether that parameter is bytes, which JSON carries as base64."""
        return self.parameters[self.first].get("format") == "byte"

    @property
    def wants_text(self) -> bool:
        """Whether that parameter is a text."""
        return self.parameters[self.first].get("type") == "string" and not self.wants_bytes

    def names(self, value: Any) -> bool:
        """Tell whether a value is by parameter already.

        Parameters
        ----------
        value : object
            What is to be sent.

        Returns
        -------
        bool
            Whether it is a mapping with the only parameter's name, or any mapping where there are several.
        """
        return isinstance(value, Mapping) and (len(self.parameters) > 1 or self.first in value)

    def fit(self, value: Any) -> Any:
        """Give a value the form that the schema asks for.

        Parameters
        ----------
        value : object
            As the user has it.

        Returns
        -------
        object
            By parameter; a service that needs others than the first too says which are missing.
        """
        if self.names(value):
            return {key: shaped(item, self.parameters.get(key, {})) for key, item in value.items()}
        return {self.first: shaped(value, self.parameters[self.first])}

    def sentence(self) -> str:
        """Tell what is taken.

        Returns
        -------
        str
            For a hint.
        """
        names = [repr(name) for name in self.parameters]
        listed = " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
        return f"It takes a JSON object with {listed}"


def signature_in(document: Any) -> Signature | None:
    """Read the parameters from a swagger document.

    Parameters
    ----------
    document : object
        Decoded from JSON; a document of the user's own may hold anything.

    Returns
    -------
    Signature or None
        None where it names no parameters.
    """
    try:
        # Version 3, or version 2.
        schemas = document["components"]["schemas"] if "components" in document else document["definitions"]
        found = schemas["ServiceInput"]["properties"]
        parameters = {str(name): schema for name, schema in found.items() if isinstance(schema, Mapping)}
    except (KeyError, TypeError, AttributeError):
        return None
    return Signature(parameters) if parameters else None


def may_have_schema(bundle: Path) -> bool:
    """Tell whether a bundle's code uses inference-schema, without running it.

    Parameters
    ----------
    bundle : pathlib.Path
        The bundle's folder.

    Returns
    -------
    bool
        Whether its text mentions the package; then the service is worth asking for its parameters.
    """
    # Not into links: the folder of the models is one.
    for folder, _, files in os.walk(bundle / "code"):
        for name in files:
            if name.endswith(".py"):
                try:
                    if _DECORATED in Path(folder, name).read_bytes():
                        return True
                except OSError:
                    continue
    return False


def is_frame(value: Any) -> bool:
    """Tell whether a value is a table of pandas, without importing pandas.

    Parameters
    ----------
    value : object
        Anything.

    Returns
    -------
    bool
        By what it can do.
    """
    return hasattr(value, "to_dict") and hasattr(value, "columns") and hasattr(value, "to_json")


def shaped(value: Any, schema: Mapping[str, Any]) -> Any:
    """Give one parameter's value the form that its schema asks for.

    Parameters
    ----------
    value : object
        As the user has it.
    schema : mapping
        Its part of the swagger document; empty where nothing is known.

    Returns
    -------
    object
        Tables in the schema's orient, and where it has a table, a row or a column of one as a table; bytes as base64
        where the schema has bytes; anything else as it is.
    """
    wanted = str(schema.get("format", ""))
    if wanted.startswith(_PANDAS) and hasattr(value, "to_frame") and not is_frame(value):
        value = value.to_frame().T if _is_row(value, schema) else value.to_frame()
    if is_frame(value):
        return _table(value, "values" if wanted == _NUMPY else wanted.removeprefix(_PANDAS))
    if isinstance(value, (bytes, bytearray, memoryview)) and wanted == "byte":
        return base64.b64encode(value).decode()
    return value


def _is_row(series: Any, schema: Mapping[str, Any]) -> bool:
    """Tell a row of a table from a column: by the schema's columns, or else by what is named, its cells or itself."""
    items = schema.get("items")
    columns = items.get("properties") if isinstance(items, Mapping) else None
    if columns:
        return bool(set(series.index) >= set(columns))
    return all(isinstance(label, str) for label in series.index) and not isinstance(series.name, str)


def _table(frame: Any, orient: str) -> Any:
    if not frame.columns.is_unique and orient not in {"values", "split"}:
        twice = frame.columns[frame.columns.duplicated()][0]
        raise InvokeProblem(
            f"The data frame has several columns called {twice!r}; as JSON only one of them would be left.",
            hint="Rename them, or send .values. Nothing was sent.",
        )
    # An index means nothing to a service; where the form has one, it is that of the rows.
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
