"""Convert a request's JSON to the arguments of ``run()``, of the types of its schema's samples.

All types follow one rule: a value is converted exactly, or refused by a `Misfit` with its parameter, column and row.
The rule holds
for inference-schema's decorators and for this package's own (``shims``). The sample defines a parameter's type; NumPy
and pandas are the script's own, and imported only if a sample is of theirs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door
from .kinds import converter, expectation

if TYPE_CHECKING:
    from .hints import Hinted as Hinted
    from .hints import hinted as hinted
    from .hints import or_null as or_null
    from .kinds import refusal as refusal
    from .misfit import Misfit as Misfit
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "hints": "Hinted hinted or_null",
            "kinds": "refusal",
            "misfit": "Misfit",
        },
    )


__all__ = ["converter", "expectation"]
