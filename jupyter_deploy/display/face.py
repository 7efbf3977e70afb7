"""The class of faces, and the plain data that a renderer of the notebook's page may draw from."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .plain import readable

if TYPE_CHECKING:
    from ..workspace import Living

# A saved notebook is passed on, and must not show paths of this machine.
_OF_THIS_MACHINE = ("folder", "home", "log")
MIME = "application/vnd.jupyter-deploy.{}.v1+json"
_NAMED_BY_USERS = frozenset({"tags", "properties"})


def _itself(value: Any) -> Any:
    return value


def _as_it_is(seen: Any, _value: Any, _living: Living) -> Any:
    return seen


@dataclass(frozen=True)
class Face:
    """How the values of one class are shown, in three layers."""

    kind: str  # names the layer for renderers: ``application/vnd.jupyter-deploy.<kind>.v1+json``
    text: Callable[[Any], str]  # returns the plain layer of what look() saw
    html: Callable[[Any], str]  # returns the HTML layer: no script, everything escaped
    data: Callable[[Any], Mapping[str, Any]]  # returns the layer for renderers: plain data, no secrets
    look: Callable[[Any], Any] = _itself  # asks a live value, once, for what all layers are drawn from
    # adds to what was seen the names that have changed in the kernel
    notice: Callable[[Any, Any, Living], Any] = _as_it_is

    @property
    def mime(self) -> str:
        """The MIME type of the layer for renderers."""
        return MIME.format(self.kind)


def as_json(value: Any) -> Any:
    """Turn plain data into JSON for any reader: infinity and NaN become None, unknown values become text.

    A Dockerfile is replaced by a note: it may hold secrets, and a saved notebook is passed on. Places of this machine
    are left out; users may call a tag as these are called.
    """
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, Mapping):
        return {readable(str(key)): _item(key, item) for key, item in value.items() if key not in _OF_THIS_MACHINE}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [as_json(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value if value is None or isinstance(value, int) else readable(str(value))


def _item(key: str, item: Any) -> Any:
    if key == "dockerfile":
        return bool(item)
    if key in _NAMED_BY_USERS and isinstance(item, Mapping):
        return {readable(str(name)): as_json(one) for name, one in item.items()}
    return as_json(item)
