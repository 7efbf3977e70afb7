"""An endpoint's traffic in a notebook: a dictionary that says when a change of it has no effect yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..exceptions import ValidationException
from ..telling import TELLER, hint_behind_the_cell

_CALL = "ml_client.online_endpoints.begin_create_or_update(endpoint).result()"


class Shares(dict[str, Any]):
    """Percentages by deployment.

    Parameters
    ----------
    named : bool
        Whether the notebook gave them; rules that it did not give stay as they are.
    what : str
        The attribute that holds them.
    """

    def __init__(self, values: Mapping[str, Any] | None, named: bool, what: str) -> None:
        super().__init__(values or {})
        self.named = named
        self._what = what
        # A change matters to nothing before the endpoint exists.
        self._in_force: dict[str, Any] | None = None
        self._told = False

    @classmethod
    def of(cls, given: Any, before: Shares | None, what: str) -> Shares:
        """Take what a notebook assigns; the endpoint's rules, if they are known, are those of ``before``."""
        if given is not None and not isinstance(given, Mapping):
            raise ValidationException(
                f"{what} must be a dictionary of percentages, not {given!r}.",
                hint=f"endpoint.{what} = {{'blue': 90, 'green': 10}}",
            )
        if isinstance(given, Shares) and before is None:
            return given
        made = cls(given, bool(given) or before is not None, what)
        if before is not None:
            made._in_force, made._told = before._in_force, before._told
            # The documents' own way, which the call follows.
            made._changed(later=True)
        return made

    def applied(self, values: Mapping[str, Any]) -> None:
        """Take the rules that are in force now."""
        super().clear()
        super().update(values)
        self._in_force, self._told, self.named = dict(values), False, False

    def settled(self) -> None:
        """Take what it holds for what is in force; a change from here on is told again."""
        self._in_force, self._told = dict(self), False

    def mute(self) -> None:
        """Say nothing of the next change: it is applied at once, or its failure is told."""
        self._told = True

    def __setitem__(self, name: str, share: Any) -> None:
        super().__setitem__(name, share)
        self._changed()

    def __delitem__(self, name: str) -> None:
        super().__delitem__(name)
        self._changed()

    def update(self, *given: Any, **shares: Any) -> None:
        """Change several shares."""
        super().update(*given, **shares)
        self._changed()

    def pop(self, *given: Any) -> Any:
        """Take a deployment out."""
        found = super().pop(*given)
        self._changed()
        return found

    def clear(self) -> None:
        """Take all deployments out."""
        super().clear()
        self._changed()

    def _changed(self, *, later: bool = False) -> None:
        self.named = True
        if self._in_force is None or self._told:
            return
        self._told = True
        if later:
            TELLER.attend()
            TELLER.at_the_end(self._unapplied)
        else:
            hint_behind_the_cell(self._unapplied)

    def _unapplied(self) -> str:
        if self._in_force is None or self._in_force == dict(self):
            return ""
        return f"endpoint.{self._what} is changed in this object alone. To apply it: {_CALL}"
