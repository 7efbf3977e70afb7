"""Requests of the Open Inference Protocol: tensors for what ``run()`` takes, and what it returns as tensors."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ..messages import Answer, Request
from ..modes import BadInput, SchemaMode
from ..openinference import (
    TensorRequest,
    described,
    read_request,
    schema_inputs,
    schema_outputs,
    table_columns,
    write_answer,
)
from .script import EntryScript

# In a request's meta: how long its JSON is, and which model the client asked for.
TENSORS = "tensors"
_FAILED = "The model failed on this request. The service's log says why."


def tensors_of(script: EntryScript, schemas: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Write what the protocol's metadata says of a script.

    Parameters
    ----------
    script : EntryScript
        Initialised.
    schemas : mapping or None
        What swagger documents show of it.

    Returns
    -------
    dict or None
        ``platform``, ``inputs`` and ``outputs``; None where it takes text.
    """
    if script.served is not None:
        found = {"inputs": described(script.served.taken), "outputs": described(script.served.offered)}
        return {"platform": script.served.framework, **found}
    if not isinstance(script.mode, SchemaMode) or not schemas:
        return None
    inputs = schema_inputs(schemas["input"].get("properties", {}))
    return {"platform": "python", "inputs": inputs, "outputs": schema_outputs(schemas.get("output"))}


class Inference:
    """What a worker keeps of such requests until it answers them.

    Parameters
    ----------
    script : EntryScript
        Loaded.
    """

    def __init__(self, script: EntryScript) -> None:
        self._script = script
        self._asked: dict[int, TensorRequest] = {}

    def arguments(self, request: Request) -> dict[str, Any]:
        """Return the arguments; raises :class:`BadInput`."""
        asked = read_request(request.body, request.meta[TENSORS]["header"])
        mode = self._script.mode
        if self._script.served is not None:
            found: dict[str, Any] = {"data": asked}
        elif isinstance(mode, SchemaMode):
            properties = (self._script.schemas or {}).get("input", {}).get("properties", {})
            found = mode.of_values(_values(asked.inputs, properties))
        else:
            raise BadInput("This service's script takes text, not tensors: send it to /score.")
        self._asked[request.number] = asked
        return found

    def answer(self, request: Request, value: Any, elapsed: float) -> Answer:
        """Write what ``run()`` returned; raises TypeError where that is no tensors."""
        asked, names = self._asked.pop(request.number), request.meta[TENSORS]
        body, headers = write_answer(value, asked, names["model"], names["version"])
        return Answer(request.number, 200, body, elapsed, {"headers": headers} if headers else {})

    def failed(self, request: Request) -> bytes:
        """Forget a request, and return the body of an answer that says no more than that it failed."""
        self._asked.pop(request.number, None)
        return error_body(_FAILED)

    def refused(self, request: Request, bad: BadInput) -> Answer:
        """Forget a request, and say why it is refused."""
        self._asked.pop(request.number, None)
        return Answer(request.number, bad.status, error_body(bad.message))


def error_body(message: str) -> bytes:
    """Write an error as the protocol has it."""
    return json.dumps({"error": message}).encode()


def _values(inputs: Mapping[str, Any], properties: Mapping[str, Any]) -> dict[str, Any]:
    """Make the values of a JSON request: a table's columns come one by one."""
    left, values = dict(inputs), dict[str, Any]()
    for name, schema in properties.items():
        columns = [column for column in table_columns(schema) if column in left]
        if name in left:
            found = left.pop(name)
            is_list = not isinstance(schema, Mapping) or schema.get("type", "array") == "array"
            values[name] = found.tolist() if is_list or found.size != 1 else found.reshape(-1).tolist()[0]
        elif columns:
            parts = [left.pop(column).reshape(-1).tolist() for column in columns]
            if len({len(part) for part in parts}) > 1:
                raise BadInput(f"The columns of {name!r} have different numbers of rows.")
            values[name] = [dict(zip(columns, row, strict=True)) for row in zip(*parts, strict=True)]
    if left:
        known = ", ".join(map(repr, properties))
        raise BadInput(f"There is no input {next(iter(left))!r}; the script takes {known}.")
    return values
