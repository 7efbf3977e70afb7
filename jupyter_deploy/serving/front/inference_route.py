"""The Open Inference Protocol's routes below ``/v2``: health and metadata here, inference by the script."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .replies import Headers, Receive, Refused, Reply
from .runtime import Runtime
from .score_route import ScoreRoute

ROOT = "/v2"
_GET = ("GET", "HEAD")
_LENGTH = b"inference-header-content-length"


@dataclass(frozen=True)
class _Model:
    """A model by the names that clients may use, and its only version."""

    names: frozenset[str]
    version: str


def is_below(path: str) -> bool:
    """Tell whether a path is the protocol's."""
    return path == ROOT or path.startswith(f"{ROOT}/")


def is_inference(path: str) -> bool:
    """Tell whether a path is one that the script answers."""
    return is_below(path) and path.endswith("/infer")


class InferenceRoute:
    """Answers what is below ``/v2``.

    Parameters
    ----------
    runtime : Runtime
        What runs the script.
    score : ScoreRoute
        Hands requests to it.
    """

    def __init__(self, runtime: Runtime, score: ScoreRoute) -> None:
        self._runtime = runtime
        self._score = score

    async def answer(
        self, scope: dict[str, Any], path: str, headers: dict[bytes, bytes], name: str, receive: Receive
    ) -> Reply:
        """Answer one request; raises :class:`Refused`."""
        parts = path.removeprefix(ROOT).strip("/").split("/") if path != ROOT else []
        match parts:
            case []:
                _check_method(scope, path, _GET)
                return _json({"name": "jupyter_deploy", "version": _version(), "extensions": ["binary_tensor_data"]})
            case ["health", "live"]:
                _check_method(scope, path, _GET)
                return _json({"live": True})
            case ["health", "ready"]:
                _check_method(scope, path, _GET)
                return self._ready({"ready": self._runtime.ready})
            case ["models", model, "versions", version, *rest]:
                return await self._of_model(model, version, rest, scope, headers, name, receive)
            case ["models", model, *rest]:
                return await self._of_model(model, "", rest, scope, headers, name, receive)
        raise Refused(404, f"There is no {path}.")

    async def _of_model(
        self,
        name: str,
        version: str,
        rest: list[str],
        scope: dict[str, Any],
        headers: dict[bytes, bytes],
        request: str,
        receive: Receive,
    ) -> Reply:
        # Until a first script serves, its model has no version.
        if rest == ["infer"]:
            await self._score.until_known()
        known = self._model()
        if name not in known.names:
            raise Refused(404, f"There is no model {name!r}; there is {', '.join(map(repr, sorted(known.names)))}.")
        if version not in {"", known.version}:
            raise Refused(404, f"There is no version {version} of {name}; there is {known.version}.")
        match rest:
            case ["infer"]:
                _check_method(scope, scope["path"], ("POST",))
                self._tensors()
                asked = {"header": _header(headers), "model": name, "version": known.version}
                return await self._score.hand_on(scope, headers, request, receive, tensors=asked)
            case ["ready"]:
                _check_method(scope, scope["path"], _GET)
                return self._ready({"name": name, "ready": self._runtime.ready})
            case []:
                _check_method(scope, scope["path"], _GET)
                return _json({"name": name, "versions": [known.version], **self._tensors()})
        raise Refused(404, f"There is no {scope['path']}.")

    def _model(self) -> _Model:
        config, current = self._runtime.config, self._runtime.current
        names, version = {config.title}, config.version
        folder = Path(current.layout.environ.get("AZUREML_MODEL_DIR", "")) if current else Path()
        if current and current.layout.of_bundle and folder.name.isdecimal():
            names.add(folder.parent.name)
            version = folder.name
        return _Model(frozenset(names), version)

    def _tensors(self) -> dict[str, Any]:
        if self._runtime.current is None:
            raise Refused(503, "The model is still being loaded.", [(b"retry-after", b"1")])
        found: dict[str, Any] | None = self._runtime.script.get("tensors")
        if found is None:
            raise Refused(400, "This service's script takes text, not tensors: send it to /score.")
        return found

    def _ready(self, values: dict[str, Any]) -> Reply:
        return _json(values, 200 if self._runtime.ready else 503)


def _header(headers: dict[bytes, bytes]) -> int | None:
    given = headers.get(_LENGTH)
    if given is None:
        return None
    if not given.isdigit():
        raise Refused(400, "Inference-Header-Content-Length must be a whole number.")
    return int(given)


def _check_method(scope: dict[str, Any], path: str, allowed: tuple[str, ...]) -> None:
    if scope["method"] not in allowed:
        refused: Headers = [(b"allow", ", ".join(allowed).encode())]
        raise Refused(405, f"{scope['method']} is not allowed on {path}.", refused)


def _json(values: dict[str, Any], status: int = 200) -> Reply:
    return Reply(status, json.dumps(values).encode())


def _version() -> str:
    return str(sys.modules["jupyter_deploy"].__version__)
