"""``{name}`` and ``$name`` in a magic's line, from the notebook's variables, with an error for unknown names.

IPython's own expansion leaves the whole line alone when one name is unknown, and takes JSON apart.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from ..errors import UsageProblem, nearest

_FIELD = re.compile(r"\{\{|\}\}|\$\$|\{([A-Za-z_]\w*)\}|\$([A-Za-z_]\w*)")


def expand(word: str, variables: Mapping[str, object]) -> str:
    """Fill variables into one word of the line; ``{{``, ``}}`` and ``$$`` become plain characters."""

    def replace(match: re.Match[str]) -> str:
        name = match[1] or match[2]
        if name is None:
            return match[0][0]
        if name not in variables:
            close = nearest(name, [known for known in variables if not known.startswith("_")])
            raise UsageProblem(
                f"There is no variable {name!r} for {match[0]}.",
                hint=f"Did you mean {close!r}?" if close else "Write {{, }} or $$ for the character itself.",
            )
        return str(variables[name])

    # Braces in JSON are no fields.
    value = re.sub(r"^--[\w-]+=", "", word).lstrip()
    return word if value.startswith(("{", "[")) and '"' in value else _FIELD.sub(replace, word)
