"""The workspace's services as a mapping of live handles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import NotFound
from ..files import tail
from ..services import Health, ServiceRecord, Services, derived
from .service import Service

if TYPE_CHECKING:
    from ..home import Home


class LiveServices(Mapping[str, Service]):
    """The workspace's services by name, each as a live handle; trial servers are not listed.

    ``handle`` makes a service's handle from its name and the last change; the service need not exist. ``clear_away``
    is called before services are listed: what killed processes left is not shown as a service. ``health_of`` asks the
    target of a row; ``trace_of`` looks without asking, as :meth:`.Target.trace` does.
    """

    def __init__(
        self,
        rows: Services,
        home: Home,
        handle: Callable[..., Service],
        clear_away: Callable[[], None],
        health_of: Callable[[ServiceRecord], Health],
        trace_of: Callable[[ServiceRecord], object],
    ) -> None:
        self._rows = rows
        self._home = home
        self.handle = handle
        self._clear_away = clear_away
        self.health_of = health_of
        self.trace_of = trace_of

    def __getitem__(self, name: str) -> Service:
        try:
            return self.handle(self._rows.get(name).name)
        except NotFound as error:
            if self._failed(name):
                message = f"{name!r} is not deployed; its last deployment failed."
                raise NotFound(message, hint=f"jupyter model logs {name}") from error
            raise

    def __iter__(self) -> Iterator[str]:
        self._clear_away()
        return (record.name for record in self.records())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._rows.named(name) is not None

    def records(self) -> list[ServiceRecord]:
        """Return the rows of all services, as they are: nothing is asked or cleared away.

        An instance of an endpoint's deployment is no service of its own.
        """
        own = (record for record in self._rows.all() if not record.spec.endpoint)
        return [record for record in own if not (self._home.trials / record.name).exists()]

    def log_file_of(self, name: str) -> Path:
        """Return where a service's log is, or that of a failed deployment, which leaves only that.

        Raises
        ------
        NotFound
            Where there is neither a service nor a log.
        """
        return self._home.log(derived(name)) if self._failed(name) else self[name].log_file

    def log_of(self, name: str, lines: int = 100) -> str:
        """Return the last lines of a service's log, by its own name or its script's.

        A failed deployment leaves only that.

        Raises
        ------
        NotFound
            Where there is neither a service nor a log.
        """
        return tail(self._home.log(derived(name)), lines) if self._failed(name) else self[name].logs(lines)

    def _failed(self, name: str) -> bool:
        """Whether all that exists of a service is the log of a failed deployment."""
        own = derived(name)
        return self._rows.find(own) is None and self._home.log(own).is_file()
