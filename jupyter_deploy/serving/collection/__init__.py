"""What a service was asked and answered, on disk: one JSON object a line, in files that are rotated and bounded.

The front writes, and all others read. What is collected, and when, is decided in ``serving.front`` and by the
script's own collectors (``serving.shims``).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...doors import door

if TYPE_CHECKING:
    from .lines import LONGEST_NAME as LONGEST_NAME
    from .lines import REQUESTS as REQUESTS
    from .lines import Suffix as Suffix
    from .lines import body_of as body_of
    from .lines import is_sampled as is_sampled
    from .lines import put_body as put_body
    from .reading import Tail as Tail
    from .reading import forget as forget
    from .reading import names as names
    from .reading import newest as newest
    from .reading import records as records
    from .writing import Writer as Writer
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "lines": "LONGEST_NAME REQUESTS Suffix body_of is_sampled put_body",
            "reading": "Tail forget names newest records",
            "writing": "Writer",
        },
    )
