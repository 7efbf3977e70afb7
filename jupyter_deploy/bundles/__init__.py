"""Bundles: immutable folders, named by their digest, that hold all that crosses from the notebook to a server.

This room makes and reads them; ``deploying`` decides when.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .archives import Archive as Archive
    from .archives import Reader as Reader
    from .bundles import Bundle as Bundle
    from .bundles import build as build
    from .bundles import captured_in as captured_in
    from .bundles import captured_names as captured_names
    from .manifest import Manifest as Manifest
    from .manifest import manifest_of as manifest_of
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "archives": "Archive Reader",
            "bundles": "Bundle build captured_in captured_names",
            "manifest": "Manifest manifest_of",
        },
    )
