"""A server's settings: one frozen value, read from one file."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from ..errors import ConfigProblem, refuse_unknown_keys
from .options import WorkerOptions
from .telemetry import check_endpoint

BATCH = 64
_CHOICES = {
    "log_format": ("text", "json"),
    "log_level": ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"),
    "start_method": ("", "fork", "spawn"),
    "exposure": ("", "loopback", "network"),
    "auth": ("", "key"),
    "collect": ("off", "script", "failed", "requests"),
}
_LEAST = {
    "workers": 1,
    "port": 0,
    "health_port": 0,
    "queue_limit": 1,
    "body_limit": 0,
    "bundle_limit": 0,
    "drain_seconds": 0,
    "max_restarts": 0,
    "scoring_timeout_ms": 1,
    "init_timeout_ms": 1,
    "max_batch": 0,
    "log_size": 0,
    "head_limit": 1024,
    "buffer_limit": 1 << 20,
    "max_connections": 1,
    "head_seconds": 0.1,
    "stall_seconds": 0.1,
    "collect_sampling_rate": 0,
    "collect_size": 1_000_000,
    "collect_body_size": 0,
    "queue_wait_ms": 0,
    "debug_port": 0,
    "probe_seconds": 0,
    "probe_delay_seconds": 0,
    "probe_timeout_seconds": 0.001,
    "probe_failures": 1,
    "probe_successes": 1,
}
_MOST = {"collect_sampling_rate": 1}
# With less, a reader could miss lines between two looks.
LEAST_LOG = 100_000
# The target chooses these when it starts the server.
FIXED = (
    "name",
    "host",
    "port",
    "workers",
    "token_file",
    "auth",
    "auth_file",
    "tls_certificate",
    "tls_key",
    "state_folder",
    "run_folder",
    "environ",
    "health_port",
    "bundle_folder",
    "start_method",
    "exposure",
    "collect_folder",
    "tells_start",
)
# The specification of a service has it, so it is no setting that a user gives; a running server can be told another.
TOLD = ("on_change",)


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
    health_port : int
        A second port with the same routes; 0 for none.
    workers : int
        How many processes run the script.
    token_file : str
        A 0600 file with the admin routes' token; empty closes those routes.
    auth_file : str
        A 0600 file with the :class:`.credentials.Credentials` that requests need. Without it the server does not start;
        empty where ``auth`` says.
    auth : str
        ``"key"`` where the keys are given when the server is started, as those of a packaged service; empty for none.
    tls_certificate, tls_key : str
        Files (PEM) with which the server speaks HTTPS, and HTTPS only; empty for plain HTTP.
    state_folder : str
        Where ``failure.json`` is written when the first generation fails, and ``served`` when it does not; empty for
        nowhere.
    run_folder : str
        This server's own folder, where what it serves is written down; empty for none.
    bundle_folder : str
        Where uploaded bundles are kept; empty where the server takes none.
    environ : dict of str to str
        Environment variables that the script gets.
    queue_limit : int
        Requests that may wait for a worker; more are answered with 503.
    queue_wait_ms : int
        Milliseconds that a request may wait for a worker; then it is answered with 503. 0 for no limit.
    body_limit : int
        Bytes of one request's body; more is answered with 413.
    bundle_limit : int
        Bytes of one uploaded bundle; more is answered with 413.
    head_limit : int
        Bytes of one request's line and headers; more is answered with 431.
    buffer_limit : int
        Bytes of requests that the front holds, all connections together; bodies wait beyond it, and one body of
        ``body_limit`` may come on top. Answers that their clients do not read may be as much.
    max_connections : int
        Connections at once, and never more than the limit of descriptors leaves; where all are in use, those that wait
        longest without a whole request are closed.
    head_seconds : float
        How long a client may take to send a request's head; then it is answered with 408.
    stall_seconds : float
        How long a client may send nothing of a body (408), or read nothing of its answer.
    drain_seconds : float
        How long requests in flight may take after SIGTERM.
    max_restarts : int
        How often in a row a dying worker is replaced before the service is Failed; one that lived 30 s counts as well.
    scoring_timeout_ms : int
        Milliseconds that one ``run()`` may take; then its client gets the contract's error and the worker is replaced.
    init_timeout_ms : int
        Milliseconds that loading the script and its ``init()`` may take; then this version is not taken.
    probe_seconds : float
        Pause between two looks at the workers; after too many looks at which none gets on, the service is Unhealthy.
        0 for none.
    probe_delay_seconds : float
        Pause before the first look at a generation; 0 for ``probe_seconds``.
    probe_timeout_seconds : float
        How long a worker may be busy with one request and still count as one that gets on.
    probe_failures, probe_successes : int
        Looks in a row after which the service is Unhealthy, and Healthy again.
    max_batch : int
        How many waiting requests are predicted together, where the script is one that can: a schema script from 2 on,
        one with ``run_batch`` always (0: 64).
    strict_json : bool
        Whether NaN and infinity in an answer are an error instead of ``null`` with a warning.
    cors_origins : str
        Origins whose pages may call the service, separated by commas; ``*`` stands for parts of a name, alone for all.
    allowed_hosts : str
        Names of hosts that requests may be sent to beside IP addresses and localhost, separated by commas; ``*`` stands
        for parts of a name, alone for all. Empty: none where the service is published on loopback only, else all.
    exposure : str
        ``"loopback"`` where the service is published on this machine's loopback only, ``"network"`` where it is not or
        is behind a router; empty for what the bound address says.
    log_format : str
        ``"text"``, or ``"json"`` for one JSON object a line.
    log_level : str
        The least level that is logged.
    log_size : int
        Bytes after which the log begins again; the one before it is kept as ``<name>.log.1``. 0 for no limit.
    title, version, path_prefix : str
        What the swagger documents call the service, and what they put before its routes.
    server_version : bool
        Whether answers carry ``x-ms-server-version``.
    preload : bool
        Whether ``init()`` runs once, in a process that the workers are then copied from, sharing its memory.
    sample : str
        A request's body that every new generation must answer before it serves; empty for none.
    warm_up : bool
        Whether, without a sample, each worker first answers the example of its script's schema, if it has one. What
        fails there is only logged.
    start_method : str
        ``"fork"``, ``"spawn"``, or empty for the platform's.
    collect : str
        Data that is kept for later: ``"off"``; ``"script"``, what the script's own collectors are given;
        ``"failed"``, also the inputs and outputs of requests that failed; ``"requests"``, those of all requests.
    collect_sampling_rate : float
        The share of requests that are collected, from 0 to 1.
    collect_size : int
        Bytes that the collected data may take in all; then the oldest goes.
    collect_body_size : int
        Bytes of one input or output that are kept; the rest is cut off, and the record says so.
    collect_keep : bool
        Whether the collected data stays when the service is deleted.
    collect_folder : str
        Where the collected data is written; empty for nowhere.
    debug_port : int
        Where on loopback a debugger attaches to one of the workers (debugpy's protocol); 0 for nowhere.
    debug_wait : bool
        Whether that worker loads the script only once a debugger has attached.
    debug_source : str
        The user's own file of the script, in which breakpoints are set; empty for the script itself.
    debug_local : str
        The folder outside of this container that has the files in which breakpoints are set; empty outside of one.
    otlp_endpoint : str
        Where OpenTelemetry's spans and metrics are sent, without /v1/traces; empty for where the variable
        OTEL_EXPORTER_OTLP_ENDPOINT says, if it does.
    on_change : str
        Addresses and commands that are told when the service's state changes by itself, as a JSON list.
    tells_start : bool
        Whether they are told of the first start, too.
    """

    name: str = "service"
    host: str = "127.0.0.1"
    port: int = 5001
    health_port: int = 0
    workers: int = 1
    token_file: str = ""
    auth_file: str = ""
    auth: str = ""
    tls_certificate: str = ""
    tls_key: str = ""
    state_folder: str = ""
    run_folder: str = ""
    bundle_folder: str = ""
    environ: dict[str, str] = field(default_factory=dict, repr=False, hash=False)
    queue_limit: int = 1000
    queue_wait_ms: int = 0
    body_limit: int = 100 << 20
    bundle_limit: int = 8 << 30
    head_limit: int = 64 << 10
    buffer_limit: int = 128 << 20
    max_connections: int = 1000
    head_seconds: float = 20.0
    stall_seconds: float = 60.0
    drain_seconds: float = 30.0
    max_restarts: int = 7
    scoring_timeout_ms: int = 3_600_000
    init_timeout_ms: int = 3_600_000
    probe_seconds: float = 0.0
    probe_delay_seconds: float = 0.0
    probe_timeout_seconds: float = 2.0
    probe_failures: int = 3
    probe_successes: int = 1
    max_batch: int = 0
    strict_json: bool = False
    cors_origins: str = ""
    allowed_hosts: str = ""
    exposure: str = ""
    log_format: str = "text"
    log_level: str = "INFO"
    log_size: int = 20_000_000
    title: str = "ML service"
    version: str = "1.0"
    path_prefix: str = ""
    server_version: bool = True
    preload: bool = False
    sample: str = field(default="", repr=False)
    warm_up: bool = False
    start_method: str = ""
    collect: str = "off"
    collect_sampling_rate: float = 1.0
    collect_size: int = 100_000_000
    collect_body_size: int = 1 << 20
    collect_keep: bool = False
    collect_folder: str = ""
    debug_port: int = 0
    debug_wait: bool = False
    debug_source: str = ""
    debug_local: str = ""
    otlp_endpoint: str = ""
    on_change: str = field(default="", repr=False)
    tells_start: bool = False

    def dumps(self) -> str:
        """Return the JSON that :func:`read_config` reads."""
        return json.dumps(asdict(self), indent=1)

    def options(self, workers: int, *, debugged: bool = False) -> WorkerOptions:
        """Return the settings of a generation's workers; a debugger attaches to one that is ``debugged``."""
        copies = workers if self.preload else 0
        rate = self.collect_sampling_rate if self.collects else 0.0
        return WorkerOptions(
            max_batch=self.max_batch,
            strict_json=self.strict_json,
            log_format=self.log_format,
            log_level=self.log_level,
            copies=copies,
            sampling_rate=rate,
            collected_size=self.collect_body_size,
            otlp_endpoint=self.otlp_endpoint,
            service=self.name,
            debug_port=self.debug_port if debugged else 0,
            debug_wait=self.debug_wait,
            debug_source=self.debug_source,
            debug_local=self.debug_local,
            debug_folder=str(Path(self.state_folder) / "cells") if self.state_folder else "",
        )

    @property
    def hooks(self) -> tuple[str, ...]:
        """The addresses and commands that are told of changes."""
        return tuple(json.loads(self.on_change)) if self.on_change else ()

    @property
    def collects(self) -> bool:
        """Whether anything is collected, and there is a place for it."""
        return self.collect != "off" and bool(self.collect_folder)


def settable() -> dict[str, tuple[str, ...]]:
    """Return the settings that a user may change, not those that the target chooses, with their values if few."""
    few = {"bool": ("true", "false")}
    found = [field for field in fields(ServingConfig) if field.name not in {*FIXED, *TOLD}]
    return {field.name: _CHOICES.get(field.name, few.get(str(field.type), ())) for field in found}


def meanings() -> dict[str, str]:
    """Return what each setting means, from the docstring of :class:`ServingConfig` (empty with ``-OO``)."""
    found = dict.fromkeys((field.name for field in fields(ServingConfig)), "")
    current: list[str] = []
    for line in inspect.cleandoc(ServingConfig.__doc__ or "").splitlines():
        head = re.fullmatch(r"(\w+(?:, \w+)*) : .+", line)
        if head:
            current = head[1].split(", ")
        elif line.startswith("    "):
            found.update({name: f"{found.get(name, '')} {line.strip()}".strip() for name in current})
    return found


def with_settings(
    config: ServingConfig, values: Mapping[str, Any], where: str, *, texts: bool = False
) -> ServingConfig:
    """Return ``config`` with ``values`` in place of its own, checked.

    ``where`` names their source in messages. With ``texts``, texts may stand for values, as in variables and on
    command lines: ``"2"``, ``"true"``.
    """
    known = asdict(ServingConfig())
    refuse_unknown_keys(values, known, where)
    changes = {}
    for key, value in values.items():
        wanted = type(known[key])
        if texts and isinstance(value, str) and wanted is not str:
            changes[key] = _checked(key, _parsed(key, value, wanted, where), wanted, where)
        else:
            changes[key] = _checked(key, value, wanted, where)
    return replace(config, **changes)


def _checked(key: str, value: Any, wanted: type, where: str) -> Any:
    right = isinstance(value, (int, float) if wanted is float else wanted)
    if not right or (isinstance(value, bool) and wanted is not bool):
        raise ConfigProblem(f"{where}: {key} must be a {wanted.__name__}, not {value!r}.")
    choices = _CHOICES.get(key)
    if choices and value not in choices:
        raise ConfigProblem(f"{where}: {key} cannot be {value!r}.", hint=f"One of: {', '.join(filter(None, choices))}.")
    if key in _LEAST and value < _LEAST[key]:
        raise ConfigProblem(f"{where}: {key} must be at least {_LEAST[key]}, not {value}.")
    if key in _MOST and value > _MOST[key]:
        raise ConfigProblem(f"{where}: {key} must be at most {_MOST[key]}, not {value}.")
    if key == "otlp_endpoint":
        check_endpoint(value)
    if key == "log_size" and 0 < value < LEAST_LOG:
        raise ConfigProblem(f"{where}: log_size must be at least {LEAST_LOG} bytes, or 0 for no limit, not {value}.")
    return value


def _parsed(key: str, text: str, wanted: type, where: str) -> Any:
    if wanted is bool:
        word = text.strip().lower()
        if word in {"true", "1", "yes", "on"}:
            return True
        if word in {"false", "0", "no", "off", ""}:
            return False
        raise ConfigProblem(f"{where}: {key} must be true or false, not {text!r}.")
    if not re.fullmatch(r"\s*-?\d+\s*" if wanted is int else r"\s*-?\d+(\.\d*)?\s*", text):
        raise ConfigProblem(f"{where}: {key} must be a number, not {text!r}.")
    return wanted(text)


def read_config(path: Path) -> ServingConfig:
    """Read a server's settings from a JSON object and check them; missing keys keep their defaults."""
    return with_settings(ServingConfig(), read_object(path), str(path))


def read_object(path: Path) -> dict[str, Any]:
    """Read a JSON object from a file."""
    try:
        values: Any = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise ConfigProblem(f"{path} cannot be read as JSON: {error}.", hint="It must hold one JSON object.") from error
    if not isinstance(values, dict):
        raise ConfigProblem(f"{path} does not hold a JSON object.", hint='For example {"workers": 2}.')
    return values
