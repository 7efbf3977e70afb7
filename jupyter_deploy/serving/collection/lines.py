"""The form of a collected record: names, bodies, and which requests are in the sample."""

from __future__ import annotations

import base64
import binascii
import zlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, unquote

import orjson

# The collection of the front's own; others are named by the script's collectors.
REQUESTS = "requests"
LONGEST_NAME = 100
SUFFIX = ".jsonl"
_BETWEEN = "@"
_RANGE = 1 << 32


def is_sampled(request: str, rate: float) -> bool:
    """Tell whether a request is in the sample: front and workers decide alike, by its id."""
    return rate >= 1 or zlib.crc32(request.encode()) < rate * _RANGE


def file_name(collection: str, when: int, tag: str) -> str:
    """Name a file; names sort by time within a collection."""
    return f"{quote(collection, safe='')}{_BETWEEN}{when:020d}-{tag}{SUFFIX}"


def collection_of(name: str) -> str:
    """Return the collection that a file belongs to; empty for other files."""
    known, between, _ = name.partition(_BETWEEN)
    return unquote(known) if between and name.endswith(SUFFIX) else ""


def age_key(name: str) -> str:
    """Return what files of all collections are sorted by, oldest first."""
    return name.partition(_BETWEEN)[2]


def put_body(record: dict[str, Any], key: str, body: bytes, limit: int) -> None:
    """Put a body into a record: as text, exactly as it came, else as base64; with its whole size where it is cut."""
    if len(body) <= limit:
        try:
            record[key] = body.decode()
        except UnicodeDecodeError:
            record[key] = {"base64": base64.b64encode(body).decode()}
    else:
        _put_cut(record, key, body, limit)


def _put_cut(record: dict[str, Any], key: str, body: bytes, limit: int) -> None:
    record[f"{key}_size"] = len(body)
    kept = body[:limit]
    try:
        record[key] = kept.decode()
    except UnicodeDecodeError as error:
        # The cut may have gone through a character.
        through = error.start >= len(kept) - 3 and error.reason == "unexpected end of data"
        record[key] = kept[: error.start].decode() if through else {"base64": base64.b64encode(kept).decode()}


def body_of(record: Mapping[str, Any], key: str) -> bytes | None:
    """Return a body as it came, as far as it was kept; None where it was not."""
    value = record.get(key)
    if isinstance(value, str):
        return value.encode()
    if isinstance(value, Mapping):
        try:
            return base64.b64decode(value.get("base64", ""), validate=True)
        except (binascii.Error, TypeError, ValueError):
            return None
    return None


class Suffix:
    """The end of each line of one generation: which code served. It is encoded once."""

    def __init__(self, generation: int, bundle: str, script: str, models: tuple[str, ...]) -> None:
        facts = {"generation": generation, "bundle": bundle, "script": script, "models": list(models)}
        self._end = b"," + orjson.dumps(facts)[1:] + b"\n"

    def line(self, record: bytes) -> bytes:
        """Return the line of a record that is one JSON object and not empty."""
        return record[:-1] + self._end

    def lines(self, records: Sequence[Mapping[str, Any]]) -> bytes:
        """Return the lines of records that begin with ``time``; one call encodes all of them."""
        encoded = orjson.dumps(records)[1:-1]
        # A quote within a text has a backslash before it, so these bytes are found between two records only.
        return encoded.replace(b'},{"time":', self._end + b'{"time":')[:-1] + self._end if records else b""
