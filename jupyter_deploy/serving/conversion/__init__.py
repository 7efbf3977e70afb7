"""From the JSON of a request to the arguments of ``run()``, as the samples of its schema have them.

The rule is one for all types: a value is converted exactly, or it is refused with its parameter, column and row. It
is the same whether the decorators are inference-schema's or this package's own (``shims``). What a parameter's type
is, its sample tells; numpy and pandas are the script's own, and are only imported where a sample is of theirs.
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
