"""Folders that frameworks write: MLflow, TensorFlow's SavedModel, Spark, transformers."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from .graphs import fields
from .looking import Found

_MOST_BYTES = 1 << 20
_FLAVORS = {
    "sklearn": "ScikitLearn",
    "xgboost": "XGBoost",
    "lightgbm": "LightGBM",
    "catboost": "CatBoost",
    "pytorch": "PyTorch",
    "tensorflow": "TensorFlow",
    "keras": "TfKeras",
    "onnx": "Onnx",
    "spark": "Spark",
    "transformers": "Transformers",
}
_REQUIREMENT = re.compile(
    r"[A-Za-z0-9][\w.\-]*(\[[\w,\- ]+\])?\s*([<>=!~]=?=?\s*[\w.*+!\-]+(\s*,\s*[<>=!~]=?=?\s*[\w.*+!\-]+)*)?"
)
_NOT_CONDA = {"python", "pip"}


def look(folder: Path) -> Found | None:
    """Look into a folder of a known kind; None if its files speak for themselves."""
    for kind in (_mlflow, _saved_model, _transformers, _spark):
        try:
            found = kind(folder)
        except (OSError, ValueError, TypeError, AttributeError, KeyError):
            continue
        if found is not None:
            return found
    return None


def _text(path: Path) -> str:
    with path.open("rb") as opened:
        return opened.read(_MOST_BYTES).decode("utf-8", "replace")


def _yaml(path: Path) -> Any:
    import yaml  # type: ignore[import-untyped]

    try:
        return yaml.safe_load(_text(path))
    except (yaml.YAMLError, RecursionError):
        return None


def _mlflow(folder: Path) -> Found | None:
    if not (folder / "MLmodel").is_file():
        return None
    described = _yaml(folder / "MLmodel") or {}
    flavors = described.get("flavors") or {}
    names = [name for name in flavors if name in _FLAVORS]
    framework = _FLAVORS[names[0]] if names else "Custom"
    lines, python = _requirements(folder)
    written = {}
    for name in names:
        facts = flavors[name] or {}
        version = facts.get(f"{name}_version") or facts.get(
            {"xgboost": "xgb_version", "lightgbm": "lgb_version"}.get(name, "")
        )
        if version:
            written[{"pytorch": "torch"}.get(name, name)] = str(version)
    notices = [f"MLflow folder: {', '.join(lines) or 'without requirements'}"]
    if python:
        notices.append(f"it was saved with Python {python}")
    modules = {"sklearn": "sklearn", "pytorch": "torch"}
    return Found(framework, frozenset(modules.get(name, name) for name in names), written, lines, (), tuple(notices))


def _requirements(folder: Path) -> tuple[tuple[str, ...], str]:
    """Read the requirements of an MLflow folder, and its version of Python."""
    python, conda = "", None
    if (folder / "conda.yaml").is_file():
        conda = _yaml(folder / "conda.yaml")
    if (folder / "python_env.yaml").is_file():
        python = str((_yaml(folder / "python_env.yaml") or {}).get("python", ""))
    lines: list[str] = []
    if (folder / "requirements.txt").is_file():
        lines = _text(folder / "requirements.txt").splitlines()
    dependencies = (conda or {}).get("dependencies") or []
    for one in dependencies:
        if isinstance(one, dict):
            lines += [] if (folder / "requirements.txt").is_file() else [str(line) for line in one.get("pip") or ()]
        elif isinstance(one, str):
            name, _, version = one.partition("=")
            if name.strip() == "python":
                python = python or version.strip("=")
            elif name.strip() not in _NOT_CONDA and not (folder / "requirements.txt").is_file():
                lines.append(f"{name}=={version.strip('=')}" if version else name)
    plain = [line.partition("#")[0].partition(";")[0].strip() for line in lines]
    return tuple(line for line in plain if line and _REQUIREMENT.fullmatch(line)), python


def _saved_model(folder: Path) -> Found | None:
    path = folder / "saved_model.pb"
    if not path.is_file():
        return None
    version = ""
    with path.open("rb") as opened:
        # SavedModel.meta_graphs = 2, MetaGraphDef.meta_info_def = 1, tensorflow_version = 5.
        for number, value in fields(opened, path.stat().st_size):
            if number == 2 and isinstance(value, bytes):
                # Its length stands before it; what follows may look like a digit more.
                found = re.search(rb"\x2a([\x05-\x20])(\d+\.\d+\.[\w.\-]+)", value, re.DOTALL)
                version = found[2][: found[1][0]].decode() if found else ""
                break
    return Found("TensorFlow", frozenset({"tensorflow"}), {"tensorflow": version} if version else {})


def _transformers(folder: Path) -> Found | None:
    if not (folder / "config.json").is_file():
        return None
    config = json.loads(_text(folder / "config.json"))
    if not isinstance(config, dict) or not {"transformers_version", "architectures"} & set(config):
        return None
    version = str(config.get("transformers_version", ""))
    return Found("Transformers", frozenset({"transformers", "torch"}), {"transformers": version} if version else {})


def _spark(folder: Path) -> Found | None:
    part = folder / "metadata" / "part-00000"
    if not part.is_file():
        return None
    facts = json.loads(_text(part).splitlines()[0])
    if not str(facts.get("class", "")).startswith(("org.apache.spark", "pyspark")):
        return None
    version = str(facts.get("sparkVersion", ""))
    return Found("Spark", frozenset({"pyspark"}), {"pyspark": version} if version else {})
