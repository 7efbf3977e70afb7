"""Entry scripts: read, checked, stored under a name, and the files of their folder that travel with them.

It reads text and runs nothing. What a cell takes from its notebook is found by ``capture``; what runs is ``serving``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .checking import Finding as Finding
    from .checking import check as check
    from .checking import lines_of as lines_of
    from .checking import problem_at as problem_at
    from .checking import quiet_parse as quiet_parse
    from .checking import top_level as top_level
    from .decoding import HEADERS as HEADERS
    from .decoding import inputs_of as inputs_of
    from .decoding import is_read as is_read
    from .decoding import names_bound as names_bound
    from .decoding import reason_for_text as reason_for_text
    from .decoding import required_of as required_of
    from .decoding import run_of as run_of
    from .decorations import is_decorated as is_decorated
    from .described import DECODES as DECODES
    from .described import RunInput as RunInput
    from .described import run_input as run_input
    from .flow import CALLED as CALLED
    from .flow import EACH as EACH
    from .flow import Function as Function
    from .flow import Ref as Ref
    from .flow import Scope as Scope
    from .flow import Use as Use
    from .flow import scope_of as scope_of
    from .flow import uses_of as uses_of
    from .scripts import CELL_FILE as CELL_FILE
    from .scripts import LOADED as LOADED
    from .scripts import NAME_RULE as NAME_RULE
    from .scripts import Script as Script
    from .scripts import Scripts as Scripts
    from .scripts import check_script_name as check_script_name
    from .scripts import imported_modules as imported_modules
    from .scripts import script_from_file as script_from_file
    from .taken import Taken as Taken
    from .unwritten import unwritten_script as unwritten_script
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "checking": "Finding check lines_of problem_at quiet_parse top_level",
            "decoding": "HEADERS inputs_of is_read names_bound reason_for_text required_of run_of",
            "decorations": "is_decorated",
            "described": "DECODES RunInput run_input",
            "flow": "CALLED EACH Function Ref Scope Use scope_of uses_of",
            "scripts": (
                "CELL_FILE LOADED NAME_RULE Script Scripts check_script_name imported_modules script_from_file"
            ),
            "taken": "Taken",
            "unwritten": "unwritten_script",
        },
    )
