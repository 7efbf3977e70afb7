"""Servers for a moment: they run what no service serves yet, are not listed as services, and nothing of them stays."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from ..errors import NotFound
from ..files import write_atomic

if TYPE_CHECKING:
    from ..deploying import Progress, Resolved, Rollout
    from ..home import Home
    from ..services import Services
    from ..store import Claims, Stage
    from .service import Service

_PREFIX = "try-"
# The beginnings of settings that are a service's only.
_NOT_THEIRS = ("collect", "otlp")


class TemporaryServers:
    """Starts and removes them. A file in ``trials/`` tells whose they are, so that those of dead processes are found.

    ``rollout`` starts servers, ``delete`` removes a service. ``handle`` makes the client from a service's name and the
    name for errors.
    """

    def __init__(
        self,
        home: Home,
        claims: Claims,
        rows: Services,
        rollout: Callable[[], Rollout],
        delete: Callable[[str], object],
        handle: Callable[..., Service],
    ) -> None:
        self._home = home
        self._claims = claims
        self._rows = rows
        self._rollout = rollout
        self._delete = delete
        self._handle = handle

    @contextmanager
    def reserved(self) -> Iterator[tuple[str, Stage]]:
        """Reserve a name for a server, and a stage for its bundle; whatever has that name at the end is removed."""
        name = f"{_PREFIX}{secrets.token_hex(4)}"
        with self._claims.open() as opened:
            self._home.trials.mkdir(exist_ok=True)
            write_atomic(self._home.trials / name, opened.token)
            try:
                yield name, opened
            finally:
                self._remove(name)

    def start(self, name: str, resolved: Resolved, told_as: str, progress: Progress) -> Service:
        """Start a server under a reserved name, on any port, and wait until it serves; it collects and sends nothing.

        Raises
        ------
        StartFailed, TargetProblem, EnvironmentProblem
            Telling it by the name ``told_as``.
        """
        settings = {key: value for key, value in resolved.spec.settings.items() if not key.startswith(_NOT_THEIRS)}
        spec = replace(resolved.spec, name=name, port=0, replicas=1, settings=settings, tls="")
        # It follows no model, and tells no hook.
        spec = replace(spec, follow_model="", on_change=())
        like = self._rows.find(resolved.spec.name)
        resolved = replace(resolved, spec=spec, told_as=told_as, runs_as=like.server if like else None)
        self._rollout().apply(None, resolved, True, progress)
        return self._handle(name, told_as=told_as)

    def log(self, name: str, lines: int) -> str:
        """Return the end of a server's log; empty where it was never written down."""
        return self._handle(name).logs(lines) if self._rows.find(name) else ""

    def collect(self) -> None:
        """Remove the servers whose process died; called when stages of the dead have been removed."""
        for mark in self._home.trials.glob(f"{_PREFIX}*"):
            try:
                stage_of_it = mark.read_text()
            except FileNotFoundError:
                # It has ended just now.
                continue
            if not self._claims.is_open(stage_of_it):
                self._remove(mark.name)

    def _remove(self, name: str) -> None:
        if self._rows.find(name):
            # Another process may have found it, too.
            with suppress(NotFound):
                self._delete(name)
        (self._home.trials / name).unlink(missing_ok=True)
