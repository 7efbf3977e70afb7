"""What is never shipped from a script's folder: secrets, environments, caches, other workspaces."""

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
    """Name the reason, in the plural, why a folder is not shipped; empty if it is.

    ``depth`` counts the folders between it and the shipped one.
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
    if (place / "Dockerfile").is_file() and (place / "bundle" / "bundle.json").is_file():
        # Each package would hold the one before it.
        return "packages of services"
    return ""


def file_is(name: str, beside: frozenset[str]) -> str:
    """Name the reason, in the plural, why a file is not shipped; empty if it is."""
    if name.startswith("."):
        return "hidden files"
    if _KEYS.fullmatch(name):
        return "keys"
    stem, dot, ending = name.rpartition(".")
    # Bytecode without its source is a module by itself.
    if dot and ending in {"pyc", "pyo"} and f"{stem}.py" in beside:
        return "caches"
    return ""


def holds_a_key(start: bytes) -> bool:
    """Whether a file's first bytes begin a private key."""
    return _PRIVATE.search(start, 0, _LOOKED_AT) is not None
