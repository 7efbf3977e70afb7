"""What a client of a service sees of one request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Exchange:
    """One request, as its client saw it.

    Parameters
    ----------
    answer : object
        Decoded from JSON; None where an error came back.
    status : int
        Of HTTP.
    milliseconds : float
        From sending it to having the whole answer.
    server_milliseconds : float or None
        What ``run()`` took, by the server's own clock; None where it does not say.
    """

    answer: Any
    status: int
    milliseconds: float
    server_milliseconds: float | None
