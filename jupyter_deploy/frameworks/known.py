"""The known frameworks, and which of them an object belongs to."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

# The first that matches wins; "anything" matches everything and stays last.
_MODULES = ("onnx", "xgboost", "lightgbm", "catboost", "keras", "torch", "sklearn", "anything")
# How values of scripts are saved, which load them by joblib.
_PICKLED = ("sklearn", "anything")

CreateFile = Callable[[str], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Saved:
    """What was written for an object."""

    entry: str  # the one file or folder that was created
    requirements: tuple[str, ...]  # ``distribution==version`` of each library that loading needs
    modules: tuple[str, ...] = ()  # those that loading imports; empty if unknown
    notices: tuple[str, ...] = ()  # for the user


class Framework(Protocol):
    """A way of saving and loading objects; a module with these names is one."""

    NAME: str

    def matches(self, obj: object) -> bool:
        """Whether the object is one of this framework's."""

    def version(self) -> str:
        """Return the version of the loaded framework."""

    def save(self, obj: object, create: CreateFile) -> Saved:
        """Write the object through ``create(file name)``."""

    def load(self, entry: Path) -> Any:
        """Read an object back from the file or folder that :meth:`save` named."""


def framework_of(obj: object, *, pickled: bool = False) -> Framework:
    """Return the first framework in the list that matches an object.

    With ``pickled``, only of those that write pickles.
    """
    for name in _PICKLED if pickled else _MODULES:
        framework: Any = import_module(f"{__package__}.{name}")
        if framework.matches(obj):
            return framework  # type: ignore[no-any-return]
    raise AssertionError("the last framework matches everything")


def comes_from(obj: object, package: str) -> bool:
    """Whether an object's class, or one of its bases, is defined in a top-level package; imports nothing."""
    return any(str(kind.__module__).partition(".")[0] == package for kind in type(obj).__mro__)
