"""What a server is told at its start: one frozen value, read from one file."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ..errors import ConfigProblem, refuse_unknown_keys


@dataclass(frozen=True)
class ServingConfig:
    """The settings of one server.

    Parameters
    ----------
    name : str
        What the service is called in logs.
    host : str
        The address to bind; loopback by default.
    port : int
        The port to bind; unused where a listening socket is inherited.
    workers : int
        How many processes run the script.
    token_file : str
        A 0600 file with the admin routes' token; empty closes those routes.
    failure_file : str
        Where the reason is written when the first generation fails; empty for nowhere.
    queue_limit : int
        Requests that may wait for a worker; more are answered with 503.
    body_limit : int
        Bytes of one request's body; more is answered with 413.
    drain_seconds : float
        How long requests in flight may take after SIGTERM.
    max_restarts : int
        How often in a row a dying worker is replaced before the service is Failed; one that lived 30 s counts as well.
    """

    name: str = "service"
    host: str = "127.0.0.1"
    port: int = 5001
    workers: int = 1
    token_file: str = ""
    failure_file: str = ""
    queue_limit: int = 1000
    body_limit: int = 100 << 20
    drain_seconds: float = 30.0
    max_restarts: int = 7

    def dumps(self) -> str:
        """Return the JSON that :func:`read_config` reads.

        Returns
        -------
        str
            One object with all settings.
        """
        return json.dumps(asdict(self), indent=1)


def read_config(path: Path) -> ServingConfig:
    """Read the settings of a server.

    Parameters
    ----------
    path : pathlib.Path
        A JSON object; keys that are missing keep their defaults.

    Returns
    -------
    ServingConfig
        Checked.

    Raises
    ------
    ConfigProblem
        For unreadable files, unknown keys and values of the wrong type.
    """
    try:
        values: Any = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConfigProblem(f"{path} cannot be read as JSON: {error}.", hint="It must hold one JSON object.") from error
    if not isinstance(values, dict):
        raise ConfigProblem(f"{path} does not hold a JSON object.", hint='For example {"workers": 2}.')
    known = {field.name: field.default for field in fields(ServingConfig)}
    refuse_unknown_keys(values, known, str(path))
    for key, value in values.items():
        wanted = type(known[key])
        if isinstance(value, bool) or not isinstance(value, (int, float) if wanted is float else wanted):
            raise ConfigProblem(f"{path}: {key} must be a {wanted.__name__}, not {value!r}.")
    return ServingConfig(**values)
