"""Compressed bodies are read within the limit of a body."""

from __future__ import annotations

import functools
import gzip
import zlib

import pytest
import requests

from tests.contract import Server, fixture_of

LIMIT = 100_000
ECHO = "def run(data):\n    return data\n"
RAW = """
import gzip
from azureml.contrib.services.aml_request import rawhttp

@rawhttp
def run(request):
    return [request.headers["Content-Encoding"], gzip.decompress(request.get_data()).decode()]
"""
plain = fixture_of(ECHO, "--set", f"body_limit={LIMIT}")
raw = fixture_of(RAW)


# Without the time of day, which would be in the tests' names.
packed = functools.partial(gzip.compress, mtime=0)


def bare(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


TEXT = "é [1, 2, 3]" * 50
DATA = TEXT.encode()
READ = {
    "gzip": ("gzip", packed(DATA)),
    "in any case": ("GZip", packed(DATA)),
    "x-gzip": ("x-gzip", packed(DATA)),
    "two members": ("gzip", packed(DATA[:90]) + packed(DATA[90:])),
    "padding": ("gzip", packed(DATA) + b"\0\0"),
    "deflate": ("deflate", zlib.compress(DATA)),
    "bare deflate": ("deflate", bare(DATA)),
    "identity": ("identity", DATA),
    "twice": ("deflate, gzip", packed(zlib.compress(DATA))),
    "nothing": ("", DATA),
}


@pytest.mark.parametrize("case", READ)
@pytest.mark.parametrize("chunked", [False, True])
def test_gzip_and_deflate_are_read(plain: Server, case: str, chunked: bool) -> None:
    encoding, body = READ[case]
    sent = iter([body[:7], body[7:]]) if chunked else body
    response = requests.post(plain, data=sent, headers={"Content-Encoding": encoding}, timeout=20)
    assert (response.status_code, response.json()) == (200, TEXT)


@pytest.mark.parametrize(
    ("encoding", "body", "status", "words"),
    [
        ("br", b"x", 415, "'br' is not read: send the body as gzip, deflate or as it is."),
        ("zstd", b"x", 415, "'zstd'"),
        ("gzip, br", b"x", 415, "'br'"),
        ("gzip", b"[1, 2, 3]", 400, "not gzip data"),
        ("gzip", b"", 400, "not gzip data"),
        ("gzip", packed(DATA)[:-9], 400, "ends too early"),
        ("gzip", packed(DATA)[:-8] + b"\0" * 8, 400, "not gzip data"),
        ("gzip", packed(DATA) + b"more", 400, "not gzip data"),
        ("deflate", zlib.compress(DATA) + b"more", 400, "more behind its end"),
        ("gzip", packed(b"x" * (LIMIT + 1)), 413, f"larger than {LIMIT}"),
        ("gzip", packed(b"x" * 60_000) * 2, 413, f"larger than {LIMIT}"),
        ("deflate", zlib.compress(b"\0" * 50_000_000), 413, f"larger than {LIMIT}"),
        ("gzip, gzip", packed(packed(b"\0" * 50_000_000)), 413, f"larger than {LIMIT}"),
    ],
)
def test_what_cannot_be_read_is_said(plain: Server, encoding: str, body: bytes, status: int, words: str) -> None:
    response = requests.post(plain, data=body, headers={"Content-Encoding": encoding}, timeout=20)
    assert response.status_code == status
    assert words in response.json()["message"]
    assert response.headers["x-request-id"]


def test_the_limit_is_the_bodys(plain: Server) -> None:
    body = packed(b"x" * LIMIT)
    response = requests.post(plain, data=body, headers={"Content-Encoding": "gzip"}, timeout=20)
    assert len(response.json()) == LIMIT


def test_a_script_that_takes_the_request_whole_gets_it_as_it_was_sent(raw: Server) -> None:
    response = requests.post(raw, data=packed(b"text"), headers={"Content-Encoding": "gzip"}, timeout=20)
    assert response.json() == ["gzip", "text"]
