"""Which frameworks there are, and which one an object is of."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Protocol

# The first that matches wins; "anything" matches everything and stays last.
_MODULES = ("onnx", "xgboost", "lightgbm", "catboost", "sklearn", "anything")
# How values of scripts are saved, which load them by joblib.
_PICKLED = ("sklearn", "anything")

CreateFile = Callable[[str], AbstractContextManager[Any]]


@dataclass(frozen=True)
class Saved:
    """What was written for an object.

    Parameters
    ----------
    entry : str
        The name of the one file or folder that was created.
    requirements : tuple of str
        ``distribution==version`` of each library that loading needs.
    modules : tuple of str
        The modules that loading imports; empty where unknown.
    notices : tuple of str
        What the user should know about it.
    """

    entry: str
    requirements: tuple[str, ...]
    modules: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()


class Framework(Protocol):
    """One way of saving and loading objects; a module with these names is one."""

    NAME: str

    def matches(self, obj: object) -> bool:
        """Tell whether the object is one of this framework's."""

    def version(self) -> str:
        """Return the version of the framework that is loaded now."""

    def save(self, obj: object, create: CreateFile) -> Saved:
        """Write the object through ``create(file name)``."""

    def load(self, entry: Path) -> Any:
        """Read an object back from the file or folder that :meth:`save` named."""


def framework_of(obj: object, *, pickled: bool = False) -> Framework:
    """Find the framework of an object.

    Parameters
    ----------
    obj : object
        A model, or anything that can be pickled.
    pickled : bool, optional
        Whether only those are wanted that write pickles.

    Returns
    -------
    Framework
        The first in the list that matches.
    """
    for name in _PICKLED if pickled else _MODULES:
        framework: Any = import_module(f"{__package__}.{name}")
        if framework.matches(obj):
            return framework  # type: ignore[no-any-return]
    raise AssertionError("the last framework matches everything")


def comes_from(obj: object, package: str) -> bool:
    """Tell whether an object's class, or one that it derives from, is defined in a package.

    Parameters
    ----------
    obj : object
        Any object.
    package : str
        The top-level name, for example ``"sklearn"``.

    Returns
    -------
    bool
        Decided by the names of modules; imports nothing.
    """
    return any(str(kind.__module__).partition(".")[0] == package for kind in type(obj).__mro__)
