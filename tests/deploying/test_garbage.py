"""What is removed while others are about to use it."""

from __future__ import annotations

import threading
from pathlib import Path

from jupyter_deploy.workspace import Workspace


def test_a_bundle_that_is_there_after_a_claim_stays(tmp_path: Path) -> None:
    """A deployment takes a bundle that no service runs from any more, while another process collects those."""
    workspace = Workspace(tmp_path / "home")
    bundle = workspace.home.bundles / ("ab" * 32)
    over, removed = threading.Event(), []

    def collect() -> None:
        while not over.is_set():
            workspace._deployment._garbage.collect_bundles()
            removed.append(not bundle.exists())

    collector = threading.Thread(target=collect)
    collector.start()
    taken = 0
    try:
        while taken < 50 or sum(removed) < 50:
            (workspace.home.bundles / bundle.name).mkdir(exist_ok=True)
            with workspace._database.claims.open() as opened:
                opened.claim(bundle.name)
                if bundle.exists():
                    taken += 1
                    for _ in range(20):
                        assert bundle.exists(), f"gone after {taken} claims"
    finally:
        over.set()
        collector.join()
