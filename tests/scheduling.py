"""Which tests run in one process, in their order, where several processes share them out (pytest-xdist)."""

from __future__ import annotations

from xdist.scheduler import LoadFileScheduling

# They own the engine: each looks for containers that it has left behind.
ENGINE = ("tests/docker/", "tests/targets/contract/", "notebooks/02-containers.ipynb")


class ByFile(LoadFileScheduling):
    """Keeps the tests of a file together, and those of the engine."""

    def _split_scope(self, nodeid: str) -> str:
        return ENGINE[0] if nodeid.startswith(ENGINE) else super()._split_scope(nodeid)
