"""One change at a time for each service, in any process."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from ..errors import UsageProblem
from ..services import check_service_name
from ..store import Database, Held, told

if TYPE_CHECKING:
    from ..home import Home

LOCK_SECONDS = 60.0


class ServiceLock(Protocol):
    """Holds the lock of a service."""

    def __call__(self, name: str, seconds: float = LOCK_SECONDS) -> AbstractContextManager[None]:
        """Return a context that raises :class:`Busy` if another process holds the lock for all that time."""


class Busy(UsageProblem):
    """Another process is changing the service, or writing the file."""


@contextmanager
def writing(database: Database, home: Home, output: Path) -> Iterator[None]:
    """Keep other processes from scoring into the same file, or raise :class:`Busy`."""
    name = hashlib.sha256(str(output.resolve()).encode()).hexdigest()[:32]
    with told(home.root), ExitStack() as stack:
        try:
            stack.enter_context(database.lock("score", name, 0.0))
        except Held as error:
            raise Busy(
                f"Another scoring is writing {output}.", hint="Wait for it, end it, or give another --out."
            ) from error
        yield


@contextmanager
def changing_service(
    database: Database,
    home: Home,
    room: Callable[[], AbstractContextManager[None]],
    name: str,
    seconds: float = LOCK_SECONDS,
) -> Iterator[None]:
    """Hold a service's lock, or raise :class:`Busy` after so many seconds.

    ``room`` says on a full disk how to make room.
    """
    check_service_name(name)
    with room(), told(home.root), ExitStack() as stack:
        try:
            stack.enter_context(database.lock("service", name, seconds))
        except Held as error:
            raise Busy(
                f"Another process has been changing {name} for {seconds:.0f} s.", hint="Wait for it, or end it."
            ) from error
        yield
