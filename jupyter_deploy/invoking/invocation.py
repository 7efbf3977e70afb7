"""A request to one service: what is sent, what came back, and the error if that is no answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import Hint, InvokeProblem, ServiceDown, UsageProblem
from ..services import Certificate, Health, LocalFolders, ServiceRecord, Target, failure_hint, known_hint
from ..serving import Failure
from .answers import Answer, answer_of, decoded
from .connection import Connection, NoAnswer, Reply, TooLarge, TooSlow
from .expectations import doubt, input_of, nothing_sent, request_hint
from .headers import checked_headers, with_trace
from .payloads import JSON, Payload, payload_of
from .signatures import Signature, may_have_schema, signature_in

# The script's types decide which versions exist: version 2 has no tables within objects.
_DOCUMENTS = ("/swagger.json?version=3", "/swagger.json?version=2")
DOCUMENT_SECONDS = 30.0
# Long enough for a slow model; a longer wait must be asked for, because a hanging worker must not hang a notebook.
ANSWER_SECONDS = 300.0


@dataclass(frozen=True)
class Request:
    """A request that is ready to be sent; its headers include the content type."""

    url: str
    payload: Payload
    headers: Mapping[str, str] = field(hash=False, repr=False)
    # The service whose own credentials are among them; empty where none are, or the user gave others.
    keyed_by: str = ""
    certificate: Certificate | None = None


@dataclass(frozen=True)
class Invocation:
    """One service, as it is invoked."""

    record: ServiceRecord
    url: str  # its scoring address; empty if it never started
    target: Target
    local: LocalFolders  # its places on this machine
    bundle: Path  # the folder that it serves from
    health: Callable[[], Health] = field(repr=False)  # finds out how it is
    last_words: Callable[[], str] = field(repr=False)  # returns the end of its log
    # signatures by bundle, kept for the next request
    known: MutableMapping[str, Signature | None] = field(hash=False, repr=False)
    # the value of an Authorization header; empty if the service has no keys
    authorization: str = field(default="", repr=False)

    def prepare(self, value: Any, headers: Mapping[str, str] | None, connection: Connection | None = None) -> Request:
        """Make a request of a value, as :func:`jupyter_deploy.invoking.payloads.payload_of` does; it is not sent.

        The user's headers win. ``connection`` is for asking a service with a schema for its parameters.
        """
        given = checked_headers(headers or {})
        self.must_run()
        payload = payload_of(value, self._signature(connection))
        own = self.headers(payload)
        lowered = {name.lower() for name in given}
        kept = {name: text for name, text in own.items() if name.lower() not in lowered}
        keyed_by = self.record.name if "Authorization" in kept else ""
        return Request(self.url, payload, {**kept, **given}, keyed_by, self.certificate)

    def headers(self, payload: Payload) -> dict[str, str]:
        """Return the headers of a request without a user's own."""
        return {"Content-Type": payload.content_type, **self._own_headers()}

    def signature(self) -> Signature | None:
        """Return what the service's schema names; None if it has none."""
        self.must_run()
        return self._signature(None)

    @property
    def certificate(self) -> Certificate | None:
        """The server's certificate, which alone is trusted; None for plain HTTP."""
        return self.record.server.certificate if self.record.server else None

    def _own_headers(self) -> dict[str, str]:
        return {"Authorization": self.authorization} if self.authorization else {}

    def nothing(self, command: str) -> UsageProblem | None:
        """Make the error for sending nothing; None if an empty request is valid."""
        if self.record.spec.image:
            return None
        self.must_run()
        return nothing_sent(self.record.name, command, input_of(self.bundle), self._signature(None))

    def must_run(self) -> None:
        """Refuse to send anything to a stopped service: another program may have its port by now."""
        if self.record.active is None or not self.url:
            raise self.down()

    def _signature(self, connection: Connection | None) -> Signature | None:
        record = self.record
        if record.spec.image:
            return None
        if record.bundle not in self.known:
            if not may_have_schema(self.bundle):
                self.known[record.bundle] = None
            elif connection is None:
                with Connection(self.url, DOCUMENT_SECONDS, self.certificate) as opened:
                    return self._signature(opened)
            elif found := self._asked(connection):
                self.known[record.bundle] = found
        return self.known.get(record.bundle)

    def _asked(self, connection: Connection) -> Signature | None:
        found = self.document(connection)
        return signature_in(found) if found else None

    def document(self, connection: Connection) -> dict[str, Any] | None:
        """Ask the service for its swagger document, None if it has none.

        No request to the script, and not counted as one.
        """
        try:
            for route in _DOCUMENTS:
                reply = connection.get(route, self._own_headers())
                if reply.status == 200:
                    found = decoded(reply.body)
                    return found if isinstance(found, dict) else None
        except NoAnswer as error:
            raise self.down() from error
        except TooSlow as error:
            raise self._late(error) from error
        return None

    def ask(self, value: Any, headers: Mapping[str, str] | None, limit: int | None, timeout: float | None) -> Answer:
        """Send a value and wait for the answer; ``limit`` is in bytes, ``timeout`` in seconds."""
        self.must_run()
        seconds = ANSWER_SECONDS if timeout is None else timeout
        with Connection(self.url, seconds, self.certificate) as connection:
            request = self.prepare(value, headers, connection)
            reply = self._sent(connection, request, limit)
            if self._is_misread(reply):
                # The script changed meanwhile, or was not loaded yet; it has not seen this request.
                self.known.pop(self.record.bundle, None)
                again = self.prepare(value, headers, connection)
                if again != request:
                    request, reply = again, self._sent(connection, again, limit)
        if 200 <= reply.status < 300 and reply.whole:
            return answer_of(reply)
        raise self.refused(reply, request.payload)

    def _is_misread(self, reply: Reply) -> bool:
        return (
            reply.status in {400, 415}
            and reply.run_seconds is None
            and "x-ms-run-function-failed" in reply.headers
            and not self.record.spec.image
            and may_have_schema(self.bundle)
        )

    def _sent(self, connection: Connection, request: Request, limit: int | None) -> Reply:
        name = self.record.name
        try:
            return connection.post(request.payload.body, with_trace(request.headers), limit)
        except NoAnswer as error:
            raise self.down() from error
        except TooSlow as error:
            raise self._late(error) from error
        except TooLarge as error:
            raise InvokeProblem(
                f"{name} answered {error.size / 1e6:,.0f} MB; this takes at most {(limit or 0) / 1e6:,.0f} MB.",
                hint=f"In Python: Workspace().services[{name!r}].invoke(value, limit=None)",
            ) from error

    def _late(self, error: TooSlow) -> InvokeProblem:
        name = self.record.name
        server = self.record.server
        doing = self.target.doing(self.local, server) if server else []
        busy = f" Its {doing[0].sentence()}." if doing else ""
        problem = f"did not answer within {error}.{busy}"
        return InvokeProblem(
            f"{name} {problem}",
            problem=problem,
            hint=f"Wait longer with --timeout, or see what it does: jupyter model logs {name}.",
        )

    def down(self) -> ServiceDown:
        """Say why there is no answer, with the command that repairs the service."""
        name, health = self.record.name, self.health()
        problem = f"does not answer; it is {health.state}" + (f": {health.reason}." if health.reason else ".")
        return ServiceDown(
            f"{name} {problem}",
            problem=problem,
            details=self.last_words(),
            hint=Hint(f"jupyter model deploy {name} starts it again", log_of=name, shows="what happened"),
        )

    def refused(self, reply: Reply, payload: Payload) -> InvokeProblem:
        """Say why a request failed, with the script's traceback if it raised."""
        name, request_id = self.record.name, reply.request_id
        failure = self.failure(reply)
        if failure:
            taken = input_of(self.bundle)
            hint = Hint(request_hint(failure, taken, payload)) or known_hint(failure, self.record, self.bundle)
            hint = hint or doubt(name, failure, taken) or failure_hint(failure, self.record, self.bundle)
            problem = InvokeProblem(
                f"{name}: {failure.summary}",
                problem=failure.summary,
                details=failure.traceback,
                hint=hint.about(request_id),
            )
        elif 200 <= reply.status < 300:
            broke_off = f"answer broke off after {len(reply.body):,} bytes."
            problem = InvokeProblem(
                f"{name}'s {broke_off}", problem=f"the {broke_off}", hint=Hint(log_of=name, request_id=request_id)
            )
        else:
            answered = f"answered {reply.status}: {message_of(reply)}"
            problem = InvokeProblem(
                f"{name} {answered}",
                problem=answered,
                # The worker died of it; its last output is in the log only.
                details=self.last_words() if reply.status == 502 else "",
                hint=self._advice(reply, payload).about(request_id),
            )
        problem.status, problem.request_id = reply.status, request_id
        return problem

    def failure(self, reply: Reply) -> Failure | None:
        """Look up what the script raised; None if it is not to blame, or the service knows no more."""
        if reply.status < 500 and reply.whole:
            return None
        server = self.record.server
        return self.target.failure(self.local, server, reply.request_id) if server else None

    def _advice(self, reply: Reply, payload: Payload) -> Hint:
        name = self.record.name
        signature = self.known.get(self.record.bundle)
        if reply.status in {400, 415} and signature is not None:
            return Hint(f"{signature.sentence()}{signature.shown()}.")
        if reply.status in {400, 415} and payload.content_type != JSON:
            return Hint(f"{payload.content_type} was sent; a script takes bytes with @rawhttp.")
        if reply.status == 401 and self.authorization:
            return Hint("The key was replaced just now, or a header of the request has another one. Try again.")
        if reply.status == 413 and not self.record.spec.image:
            return Hint(f"jupyter model deploy {name} --set body_limit={len(payload.body)} lets it through.")
        if reply.status == 503 and not self.record.spec.image:
            return Hint(f"Send fewer at once, or add workers: jupyter model deploy {name} --workers 2.")
        return Hint(log_of=name)


def message_of(reply: Reply) -> str:
    """Return a refusal's text for people, at most 500 characters."""
    answer = decoded(reply.body, reply.content_type)
    message = answer.get("message", answer) if isinstance(answer, dict) else answer
    if isinstance(message, bytes):
        return f"{len(message):,} bytes of {reply.content_type or 'something'}"
    return (message if isinstance(message, str) else json.dumps(message, default=str))[:500]
