"""A client for one request, ready to be pasted: a curl command or a Python program."""

from __future__ import annotations

import pprint
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from .invocation import Request
from .payloads import JSON

LONGEST = 4_000
BODY_FILE = "request.json"
_HIDDEN = "********"
_SECRET = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key", "api-key"})


class Snippet(str):
    """Program text; it is shown as it is, not quoted."""

    __slots__ = ()


def curl(request: Request, *, body_file: Path | None = None, show_key: bool = False) -> Snippet:
    """Write a request as a curl command for a POSIX shell; ``body_file`` holds the body if it is not short text."""
    text, path = _body(request, body_file)
    data = ["--data-raw", shlex.quote(text)] if text is not None else ["--data-binary", shlex.quote(f"@{path}")]
    lines = [f"curl -sS {shlex.quote(request.url)}"]
    lines += [f"--cacert {shlex.quote(request.certificate.file)}"] if request.certificate else []
    variable, shown = _variable(request, show_key), _shown(request.headers, show_key)
    if variable:
        del shown["Authorization"]
        lines.append(f'-H "Authorization: Bearer ${variable}"')
    # Without a value behind the colon, curl would omit the header.
    lines += [f"-H {shlex.quote(f'{name}: {value}' if value else f'{name};')}" for name, value in shown.items()]
    lines.append(" ".join(data))
    note = _note(request, text, path, body_file) + _key_note(request, variable)
    return Snippet(note + " \\\n  ".join(lines))


def python(request: Request, *, body_file: Path | None = None, show_key: bool = False) -> Snippet:
    """Write a request as a Python program that uses ``requests`` and prints the answer.

    ``body_file`` holds the body if it is not short.
    """
    text, path = _body(request, body_file)
    variable, headers = _variable(request, show_key), _shown(request.headers, show_key)
    needs = (["import os"] if variable else []) + (["from pathlib import Path"] if text is None else [])
    lines = [*needs, *([""] if needs else []), "import requests", ""]
    if text is None:
        body = f"data=Path({path!r}).read_bytes()"
    elif headers.get("Content-Type") == JSON and (value := _literal(text)) is not None:
        # requests sets this header for JSON itself.
        del headers["Content-Type"]
        body = f"json={value}"
    else:
        body = f"data={text!r}.encode()"
    lines += ["response = requests.post(", f"    {request.url!r},", f"    {body},"]
    if variable:
        # A program's text, which is not evaluated here.
        bearer = f'"Authorization": "Bearer " + os.environ["{variable}"]'
        del headers["Authorization"]
        others = "".join(f", {name!r}: {value!r}" for name, value in headers.items())
        lines.append(f"    headers={{{bearer}{others}}},")
    elif headers:
        lines.append(f"    headers={headers!r},")
    lines += [f"    verify={request.certificate.file!r},"] if request.certificate else []
    lines += ["    timeout=60,", ")", "response.raise_for_status()", "print(response.text)"]
    return Snippet(_note(request, text, path, body_file) + _key_note(request, variable) + "\n".join(lines))


def _body(request: Request, body_file: Path | None) -> tuple[str | None, str]:
    """Return the body as text for a program, or None and the file that has it."""
    payload = request.payload
    if body_file is not None:
        return None, str(body_file)
    if payload.path:
        return None, payload.path
    if len(payload.body) <= LONGEST:
        try:
            text = payload.body.decode()
        except UnicodeDecodeError:
            text = "\0"
        # No argument can hold a zero byte; a carriage return would not survive a terminal.
        if "\0" not in text and "\r" not in text:
            return text, ""
    return None, BODY_FILE if payload.content_type == JSON else "request.bin"


def _note(request: Request, text: str | None, path: str, body_file: Path | None) -> str:
    if text is not None or body_file is not None or request.payload.path:
        return ""
    size = len(request.payload.body)
    return f"# The body has {size:,} bytes and goes into a file: add --output {path} to write it.\n"


def _variable(request: Request, show_key: bool) -> str:
    """Name the environment variable that the service's key is read from; empty where it is not."""
    return "" if show_key or not request.keyed_by else f"{request.keyed_by.upper().replace('-', '_')}_KEY"


def _key_note(request: Request, variable: str) -> str:
    return f"# {variable}: the key or token of {request.keyed_by}; --show-key writes it here.\n" if variable else ""


def _shown(headers: Mapping[str, str], show_key: bool) -> dict[str, str]:
    return {
        name: value if show_key or name.lower() not in _SECRET else _masked(value) for name, value in headers.items()
    }


def _masked(value: str) -> str:
    scheme, space, key = value.partition(" ")
    return f"{scheme} {_HIDDEN}" if space and key else _HIDDEN


def _literal(text: str) -> str | None:
    """Write JSON as a Python literal; None if that would give other JSON."""
    try:
        value: Any = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    # requests sends no body for None; older versions, for any empty value.
    if not value or orjson.dumps(value) != text.encode():
        return None
    return pprint.pformat(value, width=96, compact=True, sort_dicts=False).replace("\n", "\n    " + " " * len("json="))
