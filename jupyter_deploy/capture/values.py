"""What a live value is, for a script: written down as it is, to be saved as a model, or not to be shipped at all."""

from __future__ import annotations

import ast
import collections.abc
import io
import math
import re
import sys
import types
from typing import Any

_LONGEST = 1000
_PLAIN = (int, float, complex, str, bytes, bool, type(None), type(Ellipsis))
_SECRET = re.compile(
    r"(?i)(^|_)(secret|token|passw(or)?d|passphrase|api_?key|access_?key|private_?key|credentials?)(_|$)"
)
_NOTEBOOK_ONLY = ("IPython", "ipykernel", "ipywidgets", "anywidget", "traitlets", "comm", "jupyter_deploy")


def literal(value: object) -> str | None:
    """Write a small constant as Python.

    Parameters
    ----------
    value : object
        Any value.

    Returns
    -------
    str or None
        An expression that gives an equal value of the same types; None for what is no constant, or a long one.
    """
    if type(value) is float and not math.isfinite(value):
        return f'float("{value}")'
    if not _is_plain(value, 0):
        return None
    if isinstance(value, frozenset):
        inner = literal(set(value)) if value else ""
        return None if inner is None else f"frozenset({inner})"
    text = repr(value)
    return text if len(text) <= _LONGEST else None


def _is_plain(value: object, depth: int) -> bool:
    # Exact types: what derives from them (an enum's member, a named tuple) is more than its repr.
    if type(value) is float:
        return math.isfinite(value)
    if type(value) is complex:
        return math.isfinite(value.real) and math.isfinite(value.imag)
    if type(value) in _PLAIN:
        return True
    if depth > 8 or (hasattr(value, "__len__") and len(value) > _LONGEST):
        return False
    if type(value) is dict:
        return all(_is_plain(item, depth + 1) for pair in value.items() for item in pair)
    if type(value) is set:
        return bool(value) and all(_is_plain(item, depth + 1) for item in value)
    if type(value) in (list, tuple):
        return all(_is_plain(item, depth + 1) for item in value)  # type: ignore[attr-defined]
    return type(value) is frozenset and depth == 0 and all(_is_plain(item, depth + 1) for item in value)


def same_literal(expression: ast.expr, value: object) -> bool:
    """Tell whether an expression in the notebook is the constant that a name has now.

    Parameters
    ----------
    expression : ast.expr
        The right side of an assignment.
    value : object
        The name's value.

    Returns
    -------
    bool
        True where its text can be taken as it is written.
    """
    try:
        written = ast.literal_eval(expression)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return type(written) is type(value) and repr(written) == repr(value)


def looks_secret(name: str, value: object) -> bool:
    """Tell whether a constant seems to be a password or key.

    Parameters
    ----------
    name : str
        The variable's name.
    value : object
        Its value.

    Returns
    -------
    bool
        True for a text under such a name.
    """
    return isinstance(value, (str, bytes)) and bool(value) and bool(_SECRET.search(name))


def refusal(value: object) -> tuple[str, str] | None:
    """Tell why a value cannot be shipped, whatever its name.

    Parameters
    ----------
    value : object
        A live value that is neither a module, function nor class.

    Returns
    -------
    tuple of (str, str), or None
        What it is, and what to do instead; None where nothing is known against it.
    """
    kind = type(value)
    family = {base.__module__.partition(".")[0] for base in kind.__mro__}
    if isinstance(value, io.IOBase):
        return (
            f"it is an open file ({getattr(value, 'name', '?')})",
            "Open it in init(), or read it here and use what was read.",
        )
    if isinstance(value, (types.GeneratorType, types.AsyncGeneratorType)):
        return "it is a generator, and what it has yielded is gone", "Make a list of it here, or a generator in run()."
    if isinstance(value, (types.CoroutineType, types.FrameType, types.TracebackType)):
        return f"it is a {kind.__name__}, which lives in this process only", "Make it in the script."
    if family & set(_NOTEBOOK_ONLY):
        return (
            f"it is a {kind.__name__} of the notebook",
            "The script runs without a notebook; print() goes to the service's log.",
        )
    if _is_connection(kind):
        return f"it is a connection ({kind.__module__}.{kind.__qualname__})", "Open it in init()."
    if kind.__module__ in {"_thread", "threading", "subprocess", "_asyncio", "asyncio"} or "multiprocessing" in family:
        return f"it is a {kind.__name__}, which lives in this process only", "Make it in init()."
    if isinstance(value, collections.abc.Iterator) and not _picks_up_again(value):
        return f"it is an iterator ({kind.__name__}), and what it has passed is gone", "Make a list of it here."
    return None


def _is_connection(kind: type[Any]) -> bool:
    names = {f"{base.__module__}.{base.__name__}" for base in kind.__mro__}
    if names & {
        "_socket.socket",
        "socket.socket",
        "ssl.SSLSocket",
        "requests.sessions.Session",
        "http.client.HTTPConnection",
    }:
        return True
    databases = {"sqlite3", "_sqlite3", "psycopg", "psycopg2", "sqlalchemy", "pymysql", "MySQLdb", "pyodbc", "oracledb"}
    databases |= {
        "pymongo",
        "redis",
        "duckdb",
        "_duckdb",
        "snowflake",
        "asyncpg",
        "aiohttp",
        "httpx",
        "paramiko",
        "boto3",
    }
    words = ("connection", "cursor", "engine", "session", "client", "pool", "redis", "transport")
    return kind.__module__.partition(".")[0] in databases and any(word in kind.__name__.lower() for word in words)


def _picks_up_again(value: object) -> bool:
    """Accept generators of random numbers, for example, but no counters, which a script would not start anew."""
    return type(value).__module__ not in {"builtins", "itertools", "_io", "_csv"} and hasattr(value, "__getstate__")


def is_callable_of(value: object, module: str) -> bool:
    """Tell whether a function or class says that it was defined in a module.

    Parameters
    ----------
    value : object
        Any value.
    module : str
        For example ``"__main__"``.

    Returns
    -------
    bool
        False for values that are neither.
    """
    return (isinstance(value, (type, types.FunctionType)) or callable(value)) and (
        getattr(value, "__module__", None) == module and hasattr(value, "__qualname__")
    )


def public_home(value: object) -> tuple[str, str]:
    """Find the shortest module that a class or function can be imported from, and its name there.

    Parameters
    ----------
    value : object
        Any value.

    Returns
    -------
    tuple of (str, str)
        Module and name; both empty where there is none, or it is defined in the notebook.
    """
    origin, own = getattr(value, "__module__", None), getattr(value, "__qualname__", None)
    if not isinstance(origin, str) or not isinstance(own, str) or origin == "__main__":
        return "", ""
    parts = origin.split(".")
    for count in range(1, len(parts) + 1):
        module = ".".join(parts[:count])
        if own and getattr(sys.modules.get(module), own, None) is value and not parts[count - 1].startswith("_"):
            return module, own
    if getattr(sys.modules.get(origin), own, None) is value:
        return origin, own
    return "", ""
