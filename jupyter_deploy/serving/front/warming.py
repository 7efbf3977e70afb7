"""What a worker is asked before clients ask it: a sample request, or the example of its script's schema."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from ..config import ServingConfig
from ..logs import log
from ..messages import Answer, Request
from .links import Job, WorkerLink, giving

_META = {"method": "POST", "path": "/score", "query": "", "server": "localhost:0", "client": ""}
_PATIENCE_SECONDS = 10.0


async def asked(link: WorkerLink, body: bytes, seconds: float, headers: tuple[tuple[str, str], ...] = ()) -> Job:
    """Send a worker a request that no client has sent; returns when it has answered, is lost, or the time is over.

    It stays on trial where it has not answered.
    """
    loop = asyncio.get_running_loop()
    meta = {**_META, "headers": [["content-type", "application/json"], *map(list, headers)]}
    answer: asyncio.Future[Answer | None] = loop.create_future()
    job = Job(Request(0, "sample", body), giving(answer), loop.time(), lambda: meta)
    # Its limit is kept here, so that the error names the sample: the general timeout would not.
    link.on_trial = True
    link.send([job], loop.time())
    first: set[asyncio.Future[Any]] = {answer, link.closed}
    await asyncio.wait(first, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    return job


async def warm_up(link: WorkerLink, config: ServingConfig) -> None:
    """Have a worker answer the example of its script's schema, if there is one; what fails is only logged."""
    example = _example_of(link.script)
    if example is None:
        return
    # A script with side effects can tell by the mark of mirrored requests that no client waits.
    limit = min(_PATIENCE_SECONDS, config.scoring_timeout_ms / 1000)
    job = await asked(link, example, limit, (("azureml-mirrored", "true"),))
    link.on_trial = False
    if job.answer is None:
        log.warning("the example of the schema was not answered")
    elif job.answer.status >= 400:
        text = job.answer.body.decode("utf-8", "replace")[:500]
        log.warning("the example of the schema was answered %d: %s", job.answer.status, text)


def _example_of(script: dict[str, Any]) -> bytes | None:
    example = ((script.get("schemas") or {}).get("input") or {}).get("example")
    return json.dumps(example).encode() if example else None
