"""What a script and its models need, found by looking at them."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from dataclasses import replace

from packaging.version import InvalidVersion, Version

from ..frameworks import distribution_of, distribution_version, installed_version, written_by
from ..registry import Model
from ..scripts import Script, imported_modules
from ..scripts.shipment import Shipment
from .environment import Environment

_OWN = "jupyter-model-deploy"
_DEBUGGER = "debugpy"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ENVIRON = re.compile(r"\benviron\b\s*(\[[^\]]*\]\s*=[^=]|\.(update|setdefault|pop)\b|\|=)|\bputenv\s*\(")


def preload_modules(script: Script, models: Iterable[Model]) -> list[str] | None:
    """List the modules that a service can import before the script, sorted; names that are no libraries are harmless.

    None if the script sets environment variables: libraries read them when they are imported.
    """
    if _ENVIRON.search(script.source):
        return None
    wanted = set(imported_modules(script.source))
    return sorted(wanted.union(*(model.modules for model in models)))


def infer_requirements(shipment: Shipment, models: Iterable[Model]) -> list[str]:
    """List what the script imports and the models need, as sorted ``distribution==version``.

    The versions are those installed here, but the requirements that a model recorded at its registration win.
    """
    pinned: dict[str, str] = {}
    own = {name.partition("/")[0].removesuffix(".py") for name in shipment.texts} | shipment.modules
    sources = [data.decode("utf-8-sig", "replace") for data in shipment.texts.values()]
    modules = {module.partition(".")[0] for source in sources for module in imported_modules(source)}
    if "inference_schema" in modules:
        # Its types for arrays and frames need libraries that it does not declare; so do the server's own types, which
        # replace a missing inference-schema.
        modules |= {library for library in ("numpy", "pandas") if any(f"{library}_param" in text for text in sources)}
    for module in modules - own - set(sys.stdlib_module_names):
        name, version = distribution_version(module)
        name = name or distribution_of(module)
        if name:
            pinned[name] = f"{name}=={version}" if version else name
    needed: dict[str, str] = {}
    for model in models:
        for line in model.requirements:
            name = _NAME.match(line)[0]  # type: ignore[index]
            needed[name] = _newer(needed.get(name, ""), line)
    if any(_is_foreign(name, line) for name, line in needed.items()):
        # Current versions would not fit a library of another time: the installer finds those that do.
        pinned = {name: name for name in pinned}
    for name, line in needed.items():
        # Packages that only the script imports keep their installed version; a bare name does not contradict it.
        pinned[name] = line if line != name else pinned.get(name, line)
    pinned.pop(_OWN, None)
    # "2.5.1+cpu" is a build that the default index does not have under that name.
    return sorted(line.partition("+")[0] for line in pinned.values())


def _newer(one: str, other: str) -> str:
    """Of two requirements of one library, take the newer version: it reads what the older one wrote."""
    versions = [line.partition("==")[2] for line in (one, other)]
    if not all(versions):
        return one if versions[0] else other
    try:
        return max(one, other, key=lambda line: Version(line.partition("==")[2]))
    except InvalidVersion:
        return other


def _is_foreign(name: str, line: str) -> bool:
    """Whether a library is needed in another version than the one that is installed here."""
    wanted = line.partition("==")[2].partition("+")[0]
    here = installed_version(name).partition("+")[0]
    return bool(wanted and here and wanted != here)


def version_mismatches(models: Iterable[Model], environment: Environment) -> list[str]:
    """Say, one line each with both versions, which models another version of their library wrote.

    The other version is the one of ``environment``, which will load them.
    """
    found = []
    lines = {_NAME.match(line)[0].lower(): line for line in environment.requirements if _NAME.match(line)}  # type: ignore[index]
    for model in models:
        library = written_by(model.framework)
        # Who names a framework without its version still has a file that tells which.
        pins = (line.partition("==")[2] for line in model.requirements if line.partition("==")[0] == library)
        wrote = (model.framework_version or next(pins, "")).partition("+")[0]
        if not library or not wrote:
            continue
        here = (
            installed_version(library) if environment.is_kernel else lines.get(library.lower(), "").partition("==")[2]
        )
        serves = here.partition("+")[0]
        if serves and serves != wrote:
            found.append(f"{model.id} was written with {library} {wrote}, and is served with {library} {serves}")
    return found


def with_debugger(environment: Environment) -> Environment:
    """Add what a debugger attaches to, in the version that is here, unless the environment has it or is the kernel's.

    A user's own requirements stay first: they decide.
    """
    there = re.compile(rf"{_DEBUGGER}(?![\w.-])", re.IGNORECASE)
    if environment.is_kernel or any(map(there.match, environment.requirements)):
        return environment
    version = installed_version(_DEBUGGER)
    line = f"{_DEBUGGER}=={version}" if version else _DEBUGGER
    return replace(environment, requirements=(*environment.requirements, line))
