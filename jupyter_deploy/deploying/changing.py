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
        """Return a context that raises :class:`Busy` where another process holds the lock all the time."""


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
    """Hold a service's lock.

    Parameters
    ----------
    database : Database
        Keeps processes apart.
    home : Home
        The workspace's folders.
    name : str
        The service's name.
    room : callable
        Says on a full disk what can be done about it.
    seconds : float, optional
        How long to wait for others.

    Yields
    ------
    None
        Nothing.

    Raises
    ------
    Busy
        If another process holds it all the time.
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
