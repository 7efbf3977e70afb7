"""Bundles that are uploaded to a server which does not see the folder where they were made."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import secrets
import shutil
from collections.abc import Callable, Collection
from pathlib import Path
from typing import IO, Any

from ..archive import DIGEST_RULE, Refusal, content_digest_of, models_in, unpack_bundle
from ..layout import Layout, layout_of_bundle
from ..logs import log
from .replies import ClientGone, Receive, Refused, too_large

ROUTE = "/-/bundles/"
_HALF = ".half-"
_CLOSE = [(b"connection", b"close")]
_FULL = {errno.ENOSPC, errno.EDQUOT}


class Missing(Refused):
    """A reload to a bundle that is yet to be uploaded; ``models`` are those that the upload can leave out."""

    def __init__(self, message: str, models: Collection[str]) -> None:
        super().__init__(409, message)
        self.models = sorted(models)


class Uploads:
    """The folder of the uploaded bundles; each is there whole, or not at all.

    Without a folder, the server takes none. ``limit`` returns the allowed bytes of an archive.
    """

    def __init__(self, folder: Path | None, limit: Callable[[], int]) -> None:
        self._folder = folder
        self._limit = limit
        self._arrived = asyncio.Event()
        self._waiting: set[asyncio.Future[list[None]]] = set()

    async def take(self, digest: str, headers: dict[bytes, bytes], receive: Receive) -> bool:
        """Read an archive and put it in its place; false if the bundle exists already.

        ``Content-Digest`` is required. Nothing stays of a refused or interrupted archive.
        """
        if self._folder is None:
            raise Refused(404, "This server takes no bundles: it sees the folder that they are in.", _CLOSE)
        if not DIGEST_RULE.fullmatch(digest):
            raise Refused(400, "A bundle is called by 64 hexadecimal digits.", _CLOSE)
        length, limit = headers.get(b"content-length", b""), self._limit()
        if length.isdigit() and int(length) > limit:
            raise too_large(limit)
        known = headers.get(b"content-digest", b"").decode("latin-1")
        if not known.startswith("sha-256="):
            raise Refused(400, "An archive needs a Content-Digest with sha-256 (RFC 9530).", _CLOSE)
        half = self._folder / f"{_HALF}{secrets.token_hex(8)}"
        try:
            half.mkdir(mode=0o700, parents=True)
            with (half / "archive").open("x+b") as file:
                await _write(file, known, limit, receive)
                await asyncio.to_thread(unpack_bundle, file, half / "bundle", digest, self._models())
            return self._publish(half / "bundle", digest)
        except Refusal as error:
            raise Refused(400, f"This is not bundle {digest[:12]}: {error}.") from None
        except OSError as error:
            if error.errno in _FULL:
                raise Refused(507, "The server's disk is full: the bundle was refused.", _CLOSE) from None
            raise
        finally:
            # Not in a thread: a cancelled upload must not leave anything either.
            shutil.rmtree(half, ignore_errors=True)

    def _publish(self, made: Path, digest: str) -> bool:
        assert self._folder is not None
        try:
            made.rename(self._folder / digest)
        except OSError as error:
            if error.errno not in {errno.ENOTEMPTY, errno.EEXIST}:
                raise
            return False
        finally:
            self._arrived.set()
        log.info("bundle %s was uploaded", digest[:12])
        return True

    def layout(self, digest: str) -> Layout:
        """Return the layout of an uploaded bundle; a missing one is refused with 409, so that the client uploads it."""
        if self._folder is None or not DIGEST_RULE.fullmatch(digest) or not (self._folder / digest).is_dir():
            raise Missing(f"Bundle {digest[:12]} is not here: upload it with POST {ROUTE}<digest>.", self._models())
        return layout_of_bundle(self._folder / digest)

    def _models(self) -> dict[str, Path]:
        """Return the folders of the models in all uploaded bundles, by their digests."""
        found: dict[str, Path] = {}
        for digest in self.there():
            # Another reload may be removing it.
            with contextlib.suppress(OSError):
                assert self._folder is not None
                found |= models_in(self._folder / digest)
        return found

    async def arrival(self, digest: str) -> Layout:
        """Wait until a bundle is uploaded, and return its layout."""
        assert self._folder is not None
        while not (self._folder / digest).is_dir():
            self._arrived.clear()
            await self._arrived.wait()
        return layout_of_bundle(self._folder / digest)

    def there(self) -> set[str]:
        """List the digests of the uploaded bundles."""
        if self._folder is None or not self._folder.is_dir():
            return set()
        return {entry.name for entry in self._folder.iterdir() if DIGEST_RULE.fullmatch(entry.name)}

    def retire(self, digests: set[str], in_use: Callable[[], list[str]], ends: list[asyncio.Future[None]]) -> None:
        """Remove bundles after a reload, as soon as nothing uses them.

        ``digests`` are those that existed when the reload was asked for: a later bundle waits for its own reload.
        ``in_use`` returns the folders that workers use; ``ends`` are the ends of the workers that the reload
        replaced.
        """
        self._remove(digests, in_use)
        if ends and self.there() & digests:
            task = asyncio.ensure_future(asyncio.gather(*ends))
            self._waiting.add(task)
            task.add_done_callback(lambda _: self._remove(digests, in_use))
            task.add_done_callback(self._waiting.discard)

    def _remove(self, digests: set[str], in_use: Callable[[], list[str]]) -> None:
        for digest in (digests & self.there()) - {Path(folder).name for folder in in_use()}:
            assert self._folder is not None
            gone = self._folder / f"{_HALF}{secrets.token_hex(8)}"
            with contextlib.suppress(FileNotFoundError):
                # Reloads no longer see it from here on.
                (self._folder / digest).rename(gone)
            shutil.rmtree(gone, ignore_errors=True)

    def sweep(self) -> None:
        """Remove what a killed server left half-made; called before any request."""
        for half in self._folder.glob(f"{_HALF}*") if self._folder else ():
            shutil.rmtree(half, ignore_errors=True)


def held(cycle: Any, body: int) -> int:
    """Count the bytes of a request's body that are in memory; an upload's are mostly on the disk.

    ``cycle`` is uvicorn's, None before the first request; ``body`` counts the bytes that have come.
    """
    is_upload = cycle is not None and cycle.scope["path"].startswith(ROUTE)
    return len(cycle.body) if is_upload else body


async def _write(file: IO[bytes], known: str, limit: int, receive: Receive) -> None:
    size, total = 0, hashlib.sha256()
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece = message.get("body", b"")
        size += len(piece)
        if size > limit:
            raise too_large(limit)
        await asyncio.to_thread(file.write, piece)
        total.update(piece)
        if not message.get("more_body"):
            break
    if content_digest_of(total.digest()) != known:
        raise Refused(400, "The body does not have its Content-Digest: it was changed on the way.")
    file.seek(0)
