"""The service's OpenAPI documents: the user's own files, or else made from the script's schemas."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from ..config import ServingConfig

VERSIONS = {"2": "2.0", "2.0": "2.0", "3": "3.0", "3.0": "3.0", "3.1": "3.1"}
FILES = {"2.0": ("swagger.json", "swagger2.json"), "3.0": ("swagger3.json",), "3.1": ("swagger3.1.json",)}
# As in Azure ML's documents; the status is in the answer's first line, and no body repeats it.
_ERROR = {
    "type": "object",
    "properties": {"status_code": {"type": "integer", "format": "int32"}, "message": {"type": "string"}},
}
_ANYTHING: dict[str, Any] = {"type": "object", "example": {}}


class NoDocument(Exception):
    """There is no document of that version; the text tells which there are."""


def document(version: str, config: ServingConfig, script: dict[str, Any], app_root: str) -> bytes:
    """Return the document of version ``"2"``, ``"2.0"``, ``"3"``, ``"3.0"`` or ``"3.1"``.

    ``script`` is what a worker told of the script: ``"schemas"``, if it has some. The user's own files are in
    ``app_root``.
    """
    exact = VERSIONS.get(version)
    if exact is None:
        raise NoDocument(f"Swagger version [{version}] is not valid. Supported versions: [2, 3, 3.1].")
    for name in FILES[exact]:
        path = Path(app_root) / name
        if path.is_file():
            return path.read_bytes()
    schemas = script.get("schemas") or {"input": _ANYTHING, "output": _ANYTHING, "versions": list(FILES)}
    if exact not in schemas["versions"]:
        shown = ", ".join(known.removesuffix(".0") for known in schemas["versions"])
        raise NoDocument(
            f"Swagger version [{version}] is not supported for the scoring script. Supported versions: [{shown}]."
        )
    build = _second if exact == "2.0" else _third
    return json.dumps(build(exact, config, schemas)).encode()


def _info(config: ServingConfig) -> dict[str, str]:
    title = config.title
    return {
        "title": title,
        "description": f"API specification for the Azure Machine Learning service {title}",
        "version": config.version,
    }


def _path(config: ServingConfig, route: str) -> str:
    prefix = config.path_prefix.strip("/")
    return f"/{prefix}{route}" if prefix else route


def _second(exact: str, config: ServingConfig, schemas: dict[str, Any]) -> dict[str, Any]:
    def response(description: str, schema: dict[str, Any] | None = None) -> dict[str, Any]:
        return {"description": description, **({"schema": schema} if schema else {})}

    error = response("If the request fails, the response tells why", {"$ref": "#/definitions/ErrorResponse"})
    bearer: list[dict[str, list[str]]] = [{"Bearer": []}]
    return {
        "swagger": exact,
        "info": _info(config),
        "schemes": ["https" if config.tls_certificate else "http"],
        "consumes": ["application/json"],
        "produces": ["application/json"],
        "securityDefinitions": {"Bearer": _bearer_key()},
        "paths": {
            _path(config, "/"): {
                "get": _operation("ServiceHealthCheck", {"200": response("The service is up"), "default": error})
            },
            _path(config, "/score"): {
                "post": {
                    **_operation(
                        "RunMLService",
                        {"200": response("The answer", {"$ref": "#/definitions/ServiceOutput"}), "default": error},
                    ),
                    "security": bearer,
                    "parameters": [
                        {
                            "name": "serviceInputPayload",
                            "in": "body",
                            "description": "The input payload for executing the real-time machine learning service.",
                            "required": True,
                            "schema": {"$ref": "#/definitions/ServiceInput"},
                        }
                    ],
                }
            },
            _path(config, "/swagger.json"): {
                "get": {
                    **_operation("GetSwaggerSpec", {"200": response("This document"), "default": error}),
                    "parameters": [{**_version_parameter(), "type": "string", "enum": list(VERSIONS)}],
                }
            },
        },
        "definitions": _schemas(exact, schemas),
    }


def _third(exact: str, config: ServingConfig, schemas: dict[str, Any]) -> dict[str, Any]:
    def content(name: str) -> dict[str, Any]:
        return {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}

    error = {"description": "If the request fails, the response tells why", "content": content("ErrorResponse")}

    def answers(description: str, name: str = "") -> dict[str, Any]:
        return {"200": {"description": description, **({"content": content(name)} if name else {})}, "default": error}

    return {
        "openapi": f"{exact}.3" if exact == "3.0" else f"{exact}.0",
        "info": _info(config),
        "security": [{"Bearer": []}],
        "paths": {
            _path(config, "/"): {"get": _operation("ServiceHealthCheck", answers("The service is up"))},
            _path(config, "/score"): {
                "post": {
                    **_operation("RunMLService", answers("The answer", "ServiceOutput")),
                    "requestBody": {"required": True, "content": content("ServiceInput")},
                }
            },
            _path(config, "/swagger.json"): {
                "get": {
                    **_operation("GetSwaggerSpec", answers("This document")),
                    "parameters": [{**_version_parameter(), "schema": {"type": "string", "enum": list(VERSIONS)}}],
                }
            },
        },
        "components": {"schemas": _schemas(exact, schemas), "securitySchemes": {"Bearer": _bearer_key()}},
    }


def _operation(name: str, responses: dict[str, Any]) -> dict[str, Any]:
    return {"operationId": name, "responses": responses}


def _version_parameter() -> dict[str, Any]:
    return {"name": "version", "in": "query", "description": "The document's version", "required": False}


def _bearer_key() -> dict[str, str]:
    return {"type": "apiKey", "name": "Authorization", "in": "header", "description": "For example: Bearer abc123"}


def _schemas(exact: str, schemas: dict[str, Any]) -> dict[str, Any]:
    found = {"ServiceInput": schemas["input"], "ServiceOutput": schemas["output"], "ErrorResponse": _ERROR}
    return {name: schema if exact == "3.0" else _with_nulls(schema, exact) for name, schema in found.items()}


def _with_nulls(schema: dict[str, Any], exact: str) -> dict[str, Any]:
    """Write that null is allowed, as a version does: ``nullable`` is version 3.0's word."""
    found = dict(schema)
    if isinstance(found.get("properties"), dict):
        found["properties"] = {name: _with_nulls(inner, exact) for name, inner in found["properties"].items()}
    for part in ("items", "additionalProperties"):
        if isinstance(found.get(part), dict):
            found[part] = _with_nulls(found[part], exact)
    if found.pop("nullable", False):
        if exact == "2.0":
            found["x-nullable"] = True
            if found.get("default", 0) is None:
                del found["default"]
        elif "type" in found:
            found["type"] = [found["type"], "null"]
    return found
