"""Find the hint for a failure, and put it into the words of the place that shows it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from json import JSONDecodeError

from ...errors import DeployError
from .about_modules import about_attribute, about_module, about_name
from .about_native import about_native
from .about_paths import about_folder, about_path, about_text_for_a_file, about_variable, about_writing
from .about_requests import about_json, about_key, about_type, about_value
from .situation import Situation
from .table import by_words

# The first non-empty advice counts.
_BY_CLASS: tuple[tuple[type[BaseException], Callable[[Situation], str]], ...] = (
    # This package's own errors say it themselves.
    (DeployError, lambda at: str(at.error.hint) if isinstance(at.error, DeployError) else ""),
    (Exception, about_native),
    (ImportError, about_module),
    (NameError, about_name),
    (AttributeError, about_attribute),
    (JSONDecodeError, about_json),
    (FileNotFoundError, about_path),
    (IsADirectoryError, about_path),
    (IsADirectoryError, about_folder),
    (NotADirectoryError, about_path),
    (OSError, about_writing),
    (KeyError, about_variable),
    (KeyError, about_key),
    (TypeError, about_variable),
    (TypeError, about_type),
    (ValueError, about_value),
)
_SAID_ELSEWHERE = re.compile(r"\{(install|provide|system|fit|give|again|variable)(?: ([^{}]*))?\}")
# The words of a server that was started from a command line.
_VERBS = frozenset({"install", "name", "set", "save", "deploy", "put", "package"})
SERVE = {
    "install": "install {0} for the Python that serves: pip install '{0}'",
    "provide": "install the package that has it, or put {0}.py beside the script",
    "fit": "install versions that fit: pip install --force-reinstall {0}",
    "system": "install the system's package that has {0}",
    "give": "name its folder with --model-dir DIR",
    "again": "save it again with the packages that serve it, or serve with --environment E, which has its version",
    "variable": "set {0} before serving",
}
# Those of a package, which nothing but its own log speaks for.
PACKAGE = {
    "install": "package it again with {0} in its environment",
    "provide": "package it again with the package that has it in its environment, or with {0}.py beside the script",
    "fit": "package it again with versions that fit in its environment: {0}",
    "system": "package it again on an image with the system's package that has {0}",
    "give": "package it again with that model",
    "again": "package it again with the versions that the model was saved with in its environment",
    "variable": "docker run -e {0}=VALUE sets it",
}


def advise(at: Situation) -> str:
    """Say what to do about a failure; empty if nothing is proven.

    The text has placeholders for :func:`worded`.
    """
    try:
        found = by_words(at) or next(
            (hint for kind, about in _BY_CLASS if isinstance(at.error, kind) and (hint := about(at))), ""
        )
        return found or about_text_for_a_file(at)
    except Exception:  # noqa: BLE001 - advice looks at the user's objects; its failure must not hide the error
        return ""


def worded(hint: str, words: Mapping[str, str]) -> str:
    """Fill a hint's placeholders with the words of a place, such as :data:`SERVE`."""
    told = _SAID_ELSEWHERE.sub(lambda found: words[found[1]].format(found[2] or ""), hint)
    if not told:
        return ""
    # Do not capitalise a function's or package's name.
    told = told[0].upper() + told[1:] if re.match(r"[a-z]+ ", told) and told.split()[0] in _VERBS else told
    return told if told.endswith((".", ")", "?")) else f"{told}."
