"""A live handle on one service, and the scoring client."""

from __future__ import annotations

import codecs
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import requests

from .config import Home
from .environments.environment import from_stored
from .errors import InvokeProblem, ServiceDown
from .exchange import Exchange
from .hints import failure_hint
from .service_rows import Services
from .services import Change, Health, ServiceRecord, Stats, Target
from .serving.answers import to_json
from .serving.failures import Failure

if TYPE_CHECKING:
    from .deployment import Deployment

ANSWER_LIMIT = 32 << 20


class Service:
    """One service, whoever started it. All attributes are asked for when they are read.

    Parameters
    ----------
    name : str
        The service's name.
    rows : Services
        Where its intent is kept.
    home : Home
        The workspace's folders.
    target : callable
        Given a target's name, returns it.
    deployment : Deployment
        What changes services.
    change : Change, optional
        What was just done to it, for those who show it.
    """

    def __init__(
        self,
        name: str,
        rows: Services,
        home: Home,
        target: Callable[[str], Target],
        deployment: Deployment,
        change: Change | None = None,
    ) -> None:
        self.name = name
        self.change = change
        self._rows = rows
        self._home = home
        self._target = target
        self._deployment = deployment

    def __repr__(self) -> str:
        return f"<Service {self.name}>"

    @property
    def record(self) -> ServiceRecord:
        """The service's row."""
        return self._rows.get(self.name)

    @property
    def health(self) -> Health:
        """How it is, asked from its target now."""
        return self._deployment.health(self.record)

    @property
    def state(self) -> str:
        """One of Transitioning, Healthy, Unhealthy, Unschedulable, Failed, Stopped."""
        return self.health.state

    @property
    def scoring_uri(self) -> str:
        """Where requests go; empty before the first start."""
        return self._uri(self.record)

    def _uri(self, record: ServiceRecord) -> str:
        route = record.spec.image.get("scoring", "/score")
        return f"{self._target(record.spec.target).url(record.handle)}{route}" if record.handle.get("port") else ""

    @property
    def log_file(self) -> Path:
        """The file that its output is appended to."""
        return self._home.log(self.name)

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for JSON.

        Returns
        -------
        dict
            Name, state, address, script, models, counts, and the change just made.
        """
        record = self.record
        health = self._deployment.health(record)
        return {
            "name": self.name,
            "state": health.state,
            "reason": health.reason,
            "scoring_uri": self._uri(record),
            "script": "" if record.spec.image else record.spec.script,
            "image": record.spec.image.get("name", ""),
            "models": list(record.models),
            "target": record.spec.target,
            "environment": self._environment(record),
            "pid": record.handle.get("pid"),
            "container": record.handle.get("name"),
            "workers": list(health.workers),
            "generation": health.generation,
            "restarts": health.restarts,
            "requests": health.requests,
            "recent": health.recent,
            "mode": health.mode,
            "uptime_seconds": round(time.time() - health.started, 3) if health.started else 0,
            "bundle": record.bundle,
            "log": str(self.log_file),
            "change": self.change.as_dict() if self.change else None,
        }

    def invoke(self, value: Any = "", *, limit: int | None = ANSWER_LIMIT, timeout: float | None = None) -> Any:
        """Send a value to the service and return its answer.

        Parameters
        ----------
        value : object
            Text and bytes are sent as they are; lists, dicts, arrays, frames and so on as JSON.
        limit : int or None, optional
            Bytes of an answer that are accepted; None for any.
        timeout : float, optional
            Seconds to wait for the answer; for ever by default.

        Returns
        -------
        object
            The answer, decoded from JSON.

        Raises
        ------
        InvokeProblem
            With the script's traceback where it failed.
        ServiceDown
            With the service's state where it does not answer.
        """
        return self.exchange(value, limit=limit, timeout=timeout).answer

    def exchange(self, value: Any = "", *, limit: int | None = ANSWER_LIMIT, timeout: float | None = None) -> Exchange:
        """Send a value to the service and return its answer with status and times.

        Parameters
        ----------
        value, limit, timeout : optional
            As for :meth:`invoke`.

        Returns
        -------
        Exchange
            Of a request that succeeded.

        Raises
        ------
        InvokeProblem
            As :meth:`invoke` does; its ``exchange`` has status and times where there was an answer.
        ServiceDown
            With the service's state where it does not answer.
        """
        body = encode_payload(value)
        record = self.record
        started = time.perf_counter()
        target = self._target(record.spec.target)
        with requests.Session() as session:
            session.trust_env = False
            try:
                with session.post(
                    self._uri(record),
                    data=body,
                    headers={"Content-Type": "application/json"},
                    timeout=timeout,
                    stream=True,
                ) as response:
                    content = self._read(response, limit)
            except requests.Timeout as error:
                raise InvokeProblem(f"{self.name} did not answer within {timeout} s.") from error
            except requests.RequestException as error:
                raise self._down(record) from error
        told = response.headers.get("x-ms-run-fn-exec-ms", "")
        took = (time.perf_counter() - started) * 1000
        found = Exchange(
            None, response.status_code, took, float(told) if told.replace(".", "", 1).isdecimal() else None
        )
        if response.status_code == requests.codes.ok:
            return replace(found, answer=_decode(content))
        refused = self._refused(record, target, response, content)
        refused.exchange = found
        raise refused

    def _read(self, response: requests.Response, limit: int | None) -> bytes:
        content = bytearray()
        for part in response.iter_content(1 << 20):
            content += part
            if limit is not None and len(content) > limit:
                size = int(response.headers.get("content-length", len(content)))
                raise InvokeProblem(
                    f"{self.name} answered {size / 1e6:,.0f} MB; this takes at most {limit / 1e6:,.0f} MB.",
                    hint=f"In Python: Workspace().services[{self.name!r}].invoke(value, limit=None)",
                )
        return bytes(content)

    def _down(self, record: ServiceRecord) -> ServiceDown:
        health = self._deployment.health(record)
        return ServiceDown(
            f"{self.name} does not answer; it is {health.state}" + (f": {health.reason}." if health.reason else "."),
            hint=f"deploy {self.name} starts it again; logs {self.name} shows what happened.",
        )

    def _refused(
        self, record: ServiceRecord, target: Target, response: requests.Response, content: bytes
    ) -> InvokeProblem:
        request_id = response.headers.get("x-ms-request-id", "")
        folder = self._home.service(self.name)
        found = target.failure(folder, record.handle, request_id) if response.status_code >= 500 else None
        if found:
            failure = Failure(**found)
            hint = failure_hint(failure, record, self._deployment.bundle_folder(record))
            return InvokeProblem(f"{self.name}: {failure.summary}", details=failure.traceback, hint=hint)
        answer = _decode(content)
        message = answer.get("message", answer) if isinstance(answer, dict) else answer
        return InvokeProblem(
            f"{self.name} answered {response.status_code}: {str(message)[:500]}",
            hint=f"logs {self.name} shows more; the request's id is {request_id}.",
        )

    @staticmethod
    def _environment(record: ServiceRecord) -> dict[str, Any]:
        known = record.handle.get("environment") if not record.spec.image else None
        return from_stored(known).as_dict() if known else {}

    def logs(self, lines: int = 100) -> str:
        """Return the end of the service's log.

        Parameters
        ----------
        lines : int, optional
            How many lines at most. At most 4 MB are read; longer lines are cut.

        Returns
        -------
        str
            Oldest first; empty where nothing was logged.
        """
        return b"".join(self._output(lines, follow=False)).decode("utf-8", "replace")

    def get_logs(self, num_lines: int = 5000, raw: bool = False) -> str:
        """Return the end of the service's log, by azureml-core's name for it.

        Parameters
        ----------
        num_lines : int, optional
            How many lines at most.
        raw : bool, optional
            Means nothing here.

        Returns
        -------
        str
            Oldest first.
        """
        return self.logs(num_lines)

    def _output(self, lines: int, *, follow: bool) -> Iterator[bytes]:
        record = self.record
        return self._target(record.spec.target).output(record.handle, self.log_file, lines, follow)

    def follow(self, lines: int = 10) -> Iterator[str]:
        """Yield the log's end and then whatever is added, until the caller stops.

        Parameters
        ----------
        lines : int, optional
            How many lines that are there already come first.

        Yields
        ------
        str
            Pieces of the log, as they appear.
        """
        # A character may be cut by the end of what is there so far.
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        for piece in self._output(lines, follow=True):
            yield decoder.decode(piece)

    def stats(self) -> Stats:
        """Measure what the service uses: processor, memory, network.

        Returns
        -------
        Stats
            Of this moment; it takes a tenth of a second.

        Raises
        ------
        ServiceDown
            If it does not run.
        """
        record = self.record
        if record.desired == "stopped" or "unschedulable" in record.handle:
            raise ServiceDown(f"{self.name} does not run.", hint=f"deploy {self.name} starts it.")
        return self._target(record.spec.target).stats(record.handle)

    def reload(self, script: str | Path | None = None, model: str | None = None, sample: Any = None) -> Change:
        """Serve the script as it is now, and the same models or another version; without a failed request.

        Parameters
        ----------
        script : str or pathlib.Path, optional
            A file to serve from now on, instead of the script that it has.
        model : str, optional
            ``NAME`` for the newest or ``NAME:VERSION``, instead of the version of that model that it has.
        sample : object, optional
            A value, as for :meth:`invoke`, that this and every later version must answer before it serves.

        Returns
        -------
        Change
            What was done.

        Raises
        ------
        ReloadFailed
            With the traceback; the old version still serves.
        """
        text = None if sample is None else encode_payload(sample).decode()
        self.change = self._deployment.reload(self.name, script=script, model=model, sample=text)
        return self.change

    def stop(self) -> None:
        """Let the service finish what it holds and end it; ``deploy`` starts it again."""
        self._deployment.stop(self.name)

    def delete(self) -> None:
        """Stop the service and forget it, with its log."""
        self._deployment.delete(self.name)


def encode_payload(value: Any) -> bytes:
    """Turn a Python value into a request's body.

    Parameters
    ----------
    value : object
        Text and bytes stay as they are, everything else becomes JSON.

    Returns
    -------
    bytes
        The body.

    Raises
    ------
    InvokeProblem
        Naming the class that has no JSON form.
    """
    if isinstance(value, (bytes, bytearray)):
        return bytes(value)
    if isinstance(value, str):
        return value.encode()
    try:
        return to_json(value)
    except TypeError as error:
        raise InvokeProblem(
            f"The value cannot be sent as JSON: {error}.", hint="Convert it to lists and dicts first."
        ) from error


def _decode(content: bytes) -> Any:
    import orjson

    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError:
        return content.decode("utf-8", "replace")
