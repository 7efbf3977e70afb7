"""The small files by which one command of ``az ml`` tells the next which run or model it made."""

from __future__ import annotations

import json
from typing import Any

from ...errors import ConfigProblem
from ...files import in_home


def said_in(path: str, *keys: str) -> str:
    """Read the first of some keys from such a file; the error names the file, and what it should have.

    Parameters
    ----------
    path : str
        Of a JSON object.
    *keys : str
        The key, and its other names.
    """
    example = json.dumps({keys[0]: "churn:1" if keys[0] == "modelId" else "churn_1765"})
    try:
        raw = in_home(path).read_bytes()
        values: Any = json.loads(raw)
    except OSError as error:
        raise ConfigProblem(f"{path} cannot be read.", hint=f"It should hold {example}") from error
    except ValueError as error:
        raise ConfigProblem(f"{path} is no JSON: {error}", hint=f"It should hold {example}") from error
    found = next((values[key] for key in keys if values.get(key)), None) if isinstance(values, dict) else None
    if not isinstance(found, str):
        raise ConfigProblem(f"{path} has no {keys[0]}.", hint=f"It should hold {example}")
    return found


def write_model(path: str, reference: str) -> None:
    """Write which version was registered, for ``deploy -f``."""
    name, _, version = reference.rpartition(":")
    values = {"modelId": reference, "name": name, "version": int(version)}
    try:
        in_home(path).write_text(json.dumps(values) + "\n")
    except OSError as error:
        raise ConfigProblem(
            f"{reference} is registered, but {path} cannot be written: {error.strerror}.",
            hint=f"The next command takes -m {reference} instead of -f.",
        ) from error
