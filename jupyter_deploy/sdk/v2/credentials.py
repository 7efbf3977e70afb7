"""``azure.identity``: credentials are taken as they come; nothing logs in, and nothing of them is kept."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, NamedTuple

_LIFETIME_SECONDS = 3600


class AccessToken(NamedTuple):
    """What a credential gives: not a token of any cloud."""

    token: str
    expires_on: int


class TokenCredential:
    """Any way to log in to the cloud; here none is used."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Take what is given, and forget it: it may hold a password."""

    def get_token(self, *_: Any, **__: Any) -> AccessToken:
        """Return a token that opens nothing: notebooks ask for one to see whether they could log in."""
        return AccessToken("local", int(time.time()) + _LIFETIME_SECONDS)

    def close(self) -> None:
        """Do nothing."""

    def __enter__(self) -> TokenCredential:
        return self

    def __exit__(self, *_: object) -> None:
        return None


class AzureKeyCredential:
    """Does not keep the key that it is given."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Take what is given, and forget it."""


class DefaultAzureCredential(TokenCredential):
    """Tries no way to log in here."""


class ClientSecretCredential(TokenCredential):
    """Does not keep the secret that it is given."""


class CertificateCredential(TokenCredential):
    """Reads no certificate here."""


class ClientAssertionCredential(TokenCredential):
    """Calls nothing for an assertion here."""


class InteractiveBrowserCredential(TokenCredential):
    """Opens no browser here."""


class DeviceCodeCredential(TokenCredential):
    """Shows no code here."""


class UsernamePasswordCredential(TokenCredential):
    """Does not keep the password that it is given."""


class ManagedIdentityCredential(TokenCredential):
    """Asks no machine for its identity here."""


class WorkloadIdentityCredential(TokenCredential):
    """Asks no cluster for its identity here."""


class EnvironmentCredential(TokenCredential):
    """Reads no variables here."""


class AzureCliCredential(TokenCredential):
    """Runs no command here."""


class AzureDeveloperCliCredential(TokenCredential):
    """Runs no command here."""


class AzurePowerShellCredential(TokenCredential):
    """Runs no command here."""


class VisualStudioCodeCredential(TokenCredential):
    """Reads nothing of the editor here."""


class SharedTokenCacheCredential(TokenCredential):
    """Reads no cache here."""


class ChainedTokenCredential(TokenCredential):
    """Tries none of the credentials that it is given."""


class OnBehalfOfCredential(TokenCredential):
    """Does not keep the secret that it is given."""


def get_bearer_token_provider(*_: Any, **__: Any) -> Callable[[], str]:
    """Return a function that gives a token that opens nothing."""
    return lambda: "local"
