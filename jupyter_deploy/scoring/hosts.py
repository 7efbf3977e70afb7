"""Scripts that run in the processes of a cluster: each process loads a script once, in a worker without a server."""

from __future__ import annotations

import contextlib
import io
import shutil
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from ..invoking import Payload, decoded
from ..serving import (
    Failure,
    HostDied,
    HostedScript,
    HostFailed,
    HostLate,
    WorkerOptions,
    decode,
    unpack_bundle,
)
from .asking import NO_ANSWER, Outcome, RowScorer, Said
from .plan import Plan
from .sources import Row

# Its client may have been killed.
_IDLE_SECONDS = 300.0
_DIED = 502
_HOSTS: dict[str, Host] = {}


@dataclass(frozen=True)
class Shipment:
    """What a cluster's processes need of a service."""

    key: str  # a name for it within the cluster
    digest: str  # the bundle's
    folder: str  # the bundle's, where it can be seen
    archive: bytes | None = field(repr=False)  # the bundle, where a process does not see the folder
    options: Mapping[str, Any] = field(hash=False)
    variables: Mapping[str, str] = field(hash=False, repr=False)
    timeout: float | None = None


class Host:
    """One script in this process, for all of its threads."""

    def __init__(self, shipment: Shipment) -> None:
        self._shipment = shipment
        self._lock = threading.Lock()
        self._unpacked: str = ""
        self._script: HostedScript | None = None
        self._ended = threading.Event()
        self._used = time.monotonic()
        threading.Thread(target=self._end_when_idle, name="jupyter_deploy idle", daemon=True).start()

    def facts(self) -> dict[str, Any]:
        """Return what the script's worker tells of it."""
        with self._lock:
            return self._loaded().facts()

    def score(self, plan: Plan, rows: Sequence[Row]) -> list[Outcome]:
        """Score rows; one call at a time."""
        with self._lock:
            try:
                return RowScorer(plan, HostAsker(self._loaded(), self._shipment.timeout)).score(rows)
            finally:
                self._used = time.monotonic()

    def _loaded(self) -> HostedScript:
        self._used = time.monotonic()
        if self._script is None:
            one = self._shipment
            folder = Path(one.folder)
            if not (folder / "bundle.json").is_file():
                assert one.archive is not None
                self._unpacked = tempfile.mkdtemp(prefix="jupyter_deploy-score-")
                folder = Path(self._unpacked, "bundle")
                unpack_bundle(io.BytesIO(one.archive), folder, one.digest, {})
            self._script = HostedScript(folder, WorkerOptions(**one.options), one.variables)
        return self._script

    def _end_when_idle(self) -> None:
        while not self._ended.wait(_IDLE_SECONDS / 10):
            if time.monotonic() - self._used > _IDLE_SECONDS and self._lock.acquire(blocking=False):
                try:
                    self._release()
                finally:
                    self._lock.release()

    def _release(self) -> None:
        if self._script is not None:
            self._script.close()
            self._script = None
        if self._unpacked:
            shutil.rmtree(self._unpacked, ignore_errors=True)
            self._unpacked = ""

    def close(self) -> None:
        """End the script's process, and remove its files."""
        self._ended.set()
        with self._lock:
            self._release()


class HostAsker:
    """Asks a script in this process's charge."""

    # A worker that was too slow was ended.
    settles = 0.0

    def __init__(self, script: HostedScript, timeout: float | None) -> None:
        self._script, self._timeout = script, timeout

    def ask(self, payload: Payload) -> Said:
        """Have the script answer."""
        try:
            answer = self._script.ask(payload.body, self._timeout)
        except HostLate as late:
            return Said(NO_ANSWER, explain=partial(str, late))
        except HostDied as died:
            return Said(_DIED, explain=partial(str, died))
        if not 200 <= answer.status < 300:
            return Said(answer.status, explain=partial(_why, answer.failure, answer.body))
        try:
            value: Any = decode(answer.body)
        except (ValueError, RecursionError):
            value = decoded(answer.body, answer.content_type)
        return Said(answer.status, value)


def _why(failure: Failure | None, body: bytes) -> str:
    if failure is not None:
        return failure.summary
    with contextlib.suppress(ValueError, RecursionError):
        found = decode(body)
        return str(found.get("message", found)) if isinstance(found, dict) else str(found)
    return body[:500].decode("utf-8", "replace")


# What the cluster calls, in its own processes.


def open_host(shipment: Shipment) -> None:
    """Make a script known to this process; it is loaded when it is asked first."""
    _HOSTS[shipment.key] = Host(shipment)


def close_host(key: str) -> None:
    """End a script in this process."""
    host = _HOSTS.pop(key, None)
    if host is not None:
        host.close()


def describe(key: str) -> dict[str, Any]:
    """Load a script here, and return its facts, or its failure."""
    try:
        return {"facts": _HOSTS[key].facts()}
    except HostFailed as error:
        return {"failure": error.failure.as_dict()}
    except HostDied as error:
        return {"died": str(error)}


def score(key: str, plan: Plan, rows: Sequence[Row]) -> list[Outcome]:
    """Score rows here."""
    return _HOSTS[key].score(plan, rows)


def sees(folder: str) -> bool:
    """Whether this process sees a bundle's folder."""
    return Path(folder, "bundle.json").is_file()
