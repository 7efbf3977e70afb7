"""ONNX and TensorFlow Lite, by the fields of their headers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import IO

from .looking import File, Found

_MOST_FIELDS = 10_000
_SHORT = 4096


def look(file: File) -> Found | None:
    """Look into a graph's file; None for other files."""
    if file.head[4:8] == b"TFL3":
        return Found("TensorFlow", frozenset({"tensorflow"}))
    return _onnx(file)


def _onnx(file: File) -> Found | None:
    # A ModelProto: ir_version = 1, producer = 2 and 3, graph = 7, opset_import = 8. It begins with the first of them.
    if file.head[:1] not in {b"\x08", b"\x12", b"\x3a", b"\x42"}:
        return None
    numbers: dict[int, int] = {}
    texts: dict[int, bytes] = {}
    with file.path.open("rb") as opened:
        try:
            for number, value in fields(opened, file.size):
                if isinstance(value, int):
                    numbers[number] = value
                elif number not in texts or number == 8:
                    texts[number] = value + texts.get(number, b"")
        except ValueError:
            return None
    if not {7, 8} <= set(texts) or not 1 <= numbers.get(1, 0) <= 50:
        return None
    producer = " ".join(texts.get(key, b"").decode("utf-8", "replace") for key in (2, 3)).strip()
    by = f", written by {producer}" if producer and re.fullmatch(r"[\w .+\-]{1,80}", producer) else ""
    notice = f"{file.name} is ONNX, ir_version {numbers[1]}{by}"
    return Found("Onnx", frozenset({"onnxruntime"}), notices=(notice,))


def fields(opened: IO[bytes], size: int) -> Iterator[tuple[int, int | bytes]]:
    """Yield field numbers and values of a Protocol Buffers message of ``size`` bytes; a long value is cut.

    Raises ValueError if it is no such message.
    """
    end, seen = opened.tell() + size, 0
    while opened.tell() < end:
        seen += 1
        key = _varint(opened)
        number, kind = key >> 3, key & 7
        if not number or number > 10_000 or seen > _MOST_FIELDS:
            raise ValueError("no message")
        if kind == 0:
            yield number, _varint(opened)
        elif kind == 2:
            count = _varint(opened)
            if opened.tell() + count > end:
                raise ValueError("cut off")
            value = opened.read(min(count, _SHORT))
            opened.seek(count - len(value), 1)
            yield number, value
        elif kind in {1, 5}:
            opened.seek(8 if kind == 1 else 4, 1)
        else:
            raise ValueError("no message")


def _varint(opened: IO[bytes]) -> int:
    value = shift = 0
    while True:
        byte = opened.read(1)
        if not byte or shift > 63:
            raise ValueError("no number")
        value |= (byte[0] & 0x7F) << shift
        if not byte[0] & 0x80:
            return value
        shift += 7
