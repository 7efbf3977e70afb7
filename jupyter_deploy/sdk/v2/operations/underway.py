"""What this process is doing to endpoints and deployments just now, in Azure's words."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

Key = tuple[str, ...]


class Underway:
    """Names what is being changed, and lets others wait for it."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._words: dict[Key, list[str]] = {}

    def begin(self, key: Key, word: str) -> None:
        """Note that a change has begun: ``"Creating"``, ``"Updating"`` or ``"Deleting"``."""
        with self._lock:
            self._words.setdefault(key, []).append(word)

    @contextlib.contextmanager
    def ending(self, key: Key, word: str) -> Iterator[None]:
        """Note, at the end of the block, that the change has ended."""
        try:
            yield
        finally:
            with self._lock:
                self._words[key].remove(word)
                self._lock.notify_all()

    def word(self, key: Key) -> str:
        """Return the word of the change that goes on; empty where nothing is changed."""
        with self._lock:
            words = self._words.get(key)
            return words[-1] if words else ""

    def creates(self, key: Key) -> bool:
        """Whether it is being created."""
        with self._lock:
            return "Creating" in self._words.get(key, ())

    def until_created(self, key: Key) -> None:
        """Return when nothing creates it any more."""
        with self._lock:
            self._lock.wait_for(lambda: "Creating" not in self._words.get(key, ()))

    def until_all_created(self, endpoint: str) -> None:
        """Return when neither the endpoint nor a deployment of it is being created any more."""
        with self._lock:
            self._lock.wait_for(
                lambda: not any(key[0] == endpoint and "Creating" in words for key, words in self._words.items())
            )


UNDERWAY = Underway()
