"""The OpenAPI documents, and which pages of other origins may call."""

from __future__ import annotations

import json

import pytest
import requests
from openapi_spec_validator import OpenAPIV2SpecValidator, OpenAPIV30SpecValidator, OpenAPIV31SpecValidator

from tests.contract import Server, fixture_of

SCHEMA = """
import numpy as np
from inference_schema.schema_decorators import input_schema, output_schema
from inference_schema.parameter_types.numpy_parameter_type import NumpyParameterType as Numpy

@input_schema("x", Numpy(np.array([[1.5, 2.5]])))
@output_schema(Numpy(np.array([1.0])))
def run(x):
    return x.sum(axis=1)
"""
PLAIN = "def run(data):\n    return data\n"
OWN = {"swagger__json": '{"own": 2}', "swagger3__json": '{"own": 3}'}
ORIGINS = "https://exact.example, *.wild.example, http://port.example:*"
schema = fixture_of(SCHEMA)
plain = fixture_of(PLAIN, "--cors-origins", ORIGINS, **OWN)
anyone = fixture_of(PLAIN, "--cors-origins", "*")
VALIDATORS = {
    "": OpenAPIV2SpecValidator,
    "?version=2": OpenAPIV2SpecValidator,
    "?version=3": OpenAPIV30SpecValidator,
    "?version=3.1": OpenAPIV31SpecValidator,
}


@pytest.mark.parametrize("query", VALIDATORS)
def test_documents_are_valid(anyone: Server, query: str) -> None:
    response = requests.get(anyone.at("/swagger.json") + query, timeout=20)
    assert (response.status_code, response.headers["content-type"]) == (200, "application/json")
    VALIDATORS[query](response.json()).validate()


@pytest.mark.parametrize("query", VALIDATORS)
def test_documents_of_a_schema(schema: Server, query: str) -> None:
    assert requests.post(schema, json={"x": [[1, 2]]}, timeout=20).json() == [3.0]
    response = requests.get(schema.at("/swagger.json") + query, timeout=20)
    if response.status_code == 404:
        pytest.skip(response.json()["message"])
    document = response.json()
    VALIDATORS[query](document).validate()
    kinds = document["definitions"] if "definitions" in document else document["components"]["schemas"]
    assert kinds["ServiceInput"]["properties"]["x"]["type"] == "array"


@pytest.mark.parametrize("version", ["1", "4", "x", ""])
def test_unknown_versions(schema: Server, version: str) -> None:
    response = requests.get(schema.at("/swagger.json"), params={"version": version}, timeout=20)
    assert response.status_code == 404
    text = f"Swagger version [{version}] is not valid. Supported versions: [2, 3, 3.1]."
    assert response.json() == {"message": text}


@pytest.mark.parametrize(("query", "own"), [("", 2), ("?version=2", 2), ("?version=3", 3)])
def test_files_of_the_users_own_win(plain: Server, query: str, own: int) -> None:
    response = requests.get(plain.at("/swagger.json") + query, timeout=20)
    assert response.status_code == 200
    assert json.loads(response.content) == {"own": own}


@pytest.mark.parametrize(
    ("origin", "admitted"),
    [
        ("https://exact.example", True),
        ("http://exact.example", False),
        ("https://exact.example:8443", False),
        ("https://exact.example.evil.com", False),
        ("https://exactXexample", False),
        ("https://evil.com/https://exact.example", False),
        ("https://a.wild.example", True),
        ("http://a.b.wild.example", True),
        ("https://wild.example", False),
        ("https://evilwild.example", False),
        ("https://a.wild.example.evil.com", False),
        ("https://evil.com/.wild.example", False),
        ("http://port.example:8080", True),
        ("http://port.example:80.evil.com", False),
        ("null", False),
    ],
)
def test_origins(plain: Server, origin: str, admitted: bool) -> None:
    response = requests.post(plain, data="x", headers={"origin": origin}, timeout=20)
    assert response.status_code == (200 if admitted else 403)
    assert response.headers.get("access-control-allow-origin") == (origin if admitted else None)
    assert response.headers["vary"] == "Origin"


@pytest.mark.parametrize("admitted", [True, False])
def test_preflight(plain: Server, admitted: bool) -> None:
    origin = "https://exact.example" if admitted else "https://evil.example"
    asked = {"origin": origin, "access-control-request-method": "POST", "access-control-request-headers": "x-a"}
    response = requests.options(plain, headers=asked, timeout=20)
    assert response.status_code == 200
    found = response.headers
    assert found.get("access-control-allow-origin") == (origin if admitted else None)
    assert found.get("access-control-allow-methods") == ("GET, POST" if admitted else None)
    assert found.get("access-control-allow-headers") == ("x-a" if admitted else None)


@pytest.mark.parametrize("origin", ["https://any.example", "null"])
def test_everyone(anyone: Server, origin: str) -> None:
    response = requests.post(anyone, data="x", headers={"origin": origin}, timeout=20)
    assert response.headers["access-control-allow-origin"] == origin


def test_no_origins_no_headers(schema: Server) -> None:
    response = requests.get(schema.at("/"), headers={"origin": "https://any.example"}, timeout=20)
    assert not [name for name in response.headers if name.lower().startswith(("access-control", "vary"))]
