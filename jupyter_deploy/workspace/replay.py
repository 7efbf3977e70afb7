"""Run a collected request again, against what serves now or another script or model, and compare the answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from ..deploying import Progress
from ..errors import InvokeProblem, TrialFailed, UsageProblem
from ..files import in_home
from ..invoking import Answer, Payload
from ..registry import parse_reference
from ..scripts import Script, Scripts, script_from_file
from ..services import ServiceRecord, Services
from .replayed import Outcome, Replayed, differences
from .trial import Trials

if TYPE_CHECKING:
    from .collected import CollectedRequest
    from .service import Service

_MOST = 20
_LENGTH = "Inference-Header-Content-Length"


class Replays:
    """Runs collected requests again.

    Parameters
    ----------
    rows, scripts : Services, Scripts
        What there is.
    trials : Trials
        Runs another script, or other models, in a fresh process.
    handle : callable
        Given a service's name, returns its handle.
    """

    def __init__(self, rows: Services, scripts: Scripts, trials: Trials, handle: Callable[[str], Service]) -> None:
        self._rows, self._scripts, self._trials, self._handle = rows, scripts, trials, handle

    def run(
        self,
        service: str,
        wanted: str,
        *,
        script: str | Path | None = None,
        version: str | int | None = None,
        against: str | None = None,
        progress: Progress = lambda _: None,
    ) -> Replayed:
        """Run a request again.

        Parameters
        ----------
        service, wanted : str
            Whose request, and its id or the beginning of it.
        script, version : str or pathlib.Path, str or int, optional
            Another script or model version (``2`` or ``NAME:2``) than the service has, tried in a fresh process.
        against : str, optional
            Another service, which answers instead.

        Raises
        ------
        NotFound
            With the nearest id.
        UsageProblem
            If the request cannot be sent again as it was.
        """
        if against and (script is not None or version is not None):
            raise UsageProblem("A replay has one counterpart.", hint="Leave out --against, or --script and --version.")
        record = self._rows.get(service)
        request = self._handle(record.name).collections.request(wanted)
        payload = _payload(request)
        before = Outcome(_served(request), request.status, request.output, request.seconds, request.error)
        if script is None and version is None:
            other = self._handle(self._rows.get(against).name if against else record.name)
            progress(f"asking {other.name}")
            after = _outcome(f"{other.name} as it serves now", lambda: _sent(other, request, payload))
        else:
            after = self._tried(record, request, payload, script, version, progress)
        known = request.output is not None and "output" not in request.cut
        found = tuple(islice(_between(before, after, known, _is_tensors(request)), _MOST + 1))
        if len(found) > _MOST:
            found = (*found[:_MOST], "… and more")
        return Replayed(record.name, request.id, request.input, before, after, found, known)

    def _tried(
        self,
        record: ServiceRecord,
        request: CollectedRequest,
        payload: Payload,
        script: str | Path | None,
        version: str | int | None,
        progress: Progress,
    ) -> Outcome:
        text = self._script(record, script)
        models = None if version is None else _with_version(record, str(version))
        by = f"{text.name if script is not None else record.name} in a fresh process"
        by += f", with {', '.join(models)}" if models else ""

        def answer() -> Answer:
            return self._trials.answer(record, text, models, lambda tried: _sent(tried, request, payload), progress)

        return _outcome(by, answer)

    def _script(self, record: ServiceRecord, given: str | Path | None) -> Script:
        if given is None:
            own = record.spec
            if not own.script_is_file and own.script not in self._scripts:
                # A model without a script of the user's: the one that was written for it.
                return self._handle(record.name).script
            return script_from_file(Path(own.script)) if own.script_is_file else self._scripts.get(own.script)
        path = in_home(given)
        is_file = isinstance(given, Path) or (given not in self._scripts and path.suffix == ".py")
        return script_from_file(path) if is_file else self._scripts.get(str(given))


def _payload(request: CollectedRequest) -> Payload:
    if request.body is None:
        raise UsageProblem(
            f"The input of {request.short_id} was too large to be kept whole.",
            hint="jupyter model deploy SERVICE --set collect_body_size=10000000 keeps more of those to come.",
        )
    if request.method != "POST" and not request.body:
        raise UsageProblem(f"{request.short_id} is a {request.method}; a replay sends POST.", hint="Call it by hand.")
    return Payload(request.body, request.content_type)


def _is_tensors(request: CollectedRequest) -> bool:
    return request.path.startswith("/v2/")


def _sent(service: Service, request: CollectedRequest, payload: Payload) -> Answer:
    """Send a request as it was sent: tensors to the protocol's route, which has the service's own name."""
    if not _is_tensors(request):
        return service.request(payload, query=request.query)
    route = f"/v2/models/{quote(service.name)}/infer"
    length = _head_of(payload.body)
    header = {_LENGTH: str(length)} if length < len(payload.body) else {}
    return service.request(payload, query=request.query, route=route, headers=header)


def _head_of(body: bytes) -> int:
    """Tell where the JSON of tensors ends: their bytes stand behind it, and its length was a header."""
    try:
        return json.JSONDecoder().raw_decode(body.decode("latin-1"))[1]
    except ValueError:
        return len(body)


def _served(request: CollectedRequest) -> str:
    models = f" with {', '.join(request.models)}" if request.models else ""
    return f"{request.script}{models}, {request.time:%Y-%m-%d %H:%M:%S}"


def _with_version(record: ServiceRecord, version: str) -> tuple[str, ...]:
    own = {parse_reference(model)[0]: model for model in record.models}
    name, colon, _ = version.rpartition(":")
    if not colon:
        if len(own) != 1:
            raise UsageProblem(
                f"{record.name} has {len(own)} models: {', '.join(own) or 'none'}.",
                hint="Name the one that is meant: --version NAME:VERSION.",
            )
        name, version = next(iter(own)), f"{next(iter(own))}:{version}"
    if name not in own:
        raise UsageProblem(f"{record.name} has no model {name!r}.", hint=f"It has: {', '.join(own) or 'none'}.")
    return tuple({**own, name: version}.values())


def _outcome(by: str, ask: Callable[[], Answer]) -> Outcome:
    try:
        answer = ask()
    except InvokeProblem as error:
        return Outcome(by, error.status, None, 0.0, error.problem or error.message, error.details)
    except TrialFailed as error:
        return Outcome(by, 0, None, 0.0, error.problem or error.message, error.details)
    return Outcome(by, answer.status, answer.value, answer.seconds)


def _between(before: Outcome, after: Outcome, known: bool, tensors: bool) -> Iterator[str]:
    if before.status != after.status:
        yield f"status: {before.status} → {after.status or 'cannot be loaded'}"
    elif before.failed:
        if before.error and before.error != after.error:
            yield f"error: {before.error} → {after.error}"
        return
    if known and not before.failed and not after.failed:
        yield from differences(_without_names(before.value, tensors), _without_names(after.value, tensors))


def _without_names(value: Any, tensors: bool) -> Any:
    """Leave out of an answer of tensors what names the model and the request: another one has other names."""
    behind: dict[str, Any] = {}
    if tensors and isinstance(value, bytes):
        length = _head_of(value)
        if length == len(value):
            return value
        value, behind = json.loads(value[:length]), {"bytes": value[length:]}
    if not tensors or not isinstance(value, dict):
        return value
    return {key: one for key, one in value.items() if key not in {"model_name", "model_version", "id"}} | behind
