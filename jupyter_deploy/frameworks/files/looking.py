"""Look into a model's file or folder, and say what it is."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

# The first match counts. Pickles have the weakest signs, so they come last.
_LOOKS = (
    ("archives", "look"),
    ("boosters", "look"),
    ("tensors", "look"),
    ("graphs", "look"),
    ("pickles", "look"),
)
# Frameworks by their modules.
KINDS = {
    "sklearn": "ScikitLearn",
    "torch": "PyTorch",
    "keras": "TfKeras",
    "tensorflow": "TensorFlow",
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
    "transformers": "Transformers",
    "pyspark": "Spark",
}
# What files with these endings are, as far as their names say.
_NAMED = {".pkl": "pickle", ".pickle": "pickle", ".joblib": "pickle", ".onnx": "ONNX model"}
_MOST_FILES = 2000
_MOST_LOOKED_AT = 200
_HEAD = 1 << 16


@dataclass(frozen=True)
class Found:
    """What a file says."""

    framework: str = ""  # in Azure ML's spelling; empty if unknown
    modules: frozenset[str] = frozenset()  # those that loading imports
    # by the framework's top-level module, the version that wrote the file
    written: dict[str, str] = field(default_factory=dict, hash=False)
    lines: tuple[str, ...] = ()  # requirements that it names itself
    bounds: tuple[str, ...] = ()  # requirements that follow from how it was written, for example "numpy<2"
    notices: tuple[str, ...] = ()  # for the user


@dataclass(frozen=True)
class File:
    """A file that is looked into."""

    path: Path
    head: bytes  # its beginning
    size: int  # in bytes

    @property
    def name(self) -> str:
        """Its name, for texts."""
        return self.path.name


def look(path: Path) -> Found:
    """Look into a registered file or folder; the result is empty if nothing is known about it."""
    if path.is_file():
        return _look_into(path)
    whole: Found | None = import_module(f"{__package__}.folders").look(path)
    if whole is not None:
        return whole
    return together([_look_into(file) for file in _files(path)])


def together(parts: list[Found]) -> Found:
    """Join what several files say; different frameworks make ``"Multi"``."""
    frameworks = list(dict.fromkeys(part.framework for part in parts if part.framework not in {"", "Custom"}))
    framework = "Multi" if len(frameworks) > 1 else (frameworks or [""])[0]
    written: dict[str, str] = {}
    for part in parts:
        written = {**part.written, **written}
    return Found(
        framework,
        frozenset().union(*(part.modules for part in parts)),
        written,
        _unique(part.lines for part in parts),
        _unique(part.bounds for part in parts),
        _unique(part.notices for part in parts),
    )


def _unique(lists: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one for each in lists for one in each))


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []
    seen = 0
    for place, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            seen += 1
            if seen > _MOST_FILES or len(found) == _MOST_LOOKED_AT:
                return found
            path = Path(place, name)
            if path.is_file() and not name.startswith("."):
                found.append(path)
    return found


def _look_into(path: Path) -> Found:
    try:
        with path.open("rb") as opened:
            file = File(path, opened.read(_HEAD), path.stat().st_size)
        for module, name in _LOOKS:
            found: Found | None = getattr(import_module(f"{__package__}.{module}"), name)(file)
            if found is not None:
                return found
    except Exception:  # noqa: BLE001 - nothing is known of a hostile or broken file
        return Found()
    return _unlike_its_name(file)


def _unlike_its_name(file: File) -> Found:
    kind = _NAMED.get(file.path.suffix.lower(), "")
    if not kind:
        return Found()
    what = f"does not look like {'an' if kind[0] == 'O' else 'a'} {kind}" if file.size else "is empty"
    return Found(notices=(f"{file.name} {what}: perhaps it cannot be loaded",))
