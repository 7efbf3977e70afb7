"""What a script and its models need, found by looking at them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable

from ..frameworks.pickling import distribution_version
from ..models import Model
from ..scripts import Script, imported_modules
from ..shipment.gathering import Shipment

_OWN = "jupyter-model-deploy"
_ENVIRON = re.compile(r"\benviron\b\s*(\[[^\]]*\]\s*=[^=]|\.(update|setdefault|pop)\b|\|=)|\bputenv\s*\(")


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


def infer_requirements(shipment: Shipment, models: Iterable[Model]) -> list[str]:
    """List what the script imports and the models need, pinned to the versions installed here.

    Parameters
    ----------
    shipment : Shipment
        The imports of the script, and of the modules beside it that it imports.
    models : iterable of Model
        Each with the requirements recorded at its registration; they win.

    Returns
    -------
    list of str
        ``distribution==version``, sorted.
    """
    pinned: dict[str, str] = {}
    own = {name.partition("/")[0].removesuffix(".py") for name in shipment.texts} | shipment.modules
    sources = [data.decode("utf-8-sig", "replace") for data in shipment.texts.values()]
    modules = {module.partition(".")[0] for source in sources for module in imported_modules(source)}
    if "inference_schema" in modules:
        # Its types for arrays and frames need libraries that it does not declare; where it is not installed, the
        # server has types of its own, which need the same.
        modules |= {library for library in ("numpy", "pandas") if any(f"{library}_param" in text for text in sources)}
    for module in modules - own - set(sys.stdlib_module_names):
        name, version = distribution_version(module)
        if name:
            pinned[name] = version
    for model in models:
        for line in model.requirements:
            name, _, version = line.partition("==")
            pinned[name] = version
    pinned.pop(_OWN, None)
    # "2.5.1+cpu" is a build that the usual index does not have under that name.
    return sorted(f"{name}=={version.partition('+')[0]}" for name, version in pinned.items())
