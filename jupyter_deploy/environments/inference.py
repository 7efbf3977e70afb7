"""What a service's interpreter must hold. Until containers come, that interpreter is the kernel's own."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

from ..errors import TargetProblem
from ..frameworks.pickling import distribution_version
from ..models import Model
from ..scripts import Script, imported_modules

KERNEL = "kernel"
_ENVIRON = re.compile(r"\benviron\b\s*(\[[^\]]*\]\s*=[^=]|\.(update|setdefault|pop)\b|\|=)|\bputenv\s*\(")


def check_environment(name: str) -> str:
    """Refuse an environment that this version cannot make.

    Parameters
    ----------
    name : str
        What was asked for.

    Returns
    -------
    str
        ``"kernel"``.

    Raises
    ------
    TargetProblem
        For any other.
    """
    if name != KERNEL:
        raise TargetProblem(
            f"There is no environment {name!r}.",
            hint="The process target runs on the kernel's own interpreter: --environment kernel.",
        )
    return name


def preload_modules(script: Script, models: Iterable[Model]) -> list[str] | None:
    """List what a service will import, so that it can be imported ahead of the script.

    Parameters
    ----------
    script : Script
        Its imports; names that are no libraries are harmless.
    models : iterable of Model
        Each with the modules recorded at its registration.

    Returns
    -------
    list of str or None
        Sorted. None where the script sets environment variables: libraries read them when they are imported.
    """
    if _ENVIRON.search(script.source):
        return None
    wanted = set(imported_modules(script.source))
    return sorted(wanted.union(*(model.modules for model in models)))


def infer_requirements(script: Script, models: Iterable[Model]) -> list[str]:
    """List what the script imports and the models need, pinned to the versions installed here.

    Parameters
    ----------
    script : Script
        Its imports, and those of the modules that travel with it.
    models : iterable of Model
        Each with the requirements recorded at its registration; they win.

    Returns
    -------
    list of str
        ``distribution==version``, sorted.
    """
    pinned: dict[str, str] = {}
    files = script.files()
    own = {name.partition("/")[0].removesuffix(".py") for name in files}
    sources = [data.decode("utf-8", "replace") for name, data in files.items() if name.endswith(".py")]
    modules = {module.partition(".")[0] for source in sources for module in imported_modules(source)}
    for module in modules - own - set(sys.stdlib_module_names):
        name, version = distribution_version(module)
        if name:
            pinned[name] = version
    for model in models:
        for line in model.requirements:
            name, _, version = line.partition("==")
            pinned[name] = version
    return sorted(f"{name}=={version}" for name, version in pinned.items())
