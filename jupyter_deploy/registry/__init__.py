"""Models: named, numbered, immutable versions of objects and files, with tags and properties.

It knows nothing of scripts and services, and never loads a model: ``frameworks`` and the user's script do that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .filters import pairs_of as pairs_of
    from .lineage import Lineage as Lineage
    from .lineage import Resources as Resources
    from .model import Model as Model
    from .model import captured_name as captured_name
    from .model import captured_properties as captured_properties
    from .model import check_name as check_name
    from .model import check_pairs as check_pairs
    from .model import parse_reference as parse_reference
    from .model import spelled_framework as spelled_framework
    from .models import Models as Models
    from .sources import Prepared as Prepared
    from .sources import prepare as prepare
    from .sources import prepare_value as prepare_value
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "filters": "pairs_of",
            "lineage": "Lineage Resources",
            "model": (
                "Model captured_name captured_properties check_name check_pairs parse_reference spelled_framework"
            ),
            "models": "Models",
            "sources": "Prepared prepare prepare_value",
        },
    )
