"""One change at a time for each service, in any process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import Protocol

from ..errors import UsageProblem
from ..home import Home
from ..services import check_service_name
from ..store import Database, Held, told

LOCK_SECONDS = 60.0


class ServiceLock(Protocol):
    """Holds the lock of a service."""

    def __call__(self, name: str, seconds: float = LOCK_SECONDS) -> AbstractContextManager[None]:
        """Return a context that raises :class:`Busy` if another process holds the lock for all that time."""


class Busy(UsageProblem):
    """Another process is changing the service."""


@contextmanager
def changing(
    database: Database,
    home: Home,
    name: str,
    room: Callable[[], AbstractContextManager[None]],
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
