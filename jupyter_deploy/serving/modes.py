"""The three ways to call ``run()``; a script's is decided once, when it is loaded."""

from __future__ import annotations

import difflib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from .jsonbody import decode
from .messages import Request

HEADERS = "request_headers"
_LONGEST_EXAMPLE = 500
RAW_MARK = "__jupyter_deploy_rawhttp__"


class BadInput(Exception):
    """The request cannot be given to ``run()``: the client's fault, reported to the client."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message, self.status = message, status


class RequestHeaders(dict[str, str]):
    """The argument ``request_headers`` of ``run()``: Title-Cased names, found in any case."""

    def __getitem__(self, name: str) -> str:
        return super().__getitem__(name.title())

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.title())

    def get(self, name: str, default: Any = None) -> Any:
        """Look a header up in any case; several of one name are joined by commas."""
        return super().get(name.title(), default)

    @classmethod
    def of(cls, pairs: list[list[str]]) -> RequestHeaders:
        """Collect headers, with one entry per name."""
        found: dict[str, str] = {}
        for name, value in pairs:
            title = name.title()
            found[title] = f"{found[title]},{value}" if title in found else value
        return cls(found)


class Mode(Protocol):
    """How requests become the arguments of ``run()``."""

    @property
    def name(self) -> str:
        """A word for the mode."""

    def arguments(self, request: Request) -> dict[str, Any]:
        """Return the arguments, without the request's headers; raises :class:`BadInput`."""


@dataclass(frozen=True)
class PlainMode:
    """The body goes to the first parameter as text, unchanged."""

    parameter: str
    name: str = "plain"

    def arguments(self, request: Request) -> dict[str, Any]:
        """Decode the body; it must be UTF-8."""
        try:
            return {self.parameter: request.body.decode()}
        except UnicodeDecodeError as error:
            raise BadInput(f"Input cannot be decoded as UTF-8: {error}") from None


@dataclass(frozen=True)
class SchemaMode:
    """The parameters come from the body's JSON object and are converted as the decorators say.

    ``required`` maps parameters to whether they have no default. ``example`` is a body that fits, for errors.
    ``closed`` refuses a key that is no parameter.
    """

    required: Mapping[str, bool]
    converters: Mapping[str, Callable[[Any], Any]]
    example: Any = None
    closed: bool = False
    name: str = "schema"

    def arguments(self, request: Request) -> dict[str, Any]:
        """Convert the body's values; parameters that were not sent keep their defaults."""
        return self.of_values(_json_object(request.body))

    def of_values(self, values: dict[str, Any]) -> dict[str, Any]:
        """Convert values that came by parameter; raises :class:`BadInput`."""
        if self.closed:
            self._refuse_unknown(values)
        found = {}
        for name, needed in self.required.items():
            if name in values:
                converter = self.converters.get(name)
                found[name] = converter(values[name]) if converter else values[name]
            elif needed:
                raise BadInput(f"A value is not provided for the {name!r} parameter.{self._advice()}")
        return found

    def _refuse_unknown(self, values: dict[str, Any]) -> None:
        unknown = [key for key in values if key not in self.required]
        if unknown:
            close = difflib.get_close_matches(unknown[0], self.required, n=1)
            more = f"\nDid you mean {close[0]!r}?" if close else f"\nIt has: {', '.join(self.required)}."
            raise BadInput(f"run() has no parameter {unknown[0]!r}.{more}")

    def _advice(self) -> str:
        """Show a body that fits, if it is short."""
        text = "" if self.example is None else json.dumps(self.example, default=str, ensure_ascii=False)
        return f"\nSend a JSON object, for example {text}" if 0 < len(text) <= _LONGEST_EXAMPLE else ""


def _json_object(body: bytes) -> dict[str, Any]:
    if not body:
        raise BadInput("POST body is empty. Expecting a JSON dictionary.")
    try:
        values = decode(body)
    except (ValueError, RecursionError) as error:
        raise BadInput(f"POST body could not be decoded as JSON: {error}") from None
    if not isinstance(values, dict):
        raise BadInput("POST body should be a JSON dictionary.")
    return values


@dataclass(frozen=True)
class RawMode:
    """The whole request goes to the first parameter; ``build`` makes the request object."""

    parameter: str
    build: Callable[[Request], Any]
    name: str = "raw"

    def arguments(self, request: Request) -> dict[str, Any]:
        """Build the request object."""
        return {self.parameter: self.build(request)}


def layers_of(function: Any) -> Iterator[Any]:
    """Yield a function and what it wraps, each once.

    ``__wrapped__`` of decorators, and functions that it closes over.
    """
    waiting, seen = [function], set()
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen or not callable(current):
            continue
        seen.add(id(current))
        yield current
        waiting.append(getattr(current, "__wrapped__", None))
        for cell in getattr(current, "__closure__", None) or ():
            try:
                waiting.append(cell.cell_contents)
            except ValueError:
                continue
