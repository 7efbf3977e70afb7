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
    """The generation that serves, as far as it differs from what the server was started with.

    Parameters
    ----------
    bundle : str
        Its bundle's folder; empty where that is not known.
    workers : int
        How many processes run it.
    settings : dict
        All settings that may change while a server runs.
    """

    bundle: str = ""
    workers: int = 0
    settings: dict[str, Any] | None = None

    @classmethod
    def read(cls, run: Path) -> Served:
        """Read what was written last; nothing where no generation has served yet."""
        try:
            return cls(**json.loads((run / _FILE).read_text()))
        except (OSError, ValueError, TypeError):
            return cls()

    @staticmethod
    def write(run: Path, layout: Layout, workers: int, config: ServingConfig) -> None:
        """Write down what serves from now on."""
        settings = {key: value for key, value in asdict(config).items() if key not in FIXED}
        values = {"bundle": layout.bundle, "workers": workers, "settings": settings}
        replace_file(run / _FILE, json.dumps(values))

    def over(self, layout: Layout | Path, config: ServingConfig) -> tuple[Layout | Path, ServingConfig]:
        """Put it over what the server was started with."""
        if not self.bundle:
            return layout, config
        values = {**(self.settings or {}), "workers": self.workers}
        return layout_of_bundle(Path(self.bundle)), with_settings(config, values, _FILE)
