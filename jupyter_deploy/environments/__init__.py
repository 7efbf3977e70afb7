"""What a service's interpreter holds: described, inferred from a script and its models, installed with uv."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from . import runtime as runtime
    from . import uv as uv
    from . import venvs as venvs
    from .conda_dependencies import CondaDependencies as CondaDependencies
    from .conda_file import parse_conda as parse_conda
    from .environment import INFERRED as INFERRED
    from .environment import KERNEL as KERNEL
    from .environment import Environment as Environment
    from .environment import check_dockerfile as check_dockerfile
    from .environment import copying_step as copying_step
    from .environment import from_conda as from_conda
    from .environment import from_stored as from_stored
    from .environment import read_file as read_file
    from .environment import stored as stored
    from .indexes import IndexSettings as IndexSettings
    from .indexes import uv_settings as uv_settings
    from .inference import infer_requirements as infer_requirements
    from .inference import preload_modules as preload_modules
    from .inference import version_mismatches as version_mismatches
    from .inference import with_debugger as with_debugger
    from .kept import keeping_interpreters as keeping_interpreters
    from .kept import keeps_interpreters as keeps_interpreters
    from .private import refuse_where_shared as refuse_where_shared
    from .references import environment_of as environment_of
    from .references import reference_of as reference_of
    from .requirements import uv_arguments as uv_arguments
    from .rows import Environments as Environments
    from .uv import bar as bar
    from .wheels import Wheels as Wheels
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "conda_dependencies": "CondaDependencies",
            "conda_file": "parse_conda",
            "environment": (
                "Environment INFERRED KERNEL check_dockerfile copying_step from_conda from_stored read_file stored"
            ),
            "indexes": "IndexSettings uv_settings",
            "inference": "infer_requirements preload_modules version_mismatches with_debugger",
            "kept": "keeping_interpreters keeps_interpreters",
            "private": "refuse_where_shared",
            "references": "environment_of reference_of",
            "requirements": "uv_arguments",
            "rows": "Environments",
            "uv": "bar",
            "wheels": "Wheels",
        },
    )
