"""Whether a service still runs what its file or stored cell says."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from ..bundles import manifest_of
from ..services import ServiceSpec
from ..serving import package_root

_SHOWN = 12


def script_facts(spec: ServiceSpec, bundle: Path, stored: str | None) -> dict[str, Any]:
    """Compare a service's code with its origin: its ``bundle`` with files and the stored script's present text.

    ``script_hash`` is the beginning of the script's SHA-256, ``edited`` the names that differ now; both are empty if
    nothing is known.
    """
    manifest = manifest_of(bundle)
    code, entry = manifest.code, manifest.entry
    if spec.image or entry not in code:
        return {"script_hash": "", "edited": []}
    known = {"script_hash": code[entry][:_SHOWN]}
    if not spec.script_is_file:
        edited = stored is not None and _digest(stored) != code[entry]
        return {**known, "edited": [f"the script {spec.script}"] if edited else []}
    root = Path(spec.source) if spec.source else package_root(Path(spec.script))
    return {**known, "edited": [name for name in code if not _is(root / name, code[name])]}


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _is(path: Path, digest: str) -> bool:
    """Whether a file is what was shipped: modules as they are, the script as Python reads it."""
    try:
        if hashlib.sha256(path.read_bytes()).hexdigest() == digest:
            return True
        return _digest(path.read_text(encoding="utf-8-sig")) == digest
    except (OSError, UnicodeDecodeError):
        return False
