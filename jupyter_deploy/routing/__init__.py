"""How an endpoint's requests reach its deployments: the rules, and the routers that carry them out.

A router is a process of its own that outlives the notebook. It knows addresses and shares; what a deployment is, and
when its traffic changes, is ``deploying``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .beside import SUPERVISOR as SUPERVISOR
    from .choice import contained_in_place_of as contained_in_place_of
    from .choice import kind_again as kind_again
    from .choice import notice_of as notice_of
    from .choice import router_of as router_of
    from .holding import Address as Address
    from .holding import Holding as Holding
    from .process import EnvoyRouter as EnvoyRouter
    from .router import PoolNumbers as PoolNumbers
    from .router import Router as Router
    from .router import RouterHealth as RouterHealth
    from .rules import Backend as Backend
    from .rules import Pool as Pool
    from .rules import Rules as Rules
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "beside": "SUPERVISOR",
            "choice": "contained_in_place_of kind_again notice_of router_of",
            "holding": "Address Holding",
            "process": "EnvoyRouter",
            "router": "PoolNumbers Router RouterHealth",
            "rules": "Backend Pool Rules",
        },
    )
