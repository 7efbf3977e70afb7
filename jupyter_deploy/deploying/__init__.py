"""Apply what a user asks for: resolve, compare, and make the smallest change; make packages.

It changes services, under their locks. It never looks into a notebook: that is ``workspace``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .asked import DEFAULT as DEFAULT
    from .asked import Asked as Asked
    from .asked import Options as Options
    from .asked import own_image as own_image
    from .changing import ServiceLock as ServiceLock
    from .changing import changing_service as changing_service
    from .copies import Copies as Copies
    from .copies import Given as Given
    from .debugging import told_of_debugger as told_of_debugger
    from .deployment import NOT_HERE as NOT_HERE
    from .deployment import NOT_LOOKED_AT as NOT_LOOKED_AT
    from .deployment import Deployment as Deployment
    from .edits import script_facts as script_facts
    from .endpoint_asked import EndpointAsked as EndpointAsked
    from .endpoints import EndpointChanges as EndpointChanges
    from .followers import Followers as Followers
    from .following import followed as followed
    from .garbage import Garbage as Garbage
    from .history import history_of as history_of
    from .naming import Naming as Naming
    from .packages import Package as Package
    from .packages import Packages as Packages
    from .placing import for_target as for_target
    from .references import References as References
    from .references import fallback_target as fallback_target
    from .resolution import Resolved as Resolved
    from .resolution import Resolver as Resolver
    from .rolling import Rolling as Rolling
    from .rollout import Progress as Progress
    from .rollout import Rollout as Rollout
    from .specifying import specified as specified
    from .standing import Standing as Standing
    from .supervising import supervise as supervise
    from .unproven import Unproven as Unproven
    from .wanted import Bounds as Bounds
    from .wanted import Wanted as Wanted
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "asked": "Asked DEFAULT Options own_image",
            "changing": "ServiceLock changing_service",
            "copies": "Copies Given",
            "debugging": "told_of_debugger",
            "deployment": "Deployment NOT_HERE NOT_LOOKED_AT",
            "edits": "script_facts",
            "endpoint_asked": "EndpointAsked",
            "endpoints": "EndpointChanges",
            "followers": "Followers",
            "following": "followed",
            "garbage": "Garbage",
            "history": "history_of",
            "naming": "Naming",
            "packages": "Package Packages",
            "references": "References fallback_target",
            "placing": "for_target",
            "resolution": "Resolved Resolver",
            "rolling": "Rolling",
            "rollout": "Progress Rollout",
            "specifying": "specified",
            "standing": "Standing",
            "supervising": "supervise",
            "unproven": "Unproven",
            "wanted": "Bounds Wanted",
        },
    )
