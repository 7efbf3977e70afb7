"""``AMLRequest`` and ``AMLResponse``: Werkzeug's request and response, or Flask's if the script imported Flask."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, TypeVar

from werkzeug.wrappers import Request as WerkzeugRequest
from werkzeug.wrappers import Response as WerkzeugResponse

from ..answers import to_json
from ..messages import Request
from ..modes import RAW_MARK

_Function = TypeVar("_Function", bound=Callable[..., Any])
_JSON = "application/json"


class AMLRequest(WerkzeugRequest):
    """The argument of ``run()`` under ``@rawhttp``: method, args, headers, get_data(), files, form, json."""

    # The whole body is in memory already, within the server's own limit (body_limit).
    max_form_memory_size = None


class AMLResponse(WerkzeugResponse):
    """A response that is sent as it is.

    Parameters
    ----------
    message : object
        Text, bytes or an iterable of them is the body; anything else, and everything with ``json_str``, is encoded as
        JSON. None becomes ``{}``.
    response_headers : dict, optional
        Values may be text or numbers; none is split at its commas.
    json_str : bool, optional
        Encode ``message`` as JSON, also where it is text.
    run_function_failed : bool, optional
        What ``x-ms-run-function-failed`` says; true for a status of 500 and above too.
    """

    def __init__(
        self,
        message: Any,
        status_code: int,
        response_headers: dict[str, Any] | None = None,
        json_str: bool = False,
        run_function_failed: bool = False,
    ) -> None:
        as_json = json_str or not (isinstance(message, (str, bytes, bytearray)) or _is_body(message))
        if as_json:
            # Clients of azureml-inference-server-http see json.dumps' spaces and escapes.
            message = "{}" if message is None else _dumps(message)
        super().__init__(message, status=status_code, mimetype=_JSON if as_json else "text/html")
        self.run_function_failed = run_function_failed
        for name, value in (response_headers or {}).items():
            self.headers[name] = str(value)


def _is_body(message: Any) -> bool:
    if isinstance(message, (list, tuple)):
        return bool(message) and all(isinstance(part, (str, bytes)) for part in message)
    return isinstance(message, Iterable) and not isinstance(message, (dict, set, frozenset)) and not _has_json(message)


def _has_json(message: Any) -> bool:
    return hasattr(message, "tolist") or hasattr(message, "to_dict")


def _dumps(message: Any) -> str:
    try:
        return json.dumps(message)
    except TypeError:
        return to_json(message).decode()


def rawhttp(function: _Function) -> _Function:
    """Mark ``run()`` as a function that takes the whole request; no other function is affected."""
    setattr(function, RAW_MARK, True)
    return function


def request_object(request: Request) -> Any:
    """Build the request object: an AMLRequest, or a real ``flask.Request`` if the script imported Flask."""
    flask = sys.modules.get("flask")
    if flask is None:
        return AMLRequest(_environ(request))
    return _flask_kind(flask.Request)(_environ(request))


@lru_cache(maxsize=1)
def _flask_kind(base: type) -> type:
    return type("AMLRequest", (AMLRequest, base), {"__doc__": AMLRequest.__doc__})


def _environ(request: Request) -> dict[str, Any]:
    meta = request.meta
    host, _, port = meta["server"].rpartition(":")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": meta["method"],
        "SCRIPT_NAME": "",
        # WSGI passes bytes as Latin-1 text (PEP 3333).
        "PATH_INFO": meta["path"].encode().decode("latin-1"),
        "QUERY_STRING": meta["query"],
        "SERVER_NAME": host,
        "SERVER_PORT": port,
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": meta["client"],
        "CONTENT_LENGTH": str(len(request.body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
    }
    for name, value in meta["headers"]:
        key = name.upper().replace("-", "_")
        if key in {"CONTENT_LENGTH", "TRANSFER_ENCODING"}:
            # The whole body is here already, however it was transferred.
            continue
        key = key if key == "CONTENT_TYPE" else f"HTTP_{key}"
        environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ
