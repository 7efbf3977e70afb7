"""Compiled parts of packages that do not fit each other, or the system."""

from __future__ import annotations

import re

from ...frameworks import distribution_version
from .situation import Situation

_LIBRARY = re.compile(r"(lib[\w.+-]+\.so[\w.]*|[\w.+-]+\.(?:dll|dylib)): cannot open shared object file")
_WITHOUT_SCREEN = re.compile(r"lib(?:GL|gthread|SM|Xext|Xrender|X11|glib)[\w.-]*\.so")
_SIZE = re.compile(r"([A-Za-z_][\w.]*) size changed, may indicate binary incompatibility")
_NUMPY = re.compile(
    r"numpy\.core\.multiarray failed to import|compiled using NumPy 1\.x cannot be run in|_ARRAY_API not found"
    r"|module (?:was )?compiled against (?:ABI|API) version"
)
_SYSTEM = re.compile(r"version [`'](GLIBC(?:XX)?_[\w.]+)' not found")
_SYMBOL = re.compile(r"undefined symbol: \w+|wrong ELF class|DLL load failed|invalid ELF header|file too short")
_FILES = (".so", ".pyd", ".dylib")
_NOBODY = {"", "script", "module"}


def about_native(at: Situation) -> str:
    """Advise on an extension module that cannot be loaded, and name its package; empty if nothing is certain."""
    imports, caller = isinstance(at.error, ImportError), at.raised_below("ctypes")
    library = _LIBRARY.search(at.message)
    # A script that opens a library by itself knows its name.
    if library and (imports or (isinstance(at.error, OSError) and caller not in _NOBODY)):
        return _system_library(at, library[1])
    size = _SIZE.search(at.message) if isinstance(at.error, ValueError) else None
    if size or ((imports or isinstance(at.error, RuntimeError)) and _NUMPY.search(at.message)):
        return _of_another(at, size[1].partition(".")[0] if size else "numpy")
    wanted = _SYSTEM.search(at.message) if imports or isinstance(at.error, OSError) else None
    if wanted and (package := _package(at, "ctypes")):
        return f"{package} needs {wanted[1]}, and this system has older libraries: {{fit {_name(package)}}}"
    if imports and _SYMBOL.search(at.message) and (package := _package(at, "")):
        return f"{package} does not fit what is installed beside it: {{fit {_name(package)}}}"
    return ""


def _of_another(at: Situation, module: str) -> str:
    """Name a package and the one that it was compiled for."""
    name, version = distribution_version(module)
    shown = {"numpy": "NumPy"}.get(name or module, name or module)
    package = _package(at, module)
    if not package and not name:
        return ""
    if not package:
        return (
            f"A package was compiled for another version of {shown} than the one that is installed: install the two "
            "again, in versions that fit."
        )
    both = f"{_name(package)} {name or module}".strip()
    return (
        f"{package} was compiled for another version of {shown} than {version or 'the installed one'}: {{fit {both}}}"
    )


def _system_library(at: Situation, library: str) -> str:
    wants_cv2 = any(str(frame.f_globals.get("__name__", "")).startswith("cv2") for frame, _ in at.frames)
    if _WITHOUT_SCREEN.match(library) and (wants_cv2 or re.search(r"\bcv2\b", at.line)):
        return "OpenCV wants a screen: {install opencv-python-headless} instead of opencv-python."
    return f"The system has no {library}, which {_package(at, 'ctypes') or 'a package'} needs: {{system {library}}}"


def _package(at: Situation, below: str) -> str:
    """Find whose extension it is, with its version: who could not be loaded, else who raised or called ``below``."""
    error = at.error
    tops = []
    if isinstance(error, ImportError) and error.name and str(error.path or "").endswith(_FILES):
        tops.append(error.name)
    tops.append(at.raised_below(below))
    if tops[-1] == "script":
        tops += re.findall(r"^(?:import|from)\s+(\w+)", at.line)
    for top in (name.partition(".")[0] for name in tops):
        if top not in {*_NOBODY, below}:
            distribution, version = distribution_version(top)
            if distribution:
                return f"{distribution} {version}"
    return ""


def _name(package: str) -> str:
    return package.partition(" ")[0]
