"""A service's two keys: a private file in the service's own folder."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from ..errors import StoreProblem, UsageProblem
from ..files import write_atomic
from ..serving import Credentials, is_key
from ..store import refuse_secrets
from .tokens import signing_key

_FILE = "keys.json"
NAMES = ("primary", "secondary")
_BYTES = 32
_MASK = "********"


class Keys(NamedTuple):
    """Both keys of a service; its repr shows neither. Either key lets a client in."""

    primary: str
    secondary: str

    def __repr__(self) -> str:
        return f"Keys(primary={_MASK!r}, secondary={_MASK!r})"


@dataclass(frozen=True)
class KeyFile:
    """The place of a service's keys, in a workspace whose folder must be private."""

    root: Path
    folder: Path

    def read(self) -> Keys | None:
        """Return the keys; None if there are none. The error for a damaged file does not quote it."""
        path = self.folder / _FILE
        try:
            values = json.loads(path.read_text())
            return Keys(values["primary"], values["secondary"])
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError):
            raise StoreProblem(
                f"The keys of {self.folder.name} cannot be read from {path}.",
                hint=f"Remove the file; the next deployment makes new keys: jupyter model deploy {self.folder.name}",
            ) from None

    def ensure(self) -> Keys:
        """Return the keys, and make them if there are none."""
        found = self.read()
        if found is None:
            found = Keys(new_key(), new_key())
            self.write(found)
        return found

    def write(self, keys: Keys) -> None:
        """Replace both keys, in one step."""
        refuse_secrets(self.root, f"The keys of service {self.folder.name}")
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_atomic(self.folder / _FILE, json.dumps(keys._asdict()), mode=0o600)


def new_key() -> str:
    """Make an unguessable key."""
    return secrets.token_urlsafe(_BYTES)


def with_key(keys: Keys, which: str, key: str | None) -> Keys:
    """Replace one of two keys, ``"primary"`` or ``"secondary"`` in any case; None makes a new key.

    Raises
    ------
    UsageProblem
        For another name, or a text that cannot be a key. It is not quoted.
    """
    name = which.lower() if isinstance(which, str) else ""
    if name not in NAMES:
        raise UsageProblem(f"A service has no key {which!r}.", hint="It has a primary and a secondary key.")
    new = new_key() if key is None else key
    if not is_key(new):
        raise UsageProblem(
            "This text cannot be a key: 8 to 256 letters, digits and other visible ASCII characters, without blanks.",
            hint="Leave it out, and a key is made.",
        )
    changed = keys._replace(**{name: new})
    if changed.primary == changed.secondary:
        raise UsageProblem("The primary and the secondary key must differ.", hint="Leave it out, and a key is made.")
    return changed


def credentials_for(auth: str, name: str, keys: KeyFile) -> Credentials:
    """Make the credentials that a service's server checks; ``auth`` is that of its specification."""
    if auth == "token":
        return Credentials("token", (), signing_key(keys.root, name).hex(), name)
    return Credentials("key", tuple(keys.ensure())) if auth == "key" else Credentials()
