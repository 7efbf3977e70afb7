"""The native formats of XGBoost, LightGBM and CatBoost."""

from __future__ import annotations

import re
import struct

from .looking import File, Found

_TAIL = 4096
_BOOSTERS = (b"gbtree", b"gblinear", b"dart")


def look(file: File) -> Found | None:
    """Look into a boosting library's file; None for other files."""
    return _xgboost(file) or _lightgbm(file) or _catboost(file)


def _xgboost(file: File) -> Found | None:
    start = file.head[:256]
    is_json = re.match(rb'\s*\{\s*"(learner|version)"', start)
    is_ubj = re.match(rb"\{(\$.)?(#.{1,9})?[LliIU].{1,8}?(learner|version)", start, re.DOTALL)
    if is_json or is_ubj:
        text = file.head[:_TAIL] + _end_of(file)
        version = _json_version(text) if is_json else _ubj_version(text)
        if is_json and b"gradient_booster" not in file.head and not version:
            return None
        # What scikit-learn's interface has written needs that again: its class, and not the booster alone.
        return _told(version, of_estimator=b"_estimator_type" in file.head + text)
    if start[:4] == b"binf" or any(struct.pack("<Q", len(name)) + name in file.head[:1024] for name in _BOOSTERS):
        # base_score, features, classes, two flags; then the version.
        at = 4 if start[:4] == b"binf" else 0
        major, minor = struct.unpack_from("<II", start, at + 20) if len(start) > at + 28 else (0, 0)
        return _told(f"{major}.{minor}.0" if 0 < major < 10 and minor < 100 else "")
    return None


def _told(version: str, *, of_estimator: bool = False) -> Found:
    modules = {"xgboost", "sklearn"} if of_estimator else {"xgboost"}
    return Found("XGBoost", frozenset(modules), {"xgboost": version} if version else {})


def _json_version(text: bytes) -> str:
    found = re.findall(rb'"version"\s*:\s*\[\s*(\d+)\s*,\s*(\d+)\s*,\s*(\d+)\s*\]', text)
    return ".".join(part.decode() for part in found[-1]) if found else ""


_WIDTHS = {b"i": ">b", b"U": ">B", b"I": ">h", b"l": ">i", b"L": ">q"}


def _ubj_version(text: bytes) -> str:
    """Read the list behind ``version``: of one type (``$``) or each number with its own, counted (``#``) or not."""
    at = text.rfind(b"version[")
    if at < 0:
        return ""
    rest, kind = text[at + 8 :], b""
    if rest[:1] == b"$":
        kind, rest = rest[1:2], rest[2:]
    if rest[:1] == b"#":
        rest = rest[2 + struct.calcsize(_WIDTHS.get(rest[1:2], ">b")) :]
    numbers: list[int] = []
    while len(numbers) < 3 and rest:
        one, rest = (kind, rest) if kind else (rest[:1], rest[1:])
        width = _WIDTHS.get(one, "")
        if not width or len(rest) < struct.calcsize(width):
            return ""
        numbers.append(struct.unpack_from(width, rest)[0])
        rest = rest[struct.calcsize(width) :]
    return ".".join(map(str, numbers)) if len(numbers) == 3 and 0 < numbers[0] < 10 else ""


def _end_of(file: File) -> bytes:
    with file.path.open("rb") as opened:
        opened.seek(max(0, file.size - _TAIL))
        return opened.read(_TAIL)


def _lightgbm(file: File) -> Found | None:
    # Its "version" is that of the format, not the library's.
    if re.match(rb"tree\r?\nversion=v\d", file.head):
        # At its end it lists the categories of a table's columns, if there were any.
        end = _end_of(file).rstrip()
        has_categories = end.endswith(b"]") and not end.endswith(b":[]")
        return Found("LightGBM", frozenset({"lightgbm"} | ({"pandas"} if has_categories else set())))
    return None


def _catboost(file: File) -> Found | None:
    return Found("CatBoost", frozenset({"catboost"})) if file.head[:4] == b"CBM1" else None
