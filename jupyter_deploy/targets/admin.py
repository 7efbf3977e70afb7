"""The admin routes of a running server: one protocol, wherever it runs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from ..errors import ReloadFailed, ServiceDown, TargetProblem, UsageProblem
from ..services import Certificate, Doing, Health, Recent, Reloaded
from ..serving import FIXED, TOLD, Credentials, ServingConfig, settable
from .asking import Silent, ask

if TYPE_CHECKING:
    from ..bundles import Archive

TOKEN_FILE = "admin.token"  # noqa: S105 - a file's name
# What a server's clients must show, for its starts; while it runs, it is told.
CREDENTIALS_FILE = "auth.json"
_STATE_SECONDS = 5.0
_UPLOADS = "/-/bundles/"
# A bundle that was just sent is gone again if another reload was faster.
_TRIES = 3
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


# The settings that servers of schema 3 know; later ones are recorded when a server starts.
_FIRST = {
    *("queue_limit", "body_limit", "drain_seconds", "max_restarts", "scoring_timeout_ms", "max_batch", "strict_json"),
    *("cors_origins", "log_format", "log_level", "title", "version", "path_prefix", "server_version", "preload"),
    "sample",
}


def known_settings() -> tuple[str, ...]:
    """List the settings that a server of this package can change while it runs, except those that every server knows.

    A target records them with the server.
    """
    return tuple(sorted({*settable(), *TOLD} - _FIRST))


def settings_for(knows: Iterable[str], name: str, wanted: ServingConfig) -> dict[str, Any]:
    """Choose the settings to send to a running server: an older package refuses those that it does not know.

    ``knows`` is the server's :func:`known_settings`, empty for an older package. A setting that it does not know is
    refused unless it has the server's fixed behaviour.
    """
    known, usual = _FIRST.union(knows), asdict(ServingConfig())
    values = {key: value for key, value in asdict(wanted).items() if key not in FIXED}
    unknown = [key for key, value in values.items() if key not in known and value != usual[key]]
    if unknown:
        raise UsageProblem(
            f"{name} runs on a server of an older version of this package, which has no setting {unknown[0]}.",
            hint=f"Start it again, on this version: jupyter model stop {name}, then jupyter model deploy {name}",
        )
    return {key: value for key, value in values.items() if key in known}


def token_in(folder: Path) -> Callable[[], str]:
    """Return a function that reads the token in a folder."""
    return lambda: (folder / TOKEN_FILE).read_text().strip()


class Admin:
    """The admin routes at ``url``; ``token`` returns their key."""

    def __init__(self, url: str, token: Callable[[], str], certificate: Certificate | None = None) -> None:
        self._url = url
        self._certificate = certificate
        self._token = token

    def _ask(self, method: str, path: str, timeout: float | None, body: object = None) -> tuple[int, dict[str, Any]]:
        headers = self._authorization()
        data = None
        if body is not None:
            data = json.dumps(body).encode()
            headers["Content-Type"] = "application/json"
        status, answer = ask(method, self._url + path, timeout, headers, data, self._certificate)
        return status, json.loads(answer)

    def _reload(self, asked: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        try:
            return self._ask("POST", "/-/reload", None, asked)
        except (*Silent, ValueError) as error:
            raise ServiceDown(f"The server does not answer: {_short(error)}.") from error

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._token()}"}

    def usage(self) -> dict[str, float]:
        """Return what :func:`jupyter_deploy.serving.front.usage.usage` measures in the server's container."""
        found: dict[str, float] = self.state(usage="1")["usage"]
        return found

    def doing(self) -> list[Doing]:
        """Return what busy workers are doing; empty if the server does not answer."""
        try:
            return [Doing(**values) for values in self.state(doing="1").get("doing", ())]
        except ServiceDown:
            return []

    def state(self, request_id: str = "", usage: str = "", doing: str = "") -> dict[str, Any]:
        """Return the server's state, as :meth:`jupyter_deploy.serving.front.runtime.Runtime.facts` does.

        ``request_id`` adds that request's failure under ``"asked"``; ``usage`` and ``doing`` add the fields of these
        names. Raises ServiceDown if the server does not answer.
        """
        try:
            params = urlencode({"failure": request_id, "usage": usage, "doing": doing})
            status, facts = self._ask("GET", f"/-/state?{params}", _STATE_SECONDS)
        except (*Silent, ValueError) as error:
            raise ServiceDown(f"The server does not answer: {_short(error)}.") from error
        if status != HTTPStatus.OK:
            raise ServiceDown(f"The server does not answer: status {status}.")
        return facts

    def health(self) -> Health:
        """Return the server's own view of its health; raises ServiceDown if it does not answer."""
        facts = self.state()
        # A server of an older version of this package may report less.
        told: dict[str, Any] = {key: facts[key] for key in _TOLD if key in facts}
        from ..serving import Failure

        failure = Failure.read(told.pop("failure", None))
        recent = Recent.read(told.pop("recent", None))
        return Health(**told, workers=tuple(facts["workers"]), failure=failure, recent=recent)

    def upload(self, archive: Archive, without: frozenset[str] = frozenset()) -> None:
        """Send a bundle to a server that does not see its folder, without the models that the server has.

        Raises
        ------
        ReloadFailed
            With the reason why the server did not take it.
        ServiceDown
            If the server does not answer.
        """
        try:
            route = f"{self._url}{_UPLOADS}{archive.digest}"
            headers = {**self._authorization(), **archive.headers(without)}
            status, answer = ask("POST", route, None, headers, archive.reader(without), self._certificate)
            if status == HTTPStatus.BAD_REQUEST and without:
                # A model that it had is gone with another reload.
                self.upload(archive)
            elif status not in {HTTPStatus.OK, HTTPStatus.CREATED}:
                raise ReloadFailed(f"The server did not take the bundle: {json.loads(answer)['message']}")
        except (*Silent, ValueError) as error:
            raise ServiceDown(f"The server does not answer: {_short(error)}.") from error

    def reload(self, bundle: str | Archive, workers: int, settings: Mapping[str, Any]) -> Reloaded:
        """Swap bundle and settings, and wait until the new generation serves.

        ``bundle`` is the folder as the server sees it, or an archive to send if the server lacks it.

        Raises
        ------
        ReloadFailed
            With the script's traceback; the old generation serves on.
        ServiceDown
            If the server does not answer.
        """
        which = {"bundle": bundle} if isinstance(bundle, str) else {"digest": bundle.digest}
        asked = {**which, "workers": workers, "settings": dict(settings)}
        status, values = self._reload(asked)
        for _ in range(_TRIES):
            if status != HTTPStatus.CONFLICT or isinstance(bundle, str):
                break
            self.upload(bundle, frozenset(values.get("models", ())))
            status, values = self._reload(asked)
        if status == HTTPStatus.OK:
            return Reloaded(values["generation"], _digests(values))
        from ..serving import Failure

        refused = ReloadFailed(values["message"])
        refused.failure = Failure.read(values.get("failure"))
        raise refused

    def hand_over(self, path: str, port: int, *, connections: bool) -> bool:
        """Have the server send its socket on ``port`` to who listens at ``path``; false if it does not.

        ``connections`` says whether its open connections may follow when it ends.
        """
        wanted = {"path": path, "port": port, "connections": connections}
        try:
            status, _ = self._ask("POST", "/-/listener", _STATE_SECONDS, wanted)
        except (*Silent, ValueError):
            return False
        return status == HTTPStatus.OK

    def leave(self) -> bool:
        """Have the server end, and leave its container to others with its network; false if it does not answer."""
        try:
            status, _ = self._ask("POST", "/-/leave", _STATE_SECONDS, {})
        except (*Silent, ValueError):
            return False
        return status == HTTPStatus.ACCEPTED

    def authorize(self, name: str, credentials: Credentials) -> None:
        """Have the server ask its clients for other credentials from now on; the service's name is for the message.

        Raises
        ------
        ServiceDown
            If it does not answer.
        TargetProblem
            If it cannot do that.
        """
        try:
            status, values = self._ask("POST", "/-/auth", _STATE_SECONDS, credentials.to_json())
        except (*Silent, ValueError) as error:
            raise ServiceDown(f"The server does not answer: {_short(error)}.") from error
        if status == HTTPStatus.NOT_FOUND:
            raise TargetProblem(
                f"{name} runs on a server of an older version of this package, which has no keys.",
                hint=f"Start it again, on this version: jupyter model stop {name}, then jupyter model deploy {name}",
            )
        if status != HTTPStatus.OK:
            raise TargetProblem(str(values.get("message", f"The server refused: status {status}.")))


def _digests(values: Mapping[str, Any]) -> tuple[str, ...]:
    # A server of an older package reports the folders of its code.
    folders = values.get("bundles") or [str(Path(root).parent) for root in values["app_roots"]]
    return tuple(sorted({Path(folder).name for folder in folders}))


def _short(error: Exception) -> str:
    return str(error) or type(error).__name__
