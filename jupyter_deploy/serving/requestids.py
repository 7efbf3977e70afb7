"""Ids for requests that come without one."""

from __future__ import annotations

import os

_AT_ONCE = 256
_VARIANT = "89ab"


class RequestIds:
    """Makes random UUIDs (version 4, RFC 9562), many from one call to the system's random source."""

    def __init__(self) -> None:
        self._made: list[str] = []

    def next(self) -> str:
        """Make an id.

        Returns
        -------
        str
            36 characters.
        """
        if not self._made:
            digits = os.urandom(16 * _AT_ONCE).hex()
            self._made = [_uuid(digits[at : at + 32]) for at in range(0, len(digits), 32)]
        return self._made.pop()


def _uuid(digits: str) -> str:
    variant = _VARIANT[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
