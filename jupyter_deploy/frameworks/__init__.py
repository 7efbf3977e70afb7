"""Frameworks: how a model's object is saved and loaded, what it needs, and what a model's file says of itself.

Nothing is executed to find that out. It is part of the runtime: servers load models with it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .distributions import KINDS as KINDS
    from .distributions import distribution_of as distribution_of
    from .distributions import requirements_of as requirements_of
    from .distributions import written_by as written_by
    from .known import comes_from as comes_from
    from .known import framework_of as framework_of
    from .pickling import distribution_version as distribution_version
    from .pickling import installed_version as installed_version
    from .predicting import DATA as DATA
    from .predicting import Predictor as Predictor
    from .predicting import Signature as Signature
    from .predicting import Tensor as Tensor
    from .served import SERVED as SERVED
    from .served import missing_library as missing_library
    from .served import predictor_for as predictor_for
    from .served import predictor_of as predictor_of
    from .sklearn import save_safely as save_safely
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "distributions": "KINDS distribution_of requirements_of written_by",
            "known": "comes_from framework_of",
            "pickling": "distribution_version installed_version",
            "predicting": "DATA Predictor Signature Tensor",
            "served": "SERVED missing_library predictor_for predictor_of",
            "sklearn": "save_safely",
        },
    )
