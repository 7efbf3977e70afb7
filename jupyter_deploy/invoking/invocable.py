"""What can be invoked: one request, many, or the text of a client that makes one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageProblem
from ..files import in_home, write_atomic

if TYPE_CHECKING:
    from .answers import Answer
    from .connection import Reply
    from .invocation import Invocation
    from .load import LatencyReport
    from .measuring import Measurement
    from .snippets import Snippet

ANSWER_LIMIT = 32 << 20
LANGUAGES = ("curl", "python")


class Invocable:
    """The calls of a service; the subclass says how to reach it."""

    name: str

    def _invocation(self) -> Invocation:
        raise NotImplementedError

    def invoke(
        self,
        value: Any = "",
        *,
        limit: int | None = ANSWER_LIMIT,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Send a value to the service and return its answer: decoded from JSON, text, or bytes.

        Parameters
        ----------
        value : object
            Text and bytes are sent as they are, images as PNG, paths and open files by their content; lists, dicts,
            arrays, frames and so on as JSON. A service with a schema gets its one parameter by name.
        limit : int or None, optional
            The most bytes of an answer; None for any number.
        timeout : float, optional
            Seconds to wait for the answer; five minutes by default.
        headers : mapping of str to str, optional
            Additional headers.

        Raises
        ------
        InvokeProblem
            With the script's traceback where it failed.
        ServiceDown
            With the service's state where it does not answer.
        """
        return self.request(value, limit=limit, timeout=timeout, headers=headers).value

    def request(
        self,
        value: Any = "",
        *,
        limit: int | None = ANSWER_LIMIT,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        query: str = "",
        route: str = "",
    ) -> Answer:
        """Send a value as :meth:`invoke` does; return it with status, times, size and the request's id.

        ``query`` goes behind the address's ``?``; ``route`` is another one than ``/score``.
        """
        invocation = self._invocation()
        if route:
            invocation = replace(invocation, url=invocation.url.removesuffix("/score") + route)
        if query:
            invocation = replace(invocation, url=f"{invocation.url}?{query}")
        return invocation.ask(value, headers, limit, timeout)

    def check_something(self, command: str) -> None:
        """Refuse to send nothing if the service needs a value; ``command`` is the user's way to write ``invoke``."""
        problem = self._invocation().nothing(command)
        if problem is not None:
            raise problem

    def load(
        self,
        value: Any = "",
        requests: int = 100,
        concurrency: int = 1,
        *,
        timeout: float | None = None,
        headers: Mapping[str, str] | None = None,
        progress: Callable[[str], None] = lambda _: None,
    ) -> LatencyReport:
        """Send a value many times and measure how long the answers take; Ctrl-C ends it early.

        Parameters
        ----------
        requests : int, optional
            The number of requests.
        concurrency : int, optional
            Requests at once, each on a connection of its own.
        timeout : float, optional
            Seconds to wait for each answer; five minutes by default.
        """
        from .invocation import ANSWER_SECONDS
        from .load import Load, check_load

        check_load(requests, concurrency)
        invocation = self._invocation()
        request = invocation.prepare(value, headers)
        load = Load(request, requests, concurrency, ANSWER_SECONDS if timeout is None else timeout)
        load.run(progress)
        if not load.answered and not load.interrupted:
            raise invocation.down()
        return load.report(self.name, lambda reply: explained(invocation, reply))

    def document(self) -> dict[str, Any] | None:
        """Return the service's swagger document: what it takes and answers.

        Returns
        -------
        dict or None
            None where it has none.

        Raises
        ------
        ServiceDown
            If the service does not answer.
        """
        from .connection import Connection
        from .invocation import DOCUMENT_SECONDS

        invocation = self._invocation()
        invocation.must_run()
        with Connection(invocation.url, DOCUMENT_SECONDS, invocation.certificate) as connection:
            return invocation.document(connection)

    def measure(
        self, rows: Sequence[Any], *, timeout: float | None = None, progress: Callable[[str], None] = lambda _: None
    ) -> Measurement:
        """Send each of many values once, one after the other, and measure; a failed one counts and the next is sent.

        ``rows`` are values as for :meth:`invoke`; ``timeout`` is for each of them. Ctrl-C ends it early.
        """
        from .measuring import RowSender

        invocation = self._invocation()
        invocation.must_run()
        return RowSender(invocation, rows, timeout).run(progress)

    def snippet(
        self,
        value: Any = "",
        language: str = "curl",
        *,
        headers: Mapping[str, str] | None = None,
        body_file: str | Path | None = None,
        show_key: bool = False,
    ) -> Snippet:
        """Write a client that sends a value as :meth:`invoke` would; nothing is sent.

        Parameters
        ----------
        language : str, optional
            ``"curl"`` or ``"python"``.
        body_file : str or pathlib.Path, optional
            Write the body into this file, which the client then sends.
        show_key : bool, optional
            Whether keys are shown.
        """
        if language not in LANGUAGES:
            raise UsageProblem(f"There is no snippet in {language!r}.", hint=f"There are {' and '.join(LANGUAGES)}.")
        from . import snippets

        request = self._invocation().prepare(value, headers)
        path = None if body_file is None else in_home(body_file).absolute()
        if path is not None:
            try:
                write_atomic(path, request.payload.body)
            except OSError as error:
                raise UsageProblem(f"{path} cannot be written: {error.strerror}.", hint="Is the path right?") from error
        write = snippets.curl if language == "curl" else snippets.python
        return write(request, body_file=path, show_key=show_key)


def explained(invocation: Invocation, reply: Reply) -> str:
    """Say in one line why a request of many failed."""
    from .invocation import message_of

    failure = invocation.failure(reply)
    if failure:
        return failure.summary
    return message_of(reply) if reply.whole else "the answer broke off"
