"""Random requests, byte for byte: the short way through the front answers as the long one does."""

from __future__ import annotations

import io
import random
import re
from contextlib import ExitStack, closing

import pytest
import requests

from tests.contract import Server, fixture_of
from tests.contract.raw import UUID4, answers, connect, everything, settle

SCRIPT = """
from azureml.contrib.services.aml_response import AMLResponse

def parts():
    yield "a"
    yield {"b": 1}

def run(data):
    print("seen", data[:20])
    if data == "raise":
        raise ValueError("mine")
    if data == "none":
        return None
    if data == "stream":
        return parts()
    if data == "own":
        return AMLResponse("mine", 299, {"x-own": "1", "x-request-id": "another"})
    if data == "nan":
        return [float("nan")]
    return [data, len(data)]
"""
SCHEMA = """
from inference_schema.parameter_types.standard_py_parameter_type import StandardPythonParameterType as Standard
from inference_schema.schema_decorators import input_schema

@input_schema("x", Standard(1))
def run(x):
    return x
"""
BATCH = """
def run_batch(texts):
    if len(texts) > 1 and "raise" in texts:
        raise ValueError("together")
    return [ValueError("mine") if text == "raise" else text for text in texts]
"""
OPTIONS = (
    "--set",
    "cors_origins=https://a.example",
    "--set",
    "body_limit=3000",
    "--set",
    "allowed_hosts=known.example",
)
plain, plainly = fixture_of(SCRIPT, *OPTIONS, ways=("short",)), fixture_of(SCRIPT, *OPTIONS, ways=("long",))
schema, schematic = fixture_of(SCHEMA, ways=("short",)), fixture_of(SCHEMA, ways=("long",))
batch, batched = fixture_of(BATCH, ways=("short",)), fixture_of(BATCH, ways=("long",))
BODIES = [b"", b"a", "é".encode(), b"\xff", b"raise", b"none", b"stream", b"own", b"nan", b"x\r\n\r\ny", b"z" * 2900]
BODIES += [b"z" * 3500, b'{"x": 1}', b'{"x": "text"}', b"{}", b"[", b'{"x": 1, "y": 2}']
HEADERS = [
    b"x-request-id: a%d",
    b"X-Ms-Request-Id: b%d",
    b"x-ms-client-request-id: c%d",
    b"x-request-id:",
    b"x-request-id: " + b"l" * 101,
    b"TraceId: t%%",
    b"Origin: https://a.example",
    b"Origin: https://b.example",
    b"Sec-Fetch-Site: cross-site",
    b"Connection: close",
    b"Connection: keep-alive",
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c",
    b"Expect: 100-continue",
    b"Accept-Encoding: gzip",
    b"Content-Encoding: gzip",
    b"Content-Encoding: identity",
    b"X-A: one\r\nX-A: two",
    b"bad line",
    b"X-Bad: a\x01b",
]
MASKED = re.compile(rb"date: [^\r]*|(?<=exec-ms: )[\d.]+|" + UUID4.pattern.encode())


def made(chance: random.Random) -> list[bytes]:
    """One request, in the packets that it is sent in."""
    line = chance.choice(
        [b"POST /score HTTP/1.1"] * 20 + [b"GET /score HTTP/1.1", b"POST /score HTTP/1.0", b"POST /score? HTTP/1.1"]
    )
    host = chance.choice([b"Host: localhost"] * 8 + [b"host: known.example:80", b"Host: other.example", b"X: y"])
    body = chance.choice(BODIES)
    extra = [
        one.replace(b"%d", b"%d" % chance.randrange(9))
        for one in chance.sample(HEADERS, chance.choice((0, 0, 0, 1, 1, 2)))
    ]
    kind = chance.choice([b"Content-Type: application/json"] * 3 + [b"Content-Type: text/plain"])
    length = [b"Content-Length: %d" % len(body)] if body or chance.random() < 0.5 else []
    head = b"\r\n".join([line, host, kind, *length, *extra]) + b"\r\n\r\n"
    whole = head + body
    # What is refused by its head alone closes the connection or not, as its body has come already or not.
    is_fine = line.startswith(b"POST /score HTTP/1.1") and host.startswith(b"Host: local") and len(body) < 3000
    may_cut = is_fine and not extra and kind.endswith(b"json")
    cut = chance.choice([0, 0, len(head), len(head), chance.randrange(len(whole))]) if may_cut else 0
    return [part for part in (whole[:cut], whole[cut:]) if part]


def answered(file: io.BufferedReader) -> bytes:
    """Read one answer, and the interim one before it."""
    data, length = b"", -1
    while not data.endswith(b"\r\n\r\n") or (data.startswith(b"HTTP/1.1 100") and length < 0):
        line = file.readline()
        if not line:
            return data
        data += line
        if line.startswith(b"content-length"):
            length = int(line.split()[1])
        elif line == b"transfer-encoding: chunked\r\n":
            length = 0
            data += file.readline()
            # How the parts of a stream meet is a matter of time.
            while size := int(file.readline(), 16):
                data += file.read(size)
                file.readline()
            file.readline()
            break
    return data + file.read(max(length, 0))


def conversation(server: str, seed: int) -> list[bytes]:
    """Send some requests on one connection, each when the one before is answered, or two at once."""
    chance = random.Random(seed)
    found = []
    with closing(connect(server)) as raw, raw.makefile("rb") as file:
        for _ in range(chance.randrange(1, 8)):
            requests_at_once = chance.choice((1, 1, 1, 2))
            packets = made(chance)
            if requests_at_once == 2:
                packets = [b"".join([*packets, *made(chance)])]
            for packet in packets:
                raw.sendall(packet)
            for _ in range(requests_at_once):
                answer = answered(file)
                found.append(MASKED.sub(b"*", answer))
                if b"connection: close\r\n" in answer:
                    # What was sent behind it may reset the connection.
                    return found
    return found


@pytest.mark.parametrize("pair", [("plain", "plainly"), ("schema", "schematic"), ("batch", "batched")], ids="/".join)
def test_both_ways_answer_alike(request: pytest.FixtureRequest, pair: tuple[str, str]) -> None:
    short, long = (request.getfixturevalue(name) for name in pair)
    for seed in range(60):
        one, other = conversation(short, seed), conversation(long, seed)
        assert one == other, f"seed {seed}"
    logs = [logged(short), logged(long)]
    assert logs[0] == logs[1]


def logged(server: Server) -> list[str]:
    """What it has written of requests: level, id if it is not made, and text without times."""
    requests.post(server, data="{}", headers={"x-request-id": "the-end"}, timeout=20)
    assert server.wait_for_log(" the-end access ")
    found = []
    for line in server.log.read_text().splitlines():
        if " access - " in line or " print - " in line:
            level, _, name, *rest = line.split(" ")[2:]
            found.append(" ".join([level, re.sub(r"^[0-9a-f-]{36}$", "*", name), *rest]))
    return [re.sub(r"[\d.]+ms", "*", line) for line in found]


def test_a_request_in_two_packets_is_one_wherever_it_is_cut(plain: Server) -> None:
    whole = b"POST /score HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nConnection: close\r\n\r\nwhat"
    kept = whole.replace(b"Connection: close\r\n", b"")
    ends = [at + 2 for at in range(len(kept)) if kept[at : at + 2] == b"\r\n"]
    with ExitStack() as stack:
        cut = {at: stack.enter_context(closing(connect(plain))) for at in ends}
        for at, raw in cut.items():
            raw.sendall(kept[:at])
        settle(plain)
        for at, raw in cut.items():
            raw.sendall(kept[at:] + whole)
        for at, raw in cut.items():
            assert [answer.body for answer in answers(everything(raw))] == [b'["what",4]'] * 2, at
