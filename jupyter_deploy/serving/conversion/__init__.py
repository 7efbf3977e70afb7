"""From the JSON of a request to the arguments of ``run()``, as the samples of its schema have them.

The rule is one for all types: a value is converted exactly, or it is refused with its parameter, column and row. It
is the same whether the decorators are inference-schema's or this package's own (``shims``). What a parameter's type
is, its sample tells; numpy and pandas are the script's own, and are only imported where a sample is of theirs.
"""

from __future__ import annotations

from .kinds import converter, expectation

__all__ = ["converter", "expectation"]
