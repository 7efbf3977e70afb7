"""Why uvicorn is the front's HTTP engine: the same front and worker under it, granian and a bare parser."""

from __future__ import annotations

import argparse
from pathlib import Path

from .peers import SKLEARN, Peer
from .section import mark
from .table import rounds, running, table

_PACKAGES = ("uvicorn", "httptools", "granian", "uvloop", "orjson", SKLEARN)
_MODULES = ("uvicorn", "httptools", "granian", "uvloop", "orjson", "sklearn")
_NAMES = {"uvicorn": "uvicorn, ASGI", "granian": "granian, RSGI", "httptools": "httptools alone"}


def engines(options: argparse.Namespace, model: object) -> list[str]:
    """Unbatched and batched, at one connection and at 64."""
    program = Path(__file__).with_name("engine_server.py").read_text()
    variants = {
        f"{name}, {kind}": Peer(
            f"{name}, {kind}",
            _PACKAGES,
            f"{{bin}}/python engine_server.py {engine} {{port}} {batch}",
            {"engine_server.py": program},
            modules=_MODULES,
            place="engines",
        )
        for kind, batch in (("unbatched", 1), ("batched", 64))
        for engine, name in _NAMES.items()
    }
    with running([*variants.values()], model, options.environments) as servers:
        figures = rounds(servers, (64, 1), options)
    chosen, other = (figures[f"{_NAMES[name]}, unbatched", 1].p50 for name in ("uvicorn", "granian"))
    return [
        "### The front's HTTP engine",
        "",
        "One front and one forked worker over a socket pair, without logs, metrics or limits; only the engine differs.",
        "httptools alone is a parser with a fixed answer, for orientation: HTTP that nobody should write by hand.",
        "",
        *table(figures, [*variants], (64, 1)),
        "",
        "| what | measured | wanted | met |",
        "|---|---|---|---|",
        f"| uvicorn's p50 at 1, of granian's | {chosen / other:.2f} × | ≤ 1 × | {mark(chosen <= other)} |",
    ]
