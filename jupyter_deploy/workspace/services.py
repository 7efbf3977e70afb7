"""The workspace's services as a mapping of live handles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..deploying import Deployment
from ..errors import NotFound
from ..files import tail
from ..home import Home
from ..services import Change, Services, derived
from ..targets import target
from .service import Service


class LiveServices(Mapping[str, Service]):
    """The workspace's services by name, each as a live handle; trial servers are not listed."""

    def __init__(self, rows: Services, home: Home, deployment: Deployment) -> None:
        self._rows = rows
        self._home = home
        self._deployment = deployment

    def __getitem__(self, name: str) -> Service:
        try:
            return self.handle(self._rows.get(name).name)
        except NotFound as error:
            if self._failed(name):
                message = f"{name!r} is not deployed; its last deployment failed."
                raise NotFound(message, hint=f"jupyter model logs {name}") from error
            raise

    def __iter__(self) -> Iterator[str]:
        return (record.name for record in self._rows.all() if not (self._home.trials / record.name).exists())

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self._rows.named(name) is not None

    def handle(self, name: str, change: Change | None = None) -> Service:
        """Make a handle without looking whether the service exists.

        Parameters
        ----------
        name : str
            The service's name.
        change : Change, optional
            What was just done to it.

        Returns
        -------
        Service
            Live: it holds no state.
        """
        return Service(name, self._rows, self._home, target, self._deployment, change)

    def log_of(self, name: str, lines: int = 100) -> str:
        """Return the end of a service's log; of one that could not be deployed, there is nothing else.

        Parameters
        ----------
        name : str
            The service's name, or its script's.
        lines : int, optional
            How many at most.

        Returns
        -------
        str
            Text.

        Raises
        ------
        NotFound
            Where there is neither a service nor a log.
        """
        return tail(self._home.log(derived(name)), lines) if self._failed(name) else self[name].logs(lines)

    def _failed(self, name: str) -> bool:
        """Tell whether all that there is of a service is the log of a deployment that failed."""
        own = derived(name)
        return self._rows.find(own) is None and self._home.log(own).is_file()
