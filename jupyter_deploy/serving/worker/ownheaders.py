"""The script's own response headers: which cannot be sent, and whether some are for CORS."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FunctionType, ModuleType
from typing import Any

from ..layout import Layout

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_CORS = re.compile("access-control-allow-origin", re.IGNORECASE)
_INSTALLED = frozenset({"site-packages", "dist-packages"})


def check_headers(headers: Iterable[Iterable[str]]) -> None:
    """Refuse headers that HTTP cannot carry (RFC 9110, section 5).

    Raises
    ------
    ValueError
        Naming the header.
    """
    for name, value in headers:
        if not _NAME.fullmatch(name):
            raise ValueError(f"run() answered with a header named {name!r}, which is no name that HTTP has")
        if not _VALUE.fullmatch(value):
            raise ValueError(f"run() answered with a header {name!r} whose value HTTP cannot carry: {value!r}")


def names_cors(run: Callable[..., Any], layout: Layout) -> bool:
    """Whether a script, or one of its own modules, mentions ``Access-Control-Allow-Origin``."""
    files = {layout.entry}
    for value in list(getattr(inspect.unwrap(run), "__globals__", {}).values()):
        module = sys.modules.get(value.__module__) if isinstance(value, (FunctionType, type)) else value
        if isinstance(module, ModuleType):
            files.add(getattr(module, "__file__", None) or "")
    roots = [layout.app_root, str(Path(layout.entry).parent), *layout.search]
    return any(_CORS.search(_text(Path(file))) for file in files if file and _is_own(Path(file), roots))


def _is_own(file: Path, roots: list[str]) -> bool:
    return not _INSTALLED & set(file.parts) and any(file.is_relative_to(root) for root in roots)


def _text(file: Path) -> str:
    try:
        return file.read_text(errors="replace") if file.suffix == ".py" else ""
    except OSError:
        return ""
