"""The runtime: a front that owns the sockets, workers that own the script. It knows nothing of Jupyter.

``python -m jupyter_deploy.serving BUNDLE_DIR --config FILE`` runs one service in the foreground.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .answers import RETURNED_NONE as RETURNED_NONE
    from .answers import to_json as to_json
    from .archive import content_digest as content_digest
    from .archive import pack_bundle as pack_bundle
    from .archive import unpack_bundle as unpack_bundle
    from .config import FIXED as FIXED
    from .config import TOLD as TOLD
    from .config import ServingConfig as ServingConfig
    from .config import meanings as meanings
    from .config import settable as settable
    from .config import with_settings as with_settings
    from .credentials import KEYS_VARIABLE as KEYS_VARIABLE
    from .credentials import MOUNTED_KEYS as MOUNTED_KEYS
    from .credentials import PRIMARY_VARIABLE as PRIMARY_VARIABLE
    from .credentials import SECONDARY_VARIABLE as SECONDARY_VARIABLE
    from .credentials import Credentials as Credentials
    from .credentials import is_key as is_key
    from .failures import Failure as Failure
    from .hooks import Hooks as Hooks
    from .hooks import change_document as change_document
    from .hooks import checked_hook as checked_hook
    from .hooks import is_address as is_address
    from .hooks import is_loopback as is_loopback
    from .hooks import masked_hook as masked_hook
    from .hosted import HostDied as HostDied
    from .hosted import HostedScript as HostedScript
    from .hosted import HostFailed as HostFailed
    from .hosted import HostLate as HostLate
    from .jsonbody import decode as decode
    from .layout import BUNDLE_LISTING as BUNDLE_LISTING
    from .layout import MODELS_FOLDER as MODELS_FOLDER
    from .layout import NOTICES as NOTICES
    from .layout import layout_of_bundle as layout_of_bundle
    from .layout import link_bundle as link_bundle
    from .layout import package_root as package_root
    from .logs import Format as Format
    from .options import WorkerOptions as WorkerOptions
    from .origins import Origin as Origin
    from .origins import origins_of as origins_of
    from .origins import place_of as place_of
    from .relay import DEBUGGER_SOCKET as DEBUGGER_SOCKET
    from .relay import LISTENS as LISTENS
    from .settings import IGNORED as IGNORED
    from .settings import Settings as Settings
    from .settings import gather as gather
    from .succession import LEFT_FILE as LEFT_FILE
    from .telemetry import TELEMETRY_PACKAGES as TELEMETRY_PACKAGES
    from .telemetry import is_telemetry_installed as is_telemetry_installed
    from .warm import READY as READY
    from .watcher import ENDED_FILE as ENDED_FILE
    from .watcher import PIDS_FILE as PIDS_FILE
    from .watcher import start_time as start_time
    from .worker import write_cells as write_cells
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "answers": "RETURNED_NONE to_json",
            "archive": "content_digest pack_bundle unpack_bundle",
            "config": "FIXED TOLD ServingConfig meanings settable with_settings",
            "credentials": "Credentials KEYS_VARIABLE MOUNTED_KEYS PRIMARY_VARIABLE SECONDARY_VARIABLE is_key",
            "failures": "Failure",
            "hooks": "Hooks change_document checked_hook is_address is_loopback masked_hook",
            "hosted": "HostDied HostedScript HostFailed HostLate",
            "jsonbody": "decode",
            "layout": "BUNDLE_LISTING MODELS_FOLDER NOTICES layout_of_bundle link_bundle package_root",
            "logs": "Format",
            "options": "WorkerOptions",
            "origins": "Origin origins_of place_of",
            "relay": "DEBUGGER_SOCKET LISTENS",
            "settings": "IGNORED Settings gather",
            "succession": "LEFT_FILE",
            "telemetry": "TELEMETRY_PACKAGES is_telemetry_installed",
            "warm": "READY",
            "watcher": "ENDED_FILE PIDS_FILE start_time",
            "worker": "write_cells",
        },
    )
