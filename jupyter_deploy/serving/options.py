"""What a worker is told beside its layout: the part of the settings that concerns the script."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class WorkerOptions:
    """Settings of one generation's workers.

    Parameters
    ----------
    max_batch : int
        How many requests may be predicted together; below 2, a script with a schema is called for each by itself.
    strict_json : bool
        Whether NaN and infinity in an answer are an error instead of ``null`` with a warning.
    log_format : str
        ``"text"`` or ``"json"``.
    log_level : str
        The root logger's level.
    copies : int
        Above 0, this worker runs ``init()`` and is then copied for that many that serve (preload).
    """

    max_batch: int = 0
    strict_json: bool = False
    log_format: str = "text"
    log_level: str = "INFO"
    copies: int = 0

    def as_dict(self) -> dict[str, Any]:
        """Return plain values for a message.

        Returns
        -------
        dict
            What ``WorkerOptions(**values)`` takes.
        """
        return asdict(self)
