"""The workspace's services as a mapping of live handles."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ..errors import NotFound
from ..files import tail
from ..home import Home
from ..services import Services, derived
from .service import Service


class LiveServices(Mapping[str, Service]):
    """The workspace's services by name, each as a live handle; trial servers are not listed.

    ``handle`` makes a service's handle from its name and the last change; the service need not exist. ``clear_away``
    is called before services are listed: what killed processes left is not shown as a service.
    """

    def __init__(
        self, rows: Services, home: Home, handle: Callable[..., Service], clear_away: Callable[[], None]
    ) -> None:
        self._rows = rows
        self._home = home
        self.handle = handle
        self._clear_away = clear_away

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
        return (record.name for record in self._rows.all() if not (self._home.trials / record.name).exists())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._rows.named(name) is not None

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
