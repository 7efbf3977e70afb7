"""What a face is, and plain data that a renderer of the notebook's page may draw from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .plain import readable

if TYPE_CHECKING:
    from ..workspace import Living

# Paths are nobody's business to whom a saved notebook is handed on.
_OF_THIS_MACHINE = ("folder", "home", "log")
MIME = "application/vnd.jupyter-deploy.{}.v1+json"


def _itself(value: Any) -> Any:
    return value


def _as_it_is(seen: Any, _value: Any, _living: Living) -> Any:
    return seen


@dataclass(frozen=True)
class Face:
    """How the values of one class are shown, in three layers.

    Parameters
    ----------
    kind : str
        What the layer for renderers is called: ``application/vnd.jupyter-deploy.<kind>.v1+json``.
    text : callable
        Returns the plain layer of what was seen.
    html : callable
        Returns the HTML layer: no script, everything escaped.
    data : callable
        Returns the layer for renderers: plain data, no secrets.
    look : callable, optional
        Asks a live value for what all layers are drawn from, once.
    notice : callable, optional
        Given what was seen, the value and what the kernel knows, returns what was seen with what has moved on.
    """

    kind: str
    text: Callable[[Any], str]
    html: Callable[[Any], str]
    data: Callable[[Any], Mapping[str, Any]]
    look: Callable[[Any], Any] = _itself
    notice: Callable[[Any, Any, Living], Any] = _as_it_is

    @property
    def mime(self) -> str:
        """The type of the layer for renderers."""
        return MIME.format(self.kind)


def as_json(value: Any) -> Any:
    """Turn plain data into what every JSON reader takes.

    Parameters
    ----------
    value : object
        Dicts, lists, tuples, text, numbers; others become text.

    Returns
    -------
    object
        Infinity and NaN are None; text can be encoded; of a Dockerfile only that there is one, because a notebook that
        is saved and handed on should not hold what may stand in it.
    """
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, Mapping):
        kept = {key: item for key, item in value.items() if key not in _OF_THIS_MACHINE}
        return {readable(str(key)): bool(item) if key == "dockerfile" else as_json(item) for key, item in kept.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [as_json(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, int) else readable(str(value))
