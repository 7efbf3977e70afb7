"""What a script's folder holds that is never shipped with it: secrets, environments, caches, other workspaces."""

from __future__ import annotations

import re
from pathlib import Path

from ...serving import MODELS_FOLDER

_CACHES = frozenset({"__pycache__", "node_modules"})
_CHECKPOINTS = re.compile(r"(?:.*[-_])?checkpoints|checkpoint-\d+", re.IGNORECASE)
_KEYS = re.compile(
    r".*\.(?:pem|key|p12|pfx|jks|keystore|ppk|kdbx|kubeconfig|publishsettings|env)"
    r"|id_(?:rsa|dsa|ecdsa|ed25519)|kubeconfig|credentials?|credentials?\.(?:json|ya?ml|toml|ini|cfg|csv|txt)"
    r"|secrets?\.(?:json|ya?ml|toml|ini|cfg|env|txt)|client_secrets?.*\.json|service[-_]account.*\.json",
    re.IGNORECASE,
)
_PRIVATE = re.compile(rb"-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY")
_LOOKED_AT = 4096


def folder_is(path: str, name: str, depth: int) -> str:
    """Tell why a folder is not shipped.

    Parameters
    ----------
    path : str
        Where it is.
    name : str
        Its name.
    depth : int
        How many folders are between it and the shipped one.

    Returns
    -------
    str
        In the plural, for people; empty where it is shipped.
    """
    if name.startswith("."):
        return "hidden files"
    if name in _CACHES:
        return "caches"
    if _CHECKPOINTS.fullmatch(name):
        return "checkpoints"
    if not depth and name == MODELS_FOLDER:
        return f"{MODELS_FOLDER}, where the service has its models"
    place = Path(path)
    if (place / "pyvenv.cfg").is_file() or (place / "conda-meta").is_dir():
        return "environments"
    if (place / "state.db").is_file() and (place / "bundles").is_dir():
        return "workspaces of services"
    return ""


def file_is(name: str, beside: frozenset[str]) -> str:
    """Tell why a file is not shipped.

    Parameters
    ----------
    name : str
        Its name.
    beside : frozenset of str
        The names in its folder.

    Returns
    -------
    str
        In the plural, for people; empty where it is shipped.
    """
    if name.startswith("."):
        return "hidden files"
    if _KEYS.fullmatch(name):
        return "keys"
    stem, dot, ending = name.rpartition(".")
    # Bytecode without its source is a module of its own.
    if dot and ending in {"pyc", "pyo"} and f"{stem}.py" in beside:
        return "caches"
    return ""


def holds_a_key(start: bytes) -> bool:
    """Tell a private key by its content.

    Parameters
    ----------
    start : bytes
        The beginning of a file.

    Returns
    -------
    bool
        Whether a private key begins there.
    """
    return _PRIVATE.search(start, 0, _LOOKED_AT) is not None
