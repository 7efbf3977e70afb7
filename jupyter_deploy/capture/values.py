"""What a live value becomes in a script: source, a saved model, or a refusal."""

from __future__ import annotations

import ast
import collections.abc
import io
import math
import os
import re
import sys
import types
from typing import Any

_LONGEST = 1000
_PLAIN = (int, float, complex, str, bytes, bool, type(None), type(Ellipsis))
_SECRET = re.compile(
    r"(^|_)(secrets?|token|(db|user|smtp)_pass|pwd|passw(or)?d|passphrase|(api|access|private|account|auth|\w+ai)_?key|credentials?)(_|$)"
)
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
# Keys of well-known services, a private key's file, a password in an address.
_SECRET_VALUE = re.compile(
    r"sk-[\w-]{16,}|gh[pousr]_\w{20,}|github_pat_\w{20,}|AKIA[0-9A-Z]{16}|xox[abp]-[\w-]{10,}|hf_\w{20,}|AIza[\w-]{30,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY|[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s@{}]+@"
)
# Tokens such as "<pad>" and "[CLS]" are no secrets.
_MARK = re.compile(r"<.*>|\[.*\]")
_LOOKED_AT = 10_000
_NOTEBOOK_ONLY = ("IPython", "ipykernel", "ipywidgets", "anywidget", "traitlets", "comm", "jupyter_deploy")


def literal(value: object) -> str | None:
    """Write a small constant as an expression of an equal value and the same types; None for anything else."""
    if type(value) is float and not math.isfinite(value):
        return f'float("{value}")'
    if not _is_plain(value, 0, set()):
        return None
    if isinstance(value, frozenset):
        inner = literal(set(value)) if value else ""
        return None if inner is None else f"frozenset({inner})"
    try:
        text = _written(value)
    except ValueError:  # a number with more digits than Python writes
        return None
    return text if len(text) <= _LONGEST else None


def _written(value: Any) -> str:
    """Write a value like repr(), but a set in the same order in every process."""
    if type(value) is set:
        return f"{{{', '.join(sorted(map(_written, value)))}}}"
    if type(value) is list:
        return f"[{', '.join(map(_written, value))}]"
    if type(value) is tuple:
        return f"({', '.join(map(_written, value))}{',' if len(value) == 1 else ''})"
    if type(value) is dict:
        return f"{{{', '.join(f'{_written(key)}: {_written(item)}' for key, item in value.items())}}}"
    return repr(value)


def _is_plain(value: object, depth: int, seen: set[int]) -> bool:
    # Exact types: an instance of a subclass (an enum's member, a named tuple) is more than its repr.
    if type(value) is float:
        return math.isfinite(value)
    if type(value) is complex:
        # repr(complex) loses the sign of a zero.
        return all(math.isfinite(part) and str(part) != "-0.0" for part in (value.real, value.imag))
    if type(value) in _PLAIN:
        return True
    if type(value) not in (dict, list, tuple, set, frozenset):
        return False
    if depth > 8 or len(value) > _LONGEST or (type(value) is set and not value):  # type: ignore[arg-type]
        return False
    if type(value) in (list, dict, set):
        if id(value) in seen:
            # One list in two places would become two lists.
            return False
        seen.add(id(value))
    if type(value) is frozenset and depth:
        return False
    parts = [part for pair in value.items() for part in pair] if type(value) is dict else value
    return all(_is_plain(part, depth + 1, seen) for part in parts)  # type: ignore[attr-defined]


def same_literal(expression: ast.expr, value: object) -> bool:
    """Whether an expression in the notebook is the constant that a name has now, so that its text can be taken."""
    try:
        written = ast.literal_eval(expression)
        return type(written) is type(value) and repr(written) == repr(value)
    except Exception:  # noqa: BLE001 - of the value's own __repr__, too
        return False


def looks_secret(name: str, value: object) -> bool:
    """Whether a constant seems to be a password or key, or to hold one, by its name or its look."""
    waiting: list[tuple[str, object]] = [(name, value)]
    for _ in range(_LOOKED_AT):
        if not 0 < len(waiting) < 10 * _LOOKED_AT:
            break
        name, value = waiting.pop()
        if type(value) in (str, bytes):
            text = value if type(value) is str else value.decode("latin-1")  # type: ignore[attr-defined]
            named = _SECRET.search(_HUMP.sub("_", name).lower()) and not _MARK.fullmatch(text)
            if text and (named or _SECRET_VALUE.match(text)):
                return True
        elif type(value) is dict:
            waiting += [(key if type(key) is str else "", item) for key, item in [*value.items()][:_LOOKED_AT]]
        elif type(value) in (list, tuple, set, frozenset):
            waiting += [(name, item) for item in [*value][:_LOOKED_AT]]  # type: ignore[misc]
    return False


def refusal(value: object) -> tuple[str, str] | None:
    """Say why a value cannot be shipped and what to do instead; None if nothing is known against it.

    Modules, functions and classes are judged elsewhere.
    """
    kind = type(value)
    family = {str(base.__module__).partition(".")[0] for base in kind.__mro__}
    if isinstance(value, type(os.environ)):
        return "it holds this machine's environment", "Read os.environ in the script; give variables with --env."
    if isinstance(value, io.IOBase):
        return (
            f"it is an open file ({getattr(value, 'name', '?')})",
            "Open it in init(), or read it here and use what was read.",
        )
    if isinstance(value, (types.GeneratorType, types.AsyncGeneratorType)):
        return "it is a generator, and what it has yielded is gone", "Make a list of it here, or a generator in run()."
    if isinstance(value, (types.CoroutineType, types.FrameType, types.TracebackType)):
        return f"it is a {kind.__name__}, which lives in this process only", "Make it in the script."
    if kind.__module__ == "IPython.utils.text":
        return f"it is a {kind.__name__} of the notebook", "Make plain data of it here: list(…) or str(…)."
    if family & set(_NOTEBOOK_ONLY):
        return (
            f"it is a {kind.__name__} of the notebook",
            "The script runs without a notebook; print() goes to the service's log.",
        )
    if kind.__name__ == "InferenceSession" and "onnxruntime" in family:
        return (
            "it is an ONNX session, which lives in this process only",
            "Keep the model's bytes in a variable (Path(…).read_bytes()), and make a session of them in the script.",
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
    return str(kind.__module__).partition(".")[0] in databases and any(word in kind.__name__.lower() for word in words)


def _picks_up_again(value: object) -> bool:
    """Accept iterators that a script can resume, such as random generators, but no counters."""
    return type(value).__module__ not in {"builtins", "itertools", "_io", "_csv"} and hasattr(value, "__getstate__")


def is_callable_of(value: object, module: str) -> bool:
    """Whether a function or class says that it was defined in a module."""
    return (isinstance(value, (type, types.FunctionType)) or callable(value)) and (
        getattr(value, "__module__", None) == module and hasattr(value, "__qualname__")
    )


def public_home(value: object) -> tuple[str, str]:
    """Find the shortest module that exports a class or function, and its name there.

    Both are empty if there is none, or if the notebook defined it.
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


def is_typing(value: object) -> bool:
    """Whether a value only describes types, as ``Optional[int]`` and ``TypeVar("T")`` do; classes do not count."""
    if isinstance(value, (types.GenericAlias, types.UnionType)):
        return True
    return type(value).__module__ in {"typing", "typing_extensions"} and not isinstance(value, type)


def declares(function: object) -> bool:
    """Whether a function makes a class from a name and a few words, the same each time.

    ``namedtuple``, ``NamedTuple``, ``TypedDict``, ``make_dataclass`` and enumerations do.
    """
    if isinstance(function, type):
        return function.__module__ == "enum"
    home = getattr(function, "__module__", ""), getattr(function, "__name__", "")
    return home[0] in {"collections", "typing", "typing_extensions", "dataclasses"} and home[1] in {
        "namedtuple",
        "NamedTuple",
        "TypedDict",
        "make_dataclass",
    }
