"""Modules that a script imports: installed ones belong to the environment, those beside the notebook travel."""

from __future__ import annotations

import sys
from pathlib import Path

from ..frameworks import distribution_version
from ..scripts import Finding
from .edited import edited


def check_travels(module: str, folder: Path) -> None:
    """Refuse a module that a service will not have, or will have in another state."""
    top = module.partition(".")[0]
    file = getattr(sys.modules.get(top), "__file__", None)
    beside = any((folder / name).exists() for name in (f"{top}.py", f"{top}/__init__.py"))
    if beside:
        _check_not_edited(top, folder)
        return
    known = top in sys.stdlib_module_names or top in sys.builtin_module_names or distribution_version(top)[0]
    if known or not (file or (folder / top).is_dir()):
        return
    if not file and (folder / top).is_dir():
        raise Finding(
            f"the package {top} has no __init__.py, and only those with one travel",
            f"Add an empty file {top}/__init__.py.",
        )
    raise Finding(
        f"the module {top} ({file}) is neither installed nor beside the notebook",
        f"Copy it to {folder}, or install it (%pip install -e …).",
    )


def _check_not_edited(top: str, folder: Path) -> None:
    """Refuse a module that travels if its file was edited since it was imported."""
    for name, module in sorted(sys.modules.items()):
        if name != top and not name.startswith(f"{top}."):
            continue
        path = folder.joinpath(*name.split("."))
        file = path / "__init__.py" if hasattr(module, "__path__") else path.with_suffix(".py")
        changed = edited(str(file), vars(module))
        if changed:
            raise Finding(
                f"{file.relative_to(folder)} {changed}",
                f"Restart the kernel, or run: import importlib; importlib.reload({name})",
            )
