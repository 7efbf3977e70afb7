"""The Open Inference Protocol, version 2, over HTTP: tensors as JSON and as bytes.

It is for the workers, which have arrays; routes and metadata are the front's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door

if TYPE_CHECKING:
    from .answers import write_answer as write_answer
    from .datatypes import converted as converted
    from .datatypes import described as described
    from .datatypes import schema_inputs as schema_inputs
    from .datatypes import schema_outputs as schema_outputs
    from .datatypes import table_columns as table_columns
    from .datatypes import with_missing as with_missing
    from .requests import TensorRequest as TensorRequest
    from .requests import read_request as read_request
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "answers": "write_answer",
            "datatypes": "converted described schema_inputs schema_outputs table_columns with_missing",
            "requests": "TensorRequest read_request",
        },
    )
