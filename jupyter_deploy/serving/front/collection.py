"""Which requests are collected, and what of them: noted on the event loop, written by a thread.

A request is noted after its answer was sent, so no client waits for it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from ..collection import REQUESTS, Suffix, Writer, is_sampled, put_body
from ..config import ServingConfig
from ..failures import Failure
from ..logs import log
from ..messages import Answer
from .replies import Reply
from .threadlog import warn_from_threads
from .workers import Generation

_FLUSH_SECONDS = 0.02
_FLUSH_BYTES = 1 << 20
# Requests of a generation that has just been replaced may still be answered.
_KEPT_GENERATIONS = 8
_CLOSE_SECONDS = 2.0
_JSON = b"application/json"
_BROKE_OFF = "the answer broke off before its end; the log says why"
SCORE = "/score"
# Id; when it began, how long it took, and run() of it; status, both bodies, generation, what only some requests have.
_Noted = tuple[str, float, float, float, int, bytes, bytes, int, dict[str, Any] | None]
_GENERATION = 7


class Collection:
    """What one server collects.

    Parameters
    ----------
    config : ServingConfig
        Those of the server's start; later ones come with :meth:`use`.
    """

    def __init__(self, config: ServingConfig) -> None:
        self._config = config
        self._writer: Writer | None = None
        self._suffixes: dict[int, Suffix] = {}
        self._lines: dict[str, list[bytes]] = {}
        self._noted: list[_Noted] = []
        self._size = 0
        self._due = False
        self._loop = asyncio.get_running_loop()
        # Looked at for each request.
        self.wants_requests = False
        self._failed_only = False
        self._rate, self._limit = config.collect_sampling_rate, config.collect_body_size

    def use(self, generation: Generation) -> None:
        """Collect as the settings of a generation say, which serves from now on."""
        config, layout = generation.config, generation.layout
        digest = Path(layout.bundle).name
        self._suffixes[generation.number] = Suffix(generation.number, digest, layout.label, layout.models)
        for number in sorted(self._suffixes)[:-_KEPT_GENERATIONS]:
            del self._suffixes[number]
        self._config = config
        self.wants_requests = config.collects and config.collect in {"failed", "requests"}
        self._failed_only = config.collect == "failed"
        self._rate, self._limit = config.collect_sampling_rate, config.collect_body_size
        if config.collect != "off" and not config.collects:
            log.warning("collect=%s has no effect: the setting collect_folder names no folder", config.collect)
        if config.collects and self._writer is None:
            self._writer = Writer(Path(config.collect_folder), config.collect_size, warn_from_threads(self._loop))
        if self._writer is not None:
            self._writer.limit = config.collect_size

    def note(
        self, scope: Mapping[str, Any], headers: Mapping[bytes, bytes], name: str, reply: Reply, seconds: float
    ) -> None:
        """Take down a request that has been answered; what never reached the script's queue is not collected."""
        job = reply.job
        if job is None or job.answer is None or (self._failed_only and reply.status < 400 and not _broke_off(reply)):
            return
        if self._rate < 1 and not is_sampled(name, self._rate):
            return
        answer = job.answer
        # Encoded later: while the answers of a batch go out, each moment makes the next batch smaller. Of scope, job
        # and reply nothing is held until then.
        kind = headers.get(b"content-type")
        is_usual = (kind == _JSON or kind is None) and scope["method"] == "POST" and not scope["query_string"]
        is_usual = is_usual and scope["path"] == SCORE
        more = None if is_usual and not answer.meta and reply.stream is None else _more(scope, kind, reply, answer)
        body, generation = job.request.body, job.link.generation if job.link else 0
        began, run = time.time() - seconds, answer.milliseconds
        self._noted.append((name, began, seconds, run, reply.status, body, reply.body, generation, more))
        self._size += len(body) + len(reply.body)
        if not self._due or self._size > _FLUSH_BYTES:
            self._grow(0)

    def from_script(self, collection: str, record: bytes, generation: int) -> None:
        """Take what a collector of the script was given: a JSON object."""
        if self._config.collects and self._writer is not None:
            self._lines.setdefault(collection, []).append(self._suffix(generation).line(record))
            self._grow(len(record))

    def _suffix(self, generation: int) -> Suffix:
        suffix = self._suffixes.get(generation)
        if suffix is None:
            # While the script is loaded, or of a request that no worker got.
            suffix = self._suffixes[max(self._suffixes)] if self._suffixes else Suffix(generation, "", "", ())
        return suffix

    def _grow(self, size: int) -> None:
        """Have what waits written soon; at once where it is much."""
        if not self._due:
            self._due = True
            self._loop.call_later(_FLUSH_SECONDS, self._flush)
        self._size += size
        if self._size > _FLUSH_BYTES:
            self._flush()

    def _flush(self) -> None:
        self._due, self._size = False, 0
        noted, self._noted = self._noted, []
        for generation, group in groupby(noted, itemgetter(_GENERATION)):
            self._lines.setdefault(REQUESTS, []).append(self._suffix(generation).lines(_records([*group], self._limit)))
        waiting, self._lines = self._lines, {}
        for collection, lines in waiting.items():
            if self._writer is not None:
                joined = b"".join(lines)
                self._writer.put(collection, joined, joined.count(b"\n"))

    async def settle(self, seconds: float) -> None:
        """Have written what waits now, as far as that goes in some seconds."""
        self._flush()
        if self._writer is None:
            return
        taken, end = self._writer.taken, self._loop.time() + seconds
        while not self._writer.has_written(taken) and self._loop.time() < end:
            await asyncio.sleep(0.001)

    def close(self) -> None:
        """Write what waits."""
        self._flush()
        if self._writer is not None:
            self._writer.close(_CLOSE_SECONDS)


def _records(noted: Sequence[_Noted], limit: int) -> list[dict[str, Any]]:
    """Make the records of requests; bodies that are cut or binary, and rare facts, are put in afterwards."""
    made: list[dict[str, Any]] = []
    for name, began, seconds, milliseconds, status, body, answered, _, more in noted:
        record = {
            "time": began,
            "id": name,
            "status": status,
            "us": int(seconds * 1e6),
            "run_us": int(milliseconds * 1e3),
        }
        made.append(record)
        if more is None and len(body) <= limit and len(answered) <= limit:
            try:
                record["input"], record["output"] = body.decode(), answered.decode()
                continue
            except UnicodeDecodeError:
                pass
        put_body(record, "input", body, limit)
        if more is None or "streamed" not in more:
            put_body(record, "output", answered, limit)
        record.update(more or {})
    return made


def _broke_off(reply: Reply) -> bool:
    return reply.stream is not None and reply.stream.broke_off


def _more(scope: Mapping[str, Any], kind: bytes | None, reply: Reply, answer: Answer) -> dict[str, Any]:
    """Collect what only some requests have: an own route, method or type, a query, why the script failed."""
    more: dict[str, Any] = {}
    if reply.stream is not None:
        more["streamed"] = True
    if _broke_off(reply):
        more["error"] = _BROKE_OFF
    if scope["method"] != "POST":
        more["method"] = scope["method"]
    if scope["path"] != SCORE:
        more["path"] = scope["path"]
    if scope["query_string"]:
        more["query"] = scope["query_string"].decode("latin-1")
    if kind != _JSON and kind is not None:
        more["type"] = kind.decode("latin-1")
    if not answer.meta:
        return more
    failure = answer.meta.get("failure")
    if failure:
        more["error"] = Failure(**failure).summary
    elif "lost" in answer.meta:
        more["error"] = f"WorkerDied: it {answer.meta['lost']}"
    for key, value in reply.headers:
        if key == b"content-type":
            more["output_type"] = value.decode("latin-1")
    return more
