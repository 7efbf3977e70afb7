"""Who may call a service: its keys and tokens, by azureml-core's names."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from ..services import LIFETIME

if TYPE_CHECKING:
    from ..deploying import Deployment
    from ..services import Keys, Token


class LetsIn:
    """The calls of a service that give out keys and tokens; the subclass knows what changes them."""

    name: str

    @property
    def _deployment(self) -> Deployment:
        raise NotImplementedError

    def get_keys(self) -> Keys:
        """Return the keys that let clients in, as azureml-core does.

        Returns
        -------
        Keys
            A pair, primary and secondary; either will do. Printed whole, it shows neither.

        Raises
        ------
        UsageProblem
            If the service has none.
        """
        return self._deployment.access.keys(self.name)

    def regenerate_key(self, key: str, set_key: str | None = None) -> None:
        """Replace one of the two keys; the other one stays good, so that clients can move to it first.

        Parameters
        ----------
        key : str
            ``"primary"`` or ``"secondary"``; the key of that name is refused as soon as this returns.
        set_key : str, optional
            The new key; by default one is made.

        Raises
        ------
        UsageProblem
            If the service has no keys, or this cannot be one.
        ServiceDown
            If the running server could not be told.
        """
        self._deployment.access.replace_key(self.name, key, set_key)

    def get_token(self, lifetime: timedelta = LIFETIME) -> Token:
        """Make a token that lets a client in for a while, as azureml-core does.

        Parameters
        ----------
        lifetime : datetime.timedelta, optional
            How long it is good: an hour, at most a day. It cannot be taken back before.

        Returns
        -------
        Token
            A pair: the token, and from when on to ask for another. Printed whole, it shows no token.

        Raises
        ------
        UsageProblem
            If the service takes none.
        """
        return self._deployment.access.token(self.name, lifetime)
