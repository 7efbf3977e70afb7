"""Run a script on one value, in a temporary server on the environment of the services that run it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from ..bundles import captured_in
from ..deploying import Progress, Resolver
from ..errors import DeployError, Hint, TrialFailed
from ..invoking import Answer
from ..scripts import Script
from ..services import ServiceRecord, Services, ServiceSpec
from ..serving import place_of
from .temporary import TemporaryServers

if TYPE_CHECKING:
    from ..deploying import Deployment
    from .service import Service

_LINES = 10_000
# A record in the server's log: level, source, text.
_RECORD = re.compile(r"^\S+ \S+ ([A-Z]) \[\d+\] \S+ (\S+) - ?(.*)$")
_LEVELS = {"D": "DEBUG", "I": "INFO", "W": "WARNING", "E": "ERROR", "C": "CRITICAL", "F": "CRITICAL"}
_PRINTED = ("print", "stdout", "stderr", "output")
_CUT = "… the output before this was dropped"


@dataclass(frozen=True)
class Trial:
    """The result of trying a script.

    Parameters
    ----------
    answer : object
        What ``run()`` answered, as a client gets it.
    init_seconds : float
        The time to load the script and run ``init()``.
    seconds : float
        The time of ``run()``.
    output : str
        What the script printed and logged.
    """

    script: str
    answer: Any = field(hash=False)
    init_seconds: float
    seconds: float
    output: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Return all fields for JSON."""
        return {
            "script": self.script,
            "answer": self.answer,
            "init_seconds": self.init_seconds,
            "seconds": self.seconds,
            "output": self.output,
        }


class Trials:
    """Tries scripts.

    A script is tried as the first service that runs it would run it; ``target`` names the target for a script without
    a service.
    """

    def __init__(
        self,
        rows: Services,
        resolver: Resolver,
        deployment: Deployment,
        target: Callable[[], str],
        servers: TemporaryServers,
    ) -> None:
        self._rows = rows
        self._resolver = resolver
        self._deployment = deployment
        self._target = target
        self._servers = servers

    def run(self, script: Script, value: Any, progress: Progress) -> Trial:
        """Try a script, stored or not, on a value for :meth:`jupyter_deploy.workspace.Service.invoke`.

        Raises
        ------
        TrialFailed
            With the traceback on the cell's lines, and what was printed before.
        """
        with self._server(script, *self._as_its_service(script), progress) as service:
            progress("calling run()")
            try:
                answer = service.request(value)
            except DeployError as error:
                raise self._failed(script, service.name, error) from error
            took = answer.seconds if answer.run_seconds is None else answer.run_seconds
            printed = self._printed(script, service.name)
            return Trial(script.name, answer.value, service.health.init_seconds, took, printed)

    def answer(
        self,
        record: ServiceRecord,
        script: Script,
        models: tuple[str, ...] | None,
        ask: Callable[[Service], Answer],
        progress: Progress,
    ) -> Answer:
        """Ask another script, or the same with other models, run as a service runs its own.

        Raises
        ------
        TrialFailed
            If it cannot be loaded.
        InvokeProblem
            If it fails on the request.
        """
        spec, ids = self._like(record)
        with self._server(script, spec, ids if models is None else models, progress) as service:
            progress("calling run()")
            return ask(service)

    @contextmanager
    def _server(
        self, script: Script, spec: ServiceSpec, ids: tuple[str, ...] | None, progress: Progress
    ) -> Iterator[Service]:
        with self._servers.reserved() as (name, opened):
            resolved = self._resolver.resolve(spec, opened, script, ids, large=True)
            try:
                service = self._servers.start(name, resolved, script.name, progress)
            except DeployError as error:
                raise self._failed(script, name, error) from error
            yield service

    def _as_its_service(self, script: Script) -> tuple[ServiceSpec, tuple[str, ...] | None]:
        for record in self._rows.all():
            if record.spec.script == script.name and not record.spec.script_is_file:
                return self._like(record)
        # Use the script's name: the trial's own has no model.
        spec = ServiceSpec(script.name, script.name, target=self._target())
        return spec, self._resolver.default_models(script.name, script)

    def _like(self, record: ServiceRecord) -> tuple[ServiceSpec, tuple[str, ...]]:
        """Return what a trial shares with a service, and its models but those that the script captured."""
        captured = captured_in(self._deployment.bundle_folder(record))
        return replace(record.spec, workers=1), tuple(known for known in record.models if known not in captured)

    def _failed(self, script: Script, name: str, error: DeployError) -> TrialFailed:
        printed = self._printed(script, name)
        details = "\n".join(part for part in (printed, error.details) if part)
        # The trial's log will be gone when this is read.
        hint = error.hint.without_log if isinstance(error.hint, Hint) else error.hint
        return TrialFailed(f"{script.name}: {error.problem}", details=details, hint=hint)

    def _printed(self, script: Script, name: str) -> str:
        text = self._servers.log(name, _LINES)
        lines = text.split("\n") if text else []
        # Many or very long lines: the kept part may begin in the middle of a record.
        whole = not lines[0] or (len(lines) < _LINES and bool(_RECORD.match(lines[0]))) if lines else True
        said = [_said(script, *match.groups()) for match in map(_RECORD.match, lines) if match]
        return "\n".join([*([] if whole else [_CUT]), *(line for line in said if line is not None)])


def _said(script: Script, level: str, source: str, text: str) -> str | None:
    """Write the script's output as Python shows it without a server; None for the server's own records."""
    if source in _PRINTED:
        return text
    if source == "access" or source.startswith("jupyter_deploy."):
        return None
    if source == "py.warnings":
        # Python's own form: the place, the warning and, on a line of its own, the code.
        return re.sub(rf"\S*{re.escape(script.file_name)}:(\d+)", lambda at: _place(script, int(at[1])), text) or None
    return f"{_LEVELS.get(level, level)}:{source}:{text}"


def _place(script: Script, line: int) -> str:
    label, number = place_of(line, script.label, script.origins)
    return f"{label}, line {number}"
