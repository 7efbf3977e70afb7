"""The shape of a conda file: what it may hold, and what is wrong with one that holds something else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import ConfigProblem, nearest, refuse_unknown_keys

# ``prefix`` is where conda once put the environment; it says nothing about its content.
KEYS = ("name", "channels", "dependencies", "prefix", "variables")


@dataclass(frozen=True)
class CondaFile:
    """What a conda file holds, its lines as they are."""

    name: str = ""  # empty if the file has none
    channels: list[str] = field(default_factory=list)
    packages: list[str] = field(default_factory=list)  # conda packages, Python among them
    pip: list[str] = field(default_factory=list)  # lines of the ``pip:`` list
    variables: dict[str, str] = field(default_factory=dict)  # environment variables


def read_text(path: Path) -> str:
    """Read a conda file's text."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        hint = "A conda file is YAML with 'dependencies:'."
        if isinstance(error, FileNotFoundError):
            hint = f"It was looked for at {path.absolute()}."
            beside = path.absolute().parent
            close = nearest(path.name, [entry.name for entry in beside.iterdir()] if beside.is_dir() else [])
            hint = f"Did you mean {str(path.with_name(close))!r}?" if close else hint
        raise ConfigProblem(f"{path} cannot be read: {reason}.", hint=hint) from None


def parse_conda(text_or_mapping: str | Mapping[str, Any], where: str) -> CondaFile:
    """Check the shape of a conda file, from YAML or its decoded form.

    The error names an invalid YAML's line, an unknown key, or a value of another kind.
    """
    values = _parse_yaml(text_or_mapping, where) if isinstance(text_or_mapping, str) else text_or_mapping
    if not isinstance(values, Mapping):
        found = "is empty" if values is None else f"holds a {type(values).__name__}"
        raise ConfigProblem(f"{where} {found}, not a conda environment.", hint="Begin with 'dependencies:'.")
    values = {str(key): value for key, value in values.items()}
    refuse_unknown_keys(values, KEYS, where)
    name, variables = values.get("name"), values.get("variables")
    if name is not None and not isinstance(name, (str, int, float)):
        raise ConfigProblem(f"{where}: name must be a text, not {name!r}.")
    if not isinstance(variables, (Mapping, type(None))):
        raise ConfigProblem(f"{where}: variables must be names with values, not {variables!r}.", hint="MY_SETTING: 'x'")
    packages, pip = [], list[str]()
    for number, item in enumerate(_list(values.get("dependencies"), f"{where}: dependencies"), start=1):
        place = f"{where}: dependencies, item {number}"
        if isinstance(item, Mapping):
            refuse_unknown_keys({str(key): None for key in item}, ("pip",), place)
            pip += _texts(item.get("pip"), f"{where}: pip")
        else:
            packages += _texts([item], place)
    return CondaFile(
        str(name or ""),
        _texts(values.get("channels"), f"{where}: channels"),
        packages,
        pip,
        {str(key): str(value) for key, value in (variables or {}).items()},
    )


def _parse_yaml(text: str, where: str) -> Any:
    import yaml  # type: ignore[import-untyped, unused-ignore]

    try:
        return yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise ConfigProblem(
            f"{where}{line}: this is not YAML: {getattr(error, 'problem', None) or error}.",
            details=(mark.get_snippet() or "") if mark else "",
            hint="Indent with spaces, and put a space behind each '-' and ':'.",
        ) from None


def _list(values: Any, place: str) -> list[Any]:
    if values is None:
        return []
    if not isinstance(values, (list, tuple)):
        raise ConfigProblem(f"{place} must be a list, not {values!r}.", hint="One item a line, each behind '- '.")
    return list(values)


def _texts(values: Any, place: str) -> list[str]:
    items = _list(values, place)
    for item in items:
        if not isinstance(item, str) or not item.strip():
            raise ConfigProblem(
                f"{place}: {item!r} is not a text.", hint="Quote what YAML takes for a number, a date or nothing."
            )
    return [item.strip() for item in items]
