"""Who may call a service: read and replace its keys, and tell its running servers at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

from ..errors import DeployError, ServiceDown, UsageProblem
from ..home import Home
from ..services import (
    LIFETIME,
    KeyFile,
    Keys,
    LocalFolders,
    Server,
    ServiceRecord,
    Services,
    Target,
    Token,
    credentials_for,
    new_token,
    with_key,
)
from .changing import ServiceLock


class Access:
    """The credentials of services.

    Under ``lock``, no server starts with the old keys while they are replaced.
    """

    def __init__(self, home: Home, rows: Services, target: Callable[[str], Target], lock: ServiceLock) -> None:
        self._home = home
        self._rows = rows
        self._target = target
        self._lock = lock

    def keys(self, name: str) -> Keys:
        """Return a service's keys, or refuse if it has none."""
        _must_have_keys(self._rows.get(name))
        return self._file(name).ensure()

    def token(self, name: str, lifetime: timedelta = LIFETIME) -> Token:
        """Make a token for a service's clients.

        Raises
        ------
        UsageProblem
            If the service takes none.
        """
        record = self._rows.get(name)
        if record.spec.auth != "token":
            has = "has keys" if record.spec.auth == "key" else "answers without keys"
            raise UsageProblem(
                f"{record.name} takes no tokens: it {has}.",
                hint=f"Let it take tokens: jupyter model deploy {record.name} --auth token",
            )
        return new_token(self._home.root, record.name, lifetime)

    def authorization(self, record: ServiceRecord) -> str:
        """Return the ``Authorization`` header for a service; empty if it needs none."""
        if record.spec.auth == "key":
            return f"Bearer {self._file(record.name).ensure().primary}"
        if record.spec.auth == "token":
            return f"Bearer {new_token(self._home.root, record.name).token}"
        return ""

    def replace_key(self, name: str, which: str, key: str | None) -> None:
        """Replace one of a service's keys, ``"primary"`` or ``"secondary"`` in any case; None makes a new key.

        The previous key is refused when this returns.

        Raises
        ------
        UsageProblem
            If the service has no keys, or this cannot be one.
        ServiceDown
            If a running server could not be told. The new key is stored all the same.
        """
        with self._lock(name):
            record = self._rows.get(name)
            _must_have_keys(record)
            file = self._file(name)
            file.write(with_key(file.ensure(), which, key))
            self._tell(record, file)

    def take(self, name: str, keys: Mapping[str, str | None]) -> None:
        """Keep the keys that were given for a service, before it exists or while it runs."""
        with self._lock(name):
            file = self._file(name)
            found = file.ensure()
            for which, key in keys.items():
                found = with_key(found, which, key) if key and getattr(found, which) != key else found
            file.write(found)
            record = self._rows.find(name)
            if record is not None and record.spec.auth == "key":
                self._tell(record, file)

    def _tell(self, record: ServiceRecord, file: KeyFile) -> None:
        credentials = credentials_for(record.spec.auth, record.name, file)
        untold: list[str] = []
        for server in record.servers:
            try:
                self._target(server.target).authorize(LocalFolders(self._home, record.name), server, credentials)
            except DeployError as error:
                # One that has ended reads the file when it is started again.
                if self._target(server.target).runs(server):
                    untold.append(f"{self._called(server)}: {error.message}")
        if untold:
            name, why = record.name, "; ".join(untold)
            raise ServiceDown(
                f"The new key of {name} is stored, but a running server still accepts the old one: {why}",
                hint=f"End it: jupyter model stop {name}. Then: jupyter model deploy {name}",
            )

    def _called(self, server: Server) -> str:
        return str(self._target(server.target).identity(server))

    def _file(self, name: str) -> KeyFile:
        folder: Path = self._home.service(name)
        return KeyFile(self._home.root, folder)


def _must_have_keys(record: ServiceRecord) -> None:
    auth, name = record.spec.auth, record.name
    if auth == "none":
        raise UsageProblem(
            f"{name} has no keys: it answers all clients.", hint=f"Give it keys: jupyter model deploy {name} --auth key"
        )
    if auth != "key":
        raise UsageProblem(
            f"{name} has no keys: its clients need tokens.", hint=f"Make one: jupyter model token {name}"
        )
