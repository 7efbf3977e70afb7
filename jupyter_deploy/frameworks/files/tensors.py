"""Files of weights and arrays: safetensors, HDF5 (also Keras's), NumPy's own."""

from __future__ import annotations

import json
import re

from .archives import keras
from .looking import File, Found

_MOST_HEADER = 100 << 20
_HDF5 = b"\x89HDF\r\n\x1a\n"
_LOOKED_AT = 8 << 20


def look(file: File) -> Found | None:
    """Look into a file of weights; None for other files."""
    if file.head[:6] == b"\x93NUMPY":
        return Found("Custom", frozenset({"numpy"}))
    if file.head[:8] == _HDF5:
        return _hdf5(file)
    return _safetensors(file)


def _hdf5(file: File) -> Found:
    with file.path.open("rb") as opened:
        text = opened.read(_LOOKED_AT)
    if b"keras_version" not in text and b"model_config" not in text:
        return Found("Custom", frozenset({"h5py"}))
    version = re.search(rb"keras_version.{0,120}?([123]\.\d{1,2}\.\d{1,2}(?:-tf)?)", text, re.DOTALL)
    found = keras(version[1].decode().removesuffix("-tf") if version else "")
    return Found(found.framework, found.modules | {"h5py"}, found.written, found.lines)


def _safetensors(file: File) -> Found | None:
    count = int.from_bytes(file.head[:8], "little")
    if file.head[8:9] != b"{" or not 2 <= count <= min(_MOST_HEADER, file.size - 8):
        return None
    with file.path.open("rb") as opened:
        opened.seek(8)
        header = json.loads(opened.read(count))
    if not any(isinstance(value, dict) and "data_offsets" in value for value in header.values()):
        return None
    of = (header.get("__metadata__") or {}).get("format", "")
    if of == "pt":
        return Found("PyTorch", frozenset({"safetensors", "torch"}))
    return Found("Custom", frozenset({"safetensors", "numpy"}))
