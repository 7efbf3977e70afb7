"""The admin routes of a running server, spoken the same way wherever it runs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from ..errors import ReloadFailed, ServiceDown
from ..services import Doing, Health

TOKEN_FILE = "admin.token"  # noqa: S105 - a file's name
_STATE_SECONDS = 5.0
_TOLD = (
    "state",
    "reason",
    "generation",
    "restarts",
    "requests",
    "started",
    "failure",
    "app_root",
    "recent",
    "mode",
    "init_seconds",
    "pid",
)


class Admin:
    """One server's admin routes.

    Parameters
    ----------
    url : str
        The address up to the port.
    folder : pathlib.Path
        The service's own folder, which holds its token.
    """

    def __init__(self, url: str, folder: Path) -> None:
        self._url = url
        self._folder = folder

    def _ask(self, method: str, path: str, timeout: float | None, **options: Any) -> requests.Response:
        with requests.Session() as session:
            # A proxy of the user's environment has no business on loopback.
            session.trust_env = False
            headers = {"Authorization": f"Bearer {(self._folder / TOKEN_FILE).read_text().strip()}"}
            return session.request(method, self._url + path, headers=headers, timeout=timeout, **options)

    def usage(self) -> dict[str, float]:
        """Ask what the server's container uses.

        Returns
        -------
        dict
            As :func:`jupyter_deploy.serving.usage.usage` tells.
        """
        found: dict[str, float] = self.state(usage="1")["usage"]
        return found

    def doing(self) -> list[Doing]:
        """Ask what the workers are doing; nothing where the server does not answer.

        Returns
        -------
        list of Doing
            Those that run something.
        """
        try:
            return [Doing(**values) for values in self.state(doing="1").get("doing", ())]
        except ServiceDown:
            return []

    def state(self, request_id: str = "", usage: str = "", doing: str = "") -> dict[str, Any]:
        """Ask how the service is.

        Parameters
        ----------
        request_id : str, optional
            A request whose failure is wanted; it comes under ``"asked"``.
        usage : str, optional
            Anything, where ``"usage"`` is wanted too.
        doing : str, optional
            Anything, where ``"doing"`` is wanted too.

        Returns
        -------
        dict
            As :meth:`jupyter_deploy.serving.runtime.Runtime.facts` tells.

        Raises
        ------
        ServiceDown
            If it does not answer.
        """
        try:
            params = {"failure": request_id, "usage": usage, "doing": doing}
            response = self._ask("GET", "/-/state", _STATE_SECONDS, params=params)
            response.raise_for_status()
            facts: dict[str, Any] = response.json()
        except (requests.RequestException, OSError, ValueError) as error:
            raise ServiceDown(f"The server does not answer: {_short(error)}.") from error
        return facts

    def health(self) -> Health:
        """Ask how the service is.

        Returns
        -------
        Health
            The server's own view.

        Raises
        ------
        ServiceDown
            If it does not answer.
        """
        facts = self.state()
        # A server that was started by an older version of this package may not tell all of it.
        told: dict[str, Any] = {key: facts[key] for key in _TOLD if key in facts}
        return Health(**{**told, "workers": tuple(facts["workers"])})

    def reload(self, bundle: str, workers: int, settings: Mapping[str, Any]) -> tuple[int, tuple[str, ...]]:
        """Swap bundle and settings; waits until the new generation serves.

        Parameters
        ----------
        bundle : str
            The bundle's folder, as the server sees it.
        workers : int
            How many workers the new generation has.
        settings : mapping
            All that may change while a server runs.

        Returns
        -------
        tuple of (int, tuple of str)
            The new generation, and the application folders that workers still use.

        Raises
        ------
        ReloadFailed
            With the script's traceback; the old generation serves on.
        ServiceDown
            If the server does not answer.
        """
        try:
            response = self._ask(
                "POST", "/-/reload", None, json={"bundle": bundle, "workers": workers, "settings": settings}
            )
            values = response.json()
        except (requests.RequestException, OSError, ValueError) as error:
            raise ServiceDown(f"The server does not answer: {_short(error)}.") from error
        if response.status_code == requests.codes.ok:
            return values["generation"], tuple(values["app_roots"])
        refused = ReloadFailed(values["message"])
        refused.failure = values.get("failure")
        raise refused


def _short(error: Exception) -> str:
    return type(error).__name__ if isinstance(error, requests.RequestException) else str(error)
