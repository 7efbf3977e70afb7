"""inference-schema's parameter types, where that package is not installed: samples that tell what ``run()`` takes."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from .openapi import array_schema, frame_schema, mixes_types, value_schema
from .unavailable import NotInService

_ORIENTS = ("split", "records", "index", "columns", "values", "table")


class AbstractParameterType:
    """The type of a parameter, given by a sample. A script's own types override both methods."""

    def __init__(self, sample_input: Any) -> None:
        self.sample_input = sample_input
        self.sample_data_type = type(sample_input)

    def supported_versions(self) -> list[str]:
        """List the versions of OpenAPI that can describe the sample: no ``"2.0"`` if one of its lists mixes types."""
        mixed = mixes_types(self.input_to_swagger()["example"])
        return ["3.0", "3.1"] if mixed else ["2.0", "3.0", "3.1"]

    def deserialize_input(self, input_data: Any) -> Any:
        """Convert decoded JSON to the sample's type."""
        raise NotImplementedError(f"{type(self).__name__} has no deserialize_input()")

    def input_to_swagger(self) -> dict[str, Any]:
        """Return an OpenAPI schema with an ``example``."""
        raise NotImplementedError(f"{type(self).__name__} has no input_to_swagger()")


class _Known(AbstractParameterType):
    """A type that the server converts by its own rules."""

    def deserialize_input(self, input_data: Any) -> Any:
        """Convert decoded JSON to the sample's type, by the server's rules."""
        from ..conversion import converter

        return converter(self, "data")(input_data)


class StandardPythonParameterType(_Known):
    """A plain value: text, number, date, bytes, or lists and dicts of these, or of other parameter types."""

    def __init__(self, sample_input: Any) -> None:
        super().__init__(sample_input)
        named = sample_input.items() if isinstance(sample_input, dict) else ()
        listed = sample_input if isinstance(sample_input, (list, tuple)) else ()
        self.sample_data_type_map = {key: item for key, item in named if isinstance(item, AbstractParameterType)}
        self.sample_data_type_list = [item for item in listed if isinstance(item, AbstractParameterType)]

    def input_to_swagger(self) -> dict[str, Any]:
        """Return an OpenAPI schema with an ``example``."""
        if self.sample_input is None:
            raise ValueError("The sample of a parameter cannot be None: give a value that run() takes.")
        schema = value_schema(self.sample_input)
        json.dumps(schema)
        return schema


class NumpyParameterType(_Known):
    """An array; the sample gives the type of the items and, except for the first dimension, the shape.

    ``enforce_column_type`` and ``enforce_shape`` say whether they are checked.
    """

    def __init__(self, sample_input: Any, enforce_column_type: bool = True, enforce_shape: bool = True) -> None:
        import numpy as np

        if not isinstance(sample_input, np.ndarray):
            raise TypeError(f"NumpyParameterType takes an array as its sample, not {type(sample_input).__name__}.")
        super().__init__(sample_input)
        self.enforce_column_type = enforce_column_type
        self.enforce_shape = enforce_shape

    def input_to_swagger(self) -> dict[str, Any]:
        """Return an OpenAPI schema with an ``example``."""
        return array_schema(self.sample_input)


class PandasParameterType(_Known):
    """A table; the sample gives the columns and their types.

    ``enforce_column_type`` and ``enforce_shape`` say whether types and columns are checked. ``apply_column_names``
    names columns by their position. ``orient`` is the form of the JSON, as for ``pandas.read_json``.
    """

    def __init__(
        self,
        sample_input: Any,
        enforce_column_type: bool = True,
        enforce_shape: bool = True,
        apply_column_names: bool = False,
        orient: str = "records",
    ) -> None:
        import pandas as pd

        if not isinstance(sample_input, pd.DataFrame):
            raise TypeError(f"PandasParameterType takes a data frame as its sample, not {type(sample_input).__name__}.")
        if orient not in _ORIENTS:
            raise ValueError(f"PandasParameterType has no orient {orient!r}: it is one of {', '.join(_ORIENTS)}.")
        super().__init__(sample_input)
        self.enforce_column_type = enforce_column_type
        self.enforce_shape = enforce_shape
        self.apply_column_names = apply_column_names
        self.orient = orient

    def input_to_swagger(self) -> dict[str, Any]:
        """Return an OpenAPI schema with an ``example``."""
        return frame_schema(self.sample_input, self.orient)


class SparkParameterType(AbstractParameterType):
    """A Spark table, which only the real package converts."""

    def __init__(self, sample_input: Any, apply_sample_schema: bool = True) -> NoReturn:
        raise NotInService(
            "SparkParameterType is not available here: the package inference-schema is not installed. "
            "Add inference-schema[pyspark-support] to the environment."
        )
