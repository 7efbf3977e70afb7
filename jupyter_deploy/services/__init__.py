"""What a service is: its specification, its row, its health, and the protocol of the targets that run it.

This room changes nothing: that is ``deploying``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .certificates import Certificate as Certificate
    from .facts import Doing as Doing
    from .facts import Health as Health
    from .facts import Identity as Identity
    from .facts import Recent as Recent
    from .facts import Reloaded as Reloaded
    from .facts import Stats as Stats
    from .facts import Usage as Usage
    from .hints import failure_hint as failure_hint
    from .hints import known_hint as known_hint
    from .keys import KeyFile as KeyFile
    from .keys import Keys as Keys
    from .keys import credentials_for as credentials_for
    from .keys import with_key as with_key
    from .leftovers import Leftover as Leftover
    from .names import derived as derived
    from .packaging import PackageContents as PackageContents
    from .packaging import Packager as Packager
    from .records import AUTH as AUTH
    from .records import LATEST as LATEST
    from .records import MAX_REPLICAS as MAX_REPLICAS
    from .records import MAX_WORKERS as MAX_WORKERS
    from .records import NAME_RULE as NAME_RULE
    from .records import SELF_SIGNED as SELF_SIGNED
    from .records import Change as Change
    from .records import OwnImage as OwnImage
    from .records import ServiceRecord as ServiceRecord
    from .records import ServiceSpec as ServiceSpec
    from .records import Setting as Setting
    from .records import check_service_name as check_service_name
    from .rows import Services as Services
    from .rows import scripts_services as scripts_services
    from .server import NOT_WAITED_FOR as NOT_WAITED_FOR
    from .server import WAITED_FOR as WAITED_FOR
    from .server import RolloutState as RolloutState
    from .server import Server as Server
    from .target import Capabilities as Capabilities
    from .target import KeptWarm as KeptWarm
    from .target import Launch as Launch
    from .target import LocalFolders as LocalFolders
    from .target import Target as Target
    from .tokens import LIFETIME as LIFETIME
    from .tokens import Token as Token
    from .tokens import new_token as new_token
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "certificates": "Certificate",
            "facts": "Doing Health Identity Recent Reloaded Stats Usage",
            "hints": "failure_hint known_hint",
            "keys": "KeyFile Keys credentials_for with_key",
            "leftovers": "Leftover",
            "names": "derived",
            "packaging": "PackageContents Packager",
            "records": (
                "AUTH Change LATEST MAX_REPLICAS MAX_WORKERS NAME_RULE OwnImage SELF_SIGNED ServiceRecord ServiceSpec "
                "Setting check_service_name"
            ),
            "rows": "Services scripts_services",
            "server": "NOT_WAITED_FOR RolloutState Server WAITED_FOR",
            "target": "Capabilities KeptWarm Launch LocalFolders Target",
            "tokens": "LIFETIME Token new_token",
        },
    )
