"""Turn a Python value into a request's body and content type."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from ..errors import InvokeProblem
from ..files import in_home
from ..serving import to_json
from .signatures import Signature, is_frame, shaped

JSON = "application/json"
TEXT = "text/plain; charset=utf-8"
BINARY = "application/octet-stream"
_MORE_TYPES = {".jsonl": "application/x-ndjson", ".webp": "image/webp"}
_UNSAVED_MODES = frozenset({"CMYK", "YCbCr", "LAB", "HSV", "RGBX", "RGBa", "La", "PA"})
_UNREADABLE = object()
_DEEPEST = 100
_NOT_SENT = "Nothing was sent."


@dataclass(frozen=True)
class Payload:
    """A request's body; ``path`` is the file that it was read from, empty for anything else."""

    body: bytes = field(repr=False)
    content_type: str = JSON
    path: str = ""


def payload_of(value: Any, signature: Signature | None = None) -> Payload:
    """Turn a value into what is sent.

    Text, bytes, pictures, paths and open files are sent as they are, everything else as JSON. A service with a schema
    takes a JSON object of the parameters in ``signature``. A payload stays as it is.

    Raises
    ------
    InvokeProblem
        If a file cannot be read or is not what it is called, or where in the value there is something that has no
        JSON form.
    """
    if isinstance(value, Payload):
        return value
    raw = _raw(value)
    if signature is None:
        return raw or Payload(_encoded(shaped(value, {})))
    return _fitted(raw, signature) if raw else Payload(_encoded(signature.fit(value)))


def encode_payload(value: Any) -> bytes:
    """Turn a value into a request's body, without asking what the service takes."""
    return payload_of(value).body


def _raw(value: Any) -> Payload | None:
    """Return the body of a value that is one already; None for what becomes JSON."""
    if isinstance(value, str):
        try:
            body = value.encode()
        except UnicodeEncodeError as error:
            raise InvokeProblem(
                f"The text holds half a character ({error.object[error.start]!r}), which UTF-8 has no form for.",
                hint=_NOT_SENT,
            ) from None
        return Payload(body, JSON if not body or _parsed(body) is not _UNREADABLE else TEXT)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return Payload(bytes(value), BINARY)
    if isinstance(value, Path):
        return from_file(value)
    if any(f"{kind.__module__}.{kind.__qualname__}" == "PIL.Image.Image" for kind in type(value).__mro__):
        return Payload(_picture(value), "image/png")
    if callable(getattr(value, "read", None)) and not isinstance(value, type):
        return _from_open_file(value)
    return None


def from_file(path: Path) -> Payload:
    """Read a body from a file unchanged; the suffix gives the content type, and ``.json`` is checked."""
    try:
        body = in_home(path).read_bytes()
    except OSError as error:
        raise InvokeProblem(
            f"{path} cannot be read: {error.strerror}.", hint="Is the path right? Nothing was sent."
        ) from error
    return Payload(body, _type_of(path.name, body), str(in_home(path).absolute()))


def _from_open_file(file: Any) -> Payload:
    try:
        content = file.read()
    except (OSError, ValueError, TypeError) as error:
        raise InvokeProblem(f"The file cannot be read: {error}.", hint="Open it again. Nothing was sent.") from error
    body = content.encode() if isinstance(content, str) else bytes(content)
    # The name of a pipe is a number, and a file in memory has none.
    name = getattr(file, "name", None)
    if not isinstance(name, str):
        return Payload(body, TEXT if isinstance(content, str) else BINARY)
    return Payload(body, _type_of(name, body))


def _type_of(name: str, body: bytes) -> str:
    ending = Path(name).suffix.lower()
    if ending == ".json":
        try:
            check_json(body.decode(), name)
        except UnicodeDecodeError as error:
            raise InvokeProblem(f"{name} is not UTF-8: {error.reason} at byte {error.start}.", hint=_NOT_SENT) from None
    # A table of its own, because the system's differs between machines.
    guessed, encoding = mimetypes.MimeTypes().guess_type(name)
    kind = _MORE_TYPES.get(ending) or guessed or BINARY
    return BINARY if encoding else kind


def check_json(text: str, what: str) -> str:
    """Refuse text that is not JSON, before anything is sent; ``what`` names it in the message."""
    try:
        json.loads(text)
    except ValueError as error:
        details = ""
        if isinstance(error, json.JSONDecodeError):
            line = text.split("\n")[error.lineno - 1]
            start = max(0, error.colno - 1 - 60)
            details = f"    {line[start : start + 120]}\n    {' ' * (error.colno - 1 - start)}^"
        raise InvokeProblem(
            f"{what} is not JSON: {error}.",
            details=details,
            hint=f'JSON has double quotes and no trailing commas, for example {{"data": [[1, 2]]}}. {_NOT_SENT}',
        ) from error
    except RecursionError as error:
        raise InvokeProblem(f"{what} is nested too deeply for JSON.", hint=_NOT_SENT) from error
    return text


def _picture(image: Any) -> bytes:
    held = io.BytesIO()
    try:
        # PNG does not support these colours.
        (image.convert("RGB") if image.mode in _UNSAVED_MODES else image).save(held, format="PNG")
    except (OSError, ValueError) as error:
        raise InvokeProblem(
            f"The image cannot be sent as PNG: {error}.", hint="Convert it first: image.convert('RGB')."
        ) from error
    return held.getvalue()


def _fitted(raw: Payload, signature: Signature) -> Payload:
    """Put a body into the JSON object that the service's schema takes."""
    key = json.dumps(signature.first).encode()
    if signature.wants_bytes and raw.content_type not in {JSON, TEXT}:
        return Payload(b"{%s:%s}" % (key, json.dumps(base64.b64encode(raw.body).decode()).encode()))
    value = _parsed(raw.body)
    if signature.names(value) or not raw.body:
        # As it was written: it may be a file that a snippet can name.
        return Payload(raw.body, raw.content_type if value is _UNREADABLE else JSON, raw.path)
    if value is _UNREADABLE or (signature.wants_text and not isinstance(value, str)):
        try:
            return Payload(b"{%s:%s}" % (key, to_json(raw.body.decode())))
        except UnicodeDecodeError:
            return raw
    is_row = signature.as_rows(value) is not value
    return Payload((b"{%s:[%s]}" if is_row else b"{%s:%s}") % (key, raw.body))


def _parsed(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        try:
            return json.loads(body.decode())
        except (ValueError, RecursionError):
            return _UNREADABLE


def _encoded(value: Any) -> bytes:
    try:
        return to_json(value)
    except RecursionError as error:
        raise InvokeProblem(
            "The value cannot be sent as JSON: it contains itself, or is nested too deeply.", hint=_NOT_SENT
        ) from error
    except (TypeError, ValueError, AttributeError) as error:
        path, reason = _misfit(value, error)
        raise InvokeProblem(
            f"The value cannot be sent as JSON: {path}{reason}.",
            hint=f"Convert it to lists and dicts first. {_NOT_SENT}",
        ) from error


def _misfit(value: Any, error: Exception) -> tuple[str, Exception]:
    """Find the innermost part of a value that has no JSON form; returns its path and the reason."""
    path = ""
    for _ in range(_DEEPEST):
        for step, child in _children(value):
            found = _refusal(child)
            if found is not None:
                path, value, error = path + step, child, found
                break
        else:
            break
    return (f"{path.removeprefix('.')}: " if path else ""), error


def _refusal(value: Any) -> Exception | None:
    try:
        to_json(value)
    except (TypeError, ValueError, AttributeError, RecursionError) as error:
        return error
    return None


def _children(value: Any) -> Iterator[tuple[str, Any]]:
    if is_frame(value):
        value = value.to_dict(orient="records")
    elif hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        for key, item in value.items():
            plain = isinstance(key, str) and key.isidentifier()
            yield f".{key}" if plain else f"[{str(key)[:40]!r}]", item
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield f"[{index}]", item
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for each in dataclasses.fields(value):
            yield f".{each.name}", getattr(value, each.name)
