"""``azureml.core.authentication``: taken as they come; nothing logs in, and nothing of them is kept."""

from __future__ import annotations

from typing import Any

from .vocabulary import Vocabulary


class AbstractAuthentication(metaclass=Vocabulary):
    """Any way to log in to the cloud; here none is used."""

    def __init__(self, *_: Any, **__: Any) -> None:
        """Take what is given, and forget it: it may hold a password."""

    def get_authentication_header(self) -> dict[str, str]:
        """Return no header: nothing here asks for one."""
        return {}


class InteractiveLoginAuthentication(AbstractAuthentication):
    """Opens no browser here."""


class ServicePrincipalAuthentication(AbstractAuthentication):
    """Does not keep the password that it is given."""


class AzureCliAuthentication(AbstractAuthentication):
    """Runs no command here."""


class MsiAuthentication(AbstractAuthentication):
    """Asks no machine for its identity here."""


class TokenAuthentication(AbstractAuthentication):
    """Calls nothing for a token here."""


class ArcTokenAuthentication(AbstractAuthentication):
    """Calls nothing for a token here."""
