"""Zip files that frameworks write: PyTorch (weights, whole models, TorchScript), Keras, skops, NumPy."""

from __future__ import annotations

import json
import re
import zipfile
from typing import Any

from .looking import File, Found
from .opcodes import Seen, Walk
from .stream import Stream, TooMuch, plain

_MOST_JSON = 64 << 20
_MOST_ENTRIES = 100_000


def look(file: File) -> Found | None:
    """Look into a zip file; None if it is another kind of file."""
    if file.head[:4] != b"PK\x03\x04":
        return None
    try:
        with zipfile.ZipFile(file.path) as archive:
            names = archive.namelist()[:_MOST_ENTRIES]
            return _torch(archive, names, file) or _keras(archive, names) or _skops(archive, names) or _numpy(names)
    except (zipfile.BadZipFile, OSError, ValueError, KeyError, NotImplementedError, RuntimeError):
        return Found(notices=(f"{file.name} is a broken archive: perhaps it cannot be loaded",))


def _torch(archive: zipfile.ZipFile, names: list[str], file: File) -> Found | None:
    pickled = [name for name in names if re.fullmatch(r"([^/]+/)?data\.pkl", name)]
    if pickled and any(re.fullmatch(r"([^/]+/)?constants\.pkl", name) for name in names):
        return Found("PyTorch", frozenset({"torch"}))
    if any(name.endswith("archive_format") for name in names):
        return Found("PyTorch", frozenset({"torch"}))
    if not pickled:
        return None
    seen, notices = Seen(), []
    try:
        with archive.open(pickled[0]) as opened:
            Walk(Stream(plain(opened)), seen).run()
    except (TooMuch, ValueError, IndexError, KeyError, TypeError, AttributeError):
        notices = [f"{file.name} was not looked at to its end: perhaps it needs more"]
    session = sorted({name for module, name in seen.refs if module == "__main__"})
    if session:
        notices.append(
            f"{file.name} needs {', '.join(session[:3])} of the session that wrote it: save its state_dict()"
        )
    return Found("PyTorch", frozenset({"torch", *seen.modules} - {"__main__"}), notices=tuple(notices))


def _read_json(archive: zipfile.ZipFile, name: str) -> Any:
    with archive.open(name) as opened:
        return json.loads(opened.read(_MOST_JSON))


def _keras(archive: zipfile.ZipFile, names: list[str]) -> Found | None:
    if not {"metadata.json", "config.json"} <= set(names):
        return None
    version = str(_read_json(archive, "metadata.json").get("keras_version", ""))
    return keras(version)


def keras(version: str) -> Found:
    """Say what a Keras file needs; Keras 2 is a part of the TensorFlow of the same minor version."""
    number = re.match(r"2\.(\d+)\.", f"{version}.")
    if number:
        return Found("TfKeras", frozenset({"tensorflow"}), {"keras": version}, (f"tensorflow==2.{number[1]}.*",))
    known = {"keras": version} if version else {}
    return Found("TfKeras", frozenset({"keras", "tensorflow"}), known)


def _skops(archive: zipfile.ZipFile, names: list[str]) -> Found | None:
    if "schema.json" not in names:
        return None
    schema = _read_json(archive, "schema.json")
    if "_skops_version" not in schema:
        return None
    modules: set[str] = {"skops"}
    written = {"skops": str(schema["_skops_version"])}
    waiting: list[Any] = [schema]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            module = one.get("__module__")
            if isinstance(module, str):
                modules.add(module)
            version = one.get("_sklearn_version")
            if isinstance(version, dict) and isinstance(version.get("content"), str):
                written.setdefault("sklearn", version["content"].strip('"'))
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)
    tops = {module.partition(".")[0] for module in modules}
    return Found("ScikitLearn" if "sklearn" in tops else "Custom", frozenset(modules - {"builtins"}), written)


def _numpy(names: list[str]) -> Found | None:
    if names and all(name.endswith(".npy") for name in names):
        return Found("Custom", frozenset({"numpy"}))
    return None
