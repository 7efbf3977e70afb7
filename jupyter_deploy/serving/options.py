"""What a worker is told besides its layout: the settings that concern the script."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class WorkerOptions:
    """Settings of one generation's workers."""

    # requests that may be predicted together; below 2, a script with a schema is called for each alone
    max_batch: int = 0
    strict_json: bool = False  # whether NaN and infinity in an answer are an error, not null with a warning
    log_format: str = "text"  # "text" or "json"
    log_level: str = "INFO"  # the root logger's
    copies: int = 0  # above 0, this worker runs init() and is then copied for that many that serve (preload)
    sampling_rate: float = 0.0  # share of requests for which the script's collectors are heard; 0: nothing is collected
    collected_size: int = 1 << 20  # bytes that one call of a collector may write
    otlp_endpoint: str = ""  # where spans go; empty for where the environment says, if it does
    service: str = ""  # the name that spans carry
    debug_port: int = 0  # where a debugger attaches; 0 for nowhere
    debug_wait: bool = False  # whether the script is loaded only then
    debug_source: str = ""  # the user's own file of the script
    debug_folder: str = ""  # where the cells of the script are written
    debug_local: str = ""  # what the debugger's side calls that folder; empty where it has the same name there

    def as_dict(self) -> dict[str, Any]:
        """Return the arguments of ``WorkerOptions``, for a message."""
        return asdict(self)
