"""What a server serves now: read by the one that is started in its place when it dies."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..config import FIXED, ServingConfig, with_settings
from ..layout import Layout, layout_of_bundle
from ..watcher import replace_file

_FILE = "served.json"


@dataclass(frozen=True)
class Served:
    """The generation that serves, as far as it differs from what the server was started with."""

    bundle: str = ""  # its bundle's folder; empty if that is not known
    workers: int = 0  # processes that run it
    settings: dict[str, Any] | None = None  # all that may change while a server runs

    @classmethod
    def read(cls, run: Path) -> Served:
        """Read what was written last; nothing if no generation has served yet."""
        try:
            return cls(**json.loads((run / _FILE).read_text()))
        except (OSError, ValueError, TypeError):
            return cls()

    @staticmethod
    def write(run: Path, layout: Layout, workers: int, config: ServingConfig) -> None:
        """Write what serves from now on."""
        settings = {key: value for key, value in asdict(config).items() if key not in FIXED}
        values = {"bundle": layout.bundle, "workers": workers, "settings": settings}
        replace_file(run / _FILE, json.dumps(values))

    def over(self, layout: Layout | Path, config: ServingConfig) -> tuple[Layout | Path, ServingConfig]:
        """Apply it to what the server was started with."""
        if not self.bundle:
            return layout, config
        values = {**(self.settings or {}), "workers": self.workers}
        return layout_of_bundle(Path(self.bundle)), with_settings(config, values, _FILE)
