"""Modules out of a table, for names that nothing else provides."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from importlib.abc import Loader
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class ModuleFinder(Loader):
    """Finds and loads the modules of a table; at the end of ``sys.meta_path`` it is asked last, module by module.

    Parameters
    ----------
    modules : mapping
        Name → where its attributes come from: ``{attribute: module}``. Packages end in a dot.
    missing : callable
        Given a module's name and an attribute that it has not: returns what stands in for it, or raises AttributeError.
    unknown : callable, optional
        Given the name of a module below one of these that the table has not: the message of the error.
    """

    def __init__(
        self,
        modules: Mapping[str, Mapping[str, str]],
        missing: Callable[[str, str], object],
        unknown: Callable[[str], str] | None = None,
    ) -> None:
        self._modules = modules
        self._missing = missing
        self._unknown = unknown

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Find a module that no other finder has (the import system's hook)."""
        if self.offers(name):
            return ModuleSpec(name, self, origin="jupyter_deploy", is_package=f"{name}." in self._modules)
        parent = name.rpartition(".")[0]
        if self._unknown and self.made(parent):
            # Of another name than the one that was asked for, as the import system keeps silent about that one.
            raise ModuleNotFoundError(self._unknown(name), name=parent)
        return None

    def offers(self, name: str) -> bool:
        """Whether the table has a module."""
        return name in self._modules or f"{name}." in self._modules

    def made(self, name: str) -> bool:
        """Whether a module that is loaded is one of the table's, and not a real one."""
        spec = getattr(sys.modules.get(name), "__spec__", None)
        return spec is not None and spec.loader is self

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Leave making the module to Python (the import system's hook)."""
        return None

    def exec_module(self, module: ModuleType) -> None:
        """Give a new and empty module its attributes (the import system's hook)."""
        name = module.__name__
        sources = self._modules.get(name, self._modules.get(f"{name}.", {}))

        def attribute(wanted: str) -> Any:
            if wanted in sources:
                return getattr(importlib.import_module(sources[wanted]), wanted)
            return self._missing(name, wanted)

        module.__getattr__ = attribute  # type: ignore[method-assign]
        module.__dir__ = lambda: sorted({*vars(module), *sources})  # type: ignore[method-assign]
        module.__all__ = sorted(sources)  # type: ignore[attr-defined]
        module.__doc__ = "Provided by jupyter_deploy, because the real module is not installed."
