"""What clients of a server must send: the values, and the file that a server reads them from."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, MutableMapping
from dataclasses import asdict, dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ConfigProblem

if TYPE_CHECKING:
    from .config import ServingConfig

KEYS_VARIABLE = "JUPYTER_DEPLOY_KEYS_FILE"
# Where Docker, Swarm and Kubernetes mount a secret of this name.
MOUNTED_KEYS = Path("/run/secrets/jupyter_deploy_keys")
PRIMARY_VARIABLE, SECONDARY_VARIABLE = "AML_PRIMARY_KEY", "AML_SECONDARY_KEY"
KINDS = ("none", "key", "token")
_LEAST, _MOST = 8, 256


@dataclass(frozen=True)
class Credentials:
    """What a request must carry."""

    kind: str = "none"  # one of KINDS
    keys: tuple[str, ...] = field(default=(), repr=False)  # for "key": any of them will do
    # for "token": 32 bytes in hexadecimal digits, of this service alone
    signing_key: str = field(default="", repr=False)
    audience: str = ""  # for "token": the service's name, as tokens state it

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Credentials:
        """Read what :meth:`to_json` returned.

        Raises
        ------
        ValueError
            For anything else. It never quotes a key.
        """
        if not isinstance(values, Mapping) or set(values) - {"kind", "keys", "signing_key", "audience"}:
            raise ValueError("credentials are an object with kind, keys, signing_key and audience")
        found = cls(**{**values, "keys": tuple(values.get("keys", ()))})
        if found.kind not in KINDS:
            raise ValueError(f"kind is one of {', '.join(KINDS)}")
        if found.kind == "key" and (not found.keys or not all(map(is_key, found.keys))):
            raise ValueError(f"keys are {_RULE}")
        if found.kind == "token" and (not found.audience or len(bytes.fromhex(found.signing_key)) < 32):
            raise ValueError("signing_key has 32 bytes in hexadecimal digits, and audience a name")
        return found

    def to_json(self) -> dict[str, Any]:
        """Return plain values with the keys: only for a 0600 file or a request to the admin routes."""
        return {**asdict(self), "keys": list(self.keys)}

    def dumps(self) -> str:
        """Return the text of the file that a server reads."""
        return json.dumps(self.to_json())


_KEYS = 2
_RULE = f"{_LEAST} to {_MOST} letters, digits and other visible ASCII characters without blanks"


def is_key(text: object) -> bool:
    """Whether a text can be a key: it is sent in a header."""
    return (
        isinstance(text, str)
        and _LEAST <= len(text) <= _MOST
        and text.isascii()
        and text.isprintable()
        and " " not in text
    )


def credentials_of(config: ServingConfig, environ: MutableMapping[str, str] = os.environ) -> Credentials:
    """Find what the clients of a server must send; ``"none"`` only if nothing asks for more.

    Variables with keys are removed from the environment, so that the script does not inherit them. Credentials that
    are requested and cannot be read are a ConfigProblem: such a server must not start, or it would be open to all.
    """
    given = [environ.pop(name, "") for name in (PRIMARY_VARIABLE, SECONDARY_VARIABLE)]
    if config.auth_file:
        found = _read(Path(config.auth_file))
        if found.kind == "token" and find_spec("jwt") is None:
            raise ConfigProblem(
                "Tokens need PyJWT, which is not installed where this server runs.",
                hint="Add PyJWT to the service's environment, or deploy it with --auth key.",
            )
        return found
    if config.auth != "key":
        return Credentials()
    named = environ.get(KEYS_VARIABLE, "")
    path = Path(named) if named else MOUNTED_KEYS
    if named or (path.exists() and not any(given)):
        return Credentials("key", _checked(_keys_in(path), str(path)))
    if not any(given):
        raise ConfigProblem(
            "This service needs keys, and none were given.",
            hint=f"Mount a file with one or two keys, one a line, as {MOUNTED_KEYS} "
            f'(docker run -v "$PWD/keys.txt:{MOUNTED_KEYS}:ro" …) or name it in {KEYS_VARIABLE}; '
            f"or pass {PRIMARY_VARIABLE} and {SECONDARY_VARIABLE} (docker run --env-file …).",
        )
    return Credentials("key", _checked([key for key in given if key], PRIMARY_VARIABLE))


def _read(path: Path) -> Credentials:
    try:
        return Credentials.from_json(json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        # The text of an error of the parser could quote the file.
        why = error.strerror if isinstance(error, OSError) else "it is not what deploy wrote"
        raise ConfigProblem(
            f"The credentials in {path} cannot be read: {why}.", hint="Deploy the service again."
        ) from None


def _keys_in(path: Path) -> list[str]:
    """Read a file of keys: one per line, or the JSON object with ``primary`` and ``secondary``."""
    try:
        # Editors of Windows begin a file with a mark.
        text = path.read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not text"
        hint = f"{KEYS_VARIABLE} names the file."
        if isinstance(error, PermissionError):
            hint = f'The server runs as user {os.getuid()}: chmod a+r the file, or docker run --user "$(id -u)" …'
        elif isinstance(error, IsADirectoryError):
            hint = "docker run -v makes a folder where the machine has no such file: give the file's whole path there."
        raise ConfigProblem(f"The keys in {path} cannot be read: {why}.", hint=hint) from None
    if not text.startswith("{"):
        # A blank within a line is no end of a key: half of a passphrase must not open the service.
        keys = [line.strip() for line in text.splitlines() if line.strip()]
        if len(keys) > _KEYS:
            raise ConfigProblem(f"{path} has {len(keys)} lines.", hint="It holds one or two keys, one a line.")
        return keys
    try:
        values = json.loads(text)
    except ValueError:
        raise ConfigProblem(
            f"{path} does not hold a JSON object.", hint="One or two keys, one a line, will do."
        ) from None
    return [values[name] for name in ("primary", "secondary") if values.get(name)]


def _checked(keys: list[str], where: str) -> tuple[str, ...]:
    if not keys or not all(map(is_key, keys)):
        raise ConfigProblem(f"{where} holds no usable key.", hint=f"A key is {_RULE}.")
    return tuple(keys)
