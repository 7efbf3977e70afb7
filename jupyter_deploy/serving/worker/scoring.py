"""Turn a request into the script's answer, on the worker's main thread."""

from __future__ import annotations

import inspect
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..answers import INTERNAL_ERROR, RETURNED_NONE, StrictJson, encode, holds_nan, to_json
from ..batching import Outcome, call_together
from ..failures import describe
from ..layout import Layout
from ..logs import log, request_id
from ..messages import Answer, Request, chunk, end, pack_answers
from ..modes import HEADERS, BadInput, RequestHeaders
from ..options import WorkerOptions
from .inbox import Inbox
from .inference import TENSORS, Inference
from .ownheaders import check_headers
from .script import EntryScript

if TYPE_CHECKING:
    import asyncio

    from ..telemetry import Runs

RUN_FAILED = b'{"message":"An unexpected error occurred in scoring script. Check the logs for more info."}'
CLIENT_GONE = 499
_STATUSES = (200, 599)
_WITHOUT_BODY = frozenset({204, 304})
_FRAMING = frozenset({"content-length", "transfer-encoding", "connection"})
_NOTHING = object()
_PLAIN = frozenset({list, dict, str, int, float, bool, tuple, type(None)})


class Scorer:
    """Answers requests; ``send`` sends a frame to the front, ``runs`` makes spans."""

    def __init__(
        self,
        script: EntryScript,
        layout: Layout,
        options: WorkerOptions,
        inbox: Inbox,
        send: Callable[[list[bytes]], Any],
        runs: Runs | None = None,
    ) -> None:
        self._script = script
        self._layout = layout
        self._options = options
        self._inbox = inbox
        self._send = send
        self._inference = Inference(script)
        self._told_of_none = False
        self._runs = runs

    def serve(self, requests: list[Request]) -> None:
        """Answer the requests of one frame: together if the script batches, otherwise one after the other."""
        # A single request of a script with a schema takes the shorter way: run() is the same.
        if self._script.batches and (len(requests) > 1 or self._script.run_batch is not None):
            self._serve_together(requests)
            return
        for request in requests:
            if self._inbox.is_cancelled(request.number):
                self._send(pack_answers([Answer(request.number, CLIENT_GONE, b"")]))
            else:
                with request_id(request.id):
                    self._serve_one(request)
            self._inbox.forget(request.number)

    def _serve_one(self, request: Request) -> None:
        try:
            arguments = self._arguments(request)
        except BadInput as bad:
            self._send(pack_answers([self._refusal(request, bad)]))
            return
        except BaseException as error:  # noqa: BLE001 - conversions of the script's own
            self._send(pack_answers([self._failed(error, request)]))
            return
        started = time.perf_counter()
        try:
            if self._runs is None:
                value = finished(self._script.run(**arguments), self._script.loop)
            else:
                with self._runs.one(request):
                    value = finished(self._script.run(**arguments), self._script.loop)
        except BaseException as error:  # noqa: BLE001 - user code; sys.exit() in run() must not end the worker
            self._send(pack_answers([self._failed(error, request)]))
            return
        elapsed = (time.perf_counter() - started) * 1000
        if not self._sent_itself(request, value, elapsed):
            self._send(pack_answers([self._answer(request, value, elapsed)]))

    @staticmethod
    def _is_more(value: Any) -> bool:
        return inspect.isgenerator(value) or inspect.isasyncgen(value) or _is_response(value)

    def _sent_itself(self, request: Request, value: Any, elapsed: float) -> bool:
        """Send a result that is more than a value, a stream or the script's own response; false for a value."""
        if type(value) in _PLAIN or TENSORS in request.meta or not self._is_more(value):
            return False
        if _is_response(value):
            self._respond(request, value, elapsed)
        else:
            self._stream(request, _items(value, self._script.loop), elapsed)
        return True

    def _arguments(self, request: Request) -> dict[str, Any]:
        is_tensors = bool(request.meta) and TENSORS in request.meta
        arguments = (self._inference if is_tensors else self._script.mode).arguments(request)
        if self._script.takes_headers:
            arguments[HEADERS] = RequestHeaders.of(request.meta["headers"])
        return arguments

    def _serve_together(self, requests: list[Request]) -> None:
        # Output belongs to all requests of the batch.
        with request_id(",".join(request.id for request in requests)):
            answers: dict[int, Answer] = {}
            ready: list[tuple[Request, dict[str, Any]]] = []
            for request in requests:
                try:
                    ready.append((request, self._arguments(request)))
                except BadInput as bad:
                    answers[request.number] = self._refusal(request, bad)
                except BaseException as error:  # noqa: BLE001 - conversions of the script's own
                    answers[request.number] = self._failed(error, request)
            started = time.perf_counter()
            outcomes = self._predict_traced(ready)
            elapsed = (time.perf_counter() - started) * 1000
            outcome_of = {request.number: outcome for (request, _), outcome in zip(ready, outcomes, strict=True)}
            together: list[Answer] = []
            for request in requests:
                self._inbox.forget(request.number)
                answer = answers.get(request.number)
                if answer is None:
                    worked, value = outcome_of[request.number]
                    is_more = worked and type(value) not in _PLAIN and self._is_more(value)
                    if is_more and TENSORS not in request.meta:
                        # The front expects answers in the order of the requests.
                        self._send(pack_answers(together))
                        together = []
                        self._sent_itself(request, value, elapsed)
                        continue
                    if worked:
                        answer = self._answer(request, value, elapsed)
                    elif isinstance(value, BadInput):
                        answer = self._refusal(request, value)
                    else:
                        answer = self._failed(value, request)
                together.append(answer)
            self._send(pack_answers(together))

    def _predict_traced(self, ready: list[tuple[Request, dict[str, Any]]]) -> list[Outcome]:
        batch = [arguments for _, arguments in ready]
        if self._runs is None:
            return self._predict(batch)
        with self._runs.batch([request for request, _ in ready]) as errors:
            outcomes = self._predict(batch)
            errors += [None if worked else value for worked, value in outcomes]
        return outcomes

    def _predict(self, batch: list[dict[str, Any]]) -> list[Outcome]:
        if not batch:
            return []
        if self._script.run_batch is None:
            return call_together(lambda arguments: finished(self._script.run(**arguments), self._script.loop), batch)
        items = [next(iter(arguments.values())) for arguments in batch]
        try:
            return self._run_batch(items)
        except BaseException as error:  # noqa: BLE001 - user code: the others of the batch must not suffer
            if len(items) == 1:
                return [(False, error)]
            return [outcome for item in items for outcome in self._run_batch_of_one(item)]

    def _run_batch_of_one(self, item: Any) -> list[Outcome]:
        try:
            return self._run_batch([item])
        except BaseException as error:  # noqa: BLE001 - user code
            return [(False, error)]

    def _run_batch(self, items: list[Any]) -> list[Outcome]:
        assert self._script.run_batch is not None
        results = list(finished(self._script.run_batch(items), self._script.loop))
        if len(results) != len(items):
            raise ValueError(f"run_batch() returned {len(results)} results for {len(items)} requests")
        return [(not isinstance(result, BaseException), result) for result in results]

    def _answer(self, request: Request, value: Any, elapsed: float) -> Answer:
        try:
            if request.meta and TENSORS in request.meta:
                return self._inference.answer(request, value, elapsed)
            body = encode(value)
            self._look_for_nan(value, body)
        except BadInput as bad:
            # It asked for an output that run() did not return.
            return self._refusal(request, bad)
        except StrictJson as error:
            return self._failed(error, request, INTERNAL_ERROR)
        except (TypeError, ValueError, RecursionError) as error:
            form = "tensors" if TENSORS in request.meta else "JSON"
            explained = TypeError(f"run() returned something that is not {form}: {error}")
            return self._failed(explained, request, INTERNAL_ERROR)
        if value is None:
            self._say_once_that_none_came()
            return Answer(request.number, 200, body, elapsed, {"headers": [[RETURNED_NONE, "True"]]})
        return Answer(request.number, 200, body, elapsed)

    def _say_once_that_none_came(self) -> None:
        if not self._told_of_none:
            self._told_of_none = True
            log.warning("run() returned None, so the answer is {}: is a return missing?")

    def _look_for_nan(self, value: Any, body: bytes) -> None:
        if b"null" not in body or not holds_nan(value):
            return
        if self._options.strict_json:
            raise StrictJson("run() returned NaN or infinity, which JSON does not have")
        log.warning("run() returned NaN or infinity, which JSON does not have: the client gets null")

    def _failed(self, error: BaseException, request: Request, body: bytes = RUN_FAILED) -> Answer:
        layout = self._layout
        failure = describe(
            error, "run", layout.entry, layout.label, layout.origins, root=layout.app_root, body=request.body
        )
        with request_id(request.id):
            log.error("the request failed:\n%s", failure.traceback)
        meta = {"failure": failure.as_dict(), "failed": body is RUN_FAILED}
        shown = self._inference.failed(request) if TENSORS in request.meta else body
        return Answer(request.number, 500, shown, meta=meta)

    def _refusal(self, request: Request, bad: BadInput) -> Answer:
        if TENSORS in request.meta:
            return self._inference.refused(request, bad)
        return Answer(request.number, bad.status, encode({"message": bad.message}))

    def _respond(self, request: Request, response: Any, elapsed: float) -> None:
        """Send the script's own response: an AMLResponse, or a response of Werkzeug or Flask."""
        # The server sets length and transfer encoding.
        headers = [[name, value] for name, value in response.headers if name.lower() not in _FRAMING]
        try:
            check_headers(headers)
            if not _STATUSES[0] <= response.status_code <= _STATUSES[1]:
                raise ValueError(f"run() answered with status {response.status_code}, which is not one of HTTP's")
        except ValueError as error:
            self._send(pack_answers([self._failed(error, request, INTERNAL_ERROR)]))
            return
        meta: dict[str, Any] = {
            "headers": headers,
            "failed": response.status_code >= 500 or bool(getattr(response, "run_function_failed", False)),
        }
        if response.is_streamed and response.status_code not in _WITHOUT_BODY:
            self._stream_parts(request, iter(response.iter_encoded()), response.status_code, elapsed, meta)
            return
        try:
            answer = Answer(request.number, response.status_code, response.get_data(), elapsed, meta)
        except Exception as error:  # noqa: BLE001 - a body that the script put together
            answer = self._failed(error, request, INTERNAL_ERROR)
        self._send(pack_answers([answer]))

    def _stream(self, request: Request, items: Iterator[Any], elapsed: float) -> None:
        """Send what ``run()`` yields: bytes as they are, everything else as the items of one JSON list."""
        try:
            first = next(items, _NOTHING)
            raw = isinstance(first, (bytes, bytearray))
            parts = _bytes_of(first, items) if raw else self._json_list(first, items)
            begun = next(parts)
        except BaseException as error:  # noqa: BLE001 - user code, and nothing was sent yet
            self._send(pack_answers([self._failed(error, request)]))
            return
        meta = {"headers": [["content-type", "application/octet-stream"]]} if raw else {}
        self._stream_parts(request, _chained(begun, parts), 200, elapsed, meta)

    def _stream_parts(
        self, request: Request, parts: Iterator[bytes], status: int, elapsed: float, meta: dict[str, Any]
    ) -> None:
        self._send(pack_answers([Answer(request.number, status, b"", elapsed, {**meta, "more": True})]))
        complete = False
        try:
            for part in parts:
                if self._inbox.is_cancelled(request.number):
                    break
                if part:
                    self._send(chunk(request.number, part))
            else:
                complete = True
        except (ConnectionError, BrokenPipeError):
            raise
        except BaseException as error:  # noqa: BLE001 - user code; the client sees the connection end
            failure = describe(error, "run", self._layout.entry, self._layout.label, self._layout.origins)
            log.error("the answer broke off:\n%s", failure.traceback)
        finally:
            close = getattr(parts, "close", None)
            if close is not None:
                close()
        self._send([end(request.number, complete)])

    def _json_list(self, first: Any, rest: Iterator[Any]) -> Iterator[bytes]:
        if first is _NOTHING:
            yield b"[]"
            return
        before = b"["
        for item in _chained(first, rest):
            body = to_json(item)
            self._look_for_nan(item, body)
            yield before + body
            before = b","
        yield b"]"


def finished(value: Any, loop: Callable[[], asyncio.AbstractEventLoop]) -> Any:
    """Wait for what an ``async def`` of the script returned; anything but a coroutine is returned as it is.

    ``loop`` returns the worker's event loop. It runs only here, so ``asyncio.run()`` works in other scripts.
    """
    return loop().run_until_complete(value) if inspect.iscoroutine(value) else value


def _is_response(value: Any) -> bool:
    return all(hasattr(value, name) for name in ("status_code", "headers", "iter_encoded", "is_streamed"))


def _items(value: Any, loop: Callable[[], asyncio.AbstractEventLoop]) -> Iterator[Any]:
    if inspect.isgenerator(value):
        yield from value
        return
    try:
        while True:
            try:
                item = loop().run_until_complete(value.__anext__())
            except StopAsyncIteration:
                return
            yield item
    finally:
        # Code at the generator's end belongs to this request, even if the client left.
        loop().run_until_complete(value.aclose())


def _chained(first: Any, rest: Iterator[Any]) -> Iterator[Any]:
    # Unlike itertools.chain, a generator passes a close() on to the script's generator.
    yield first
    yield from rest


def _bytes_of(first: Any, rest: Iterator[Any]) -> Iterator[bytes]:
    for item in _chained(first, rest):
        if not isinstance(item, (str, bytes, bytearray)):
            raise TypeError(f"run() yielded bytes first, and then {type(item).__name__}")
        yield item.encode() if isinstance(item, str) else bytes(item)
