"""What each process of a Dask cluster keeps; this module needs ``distributed``, and is imported where it is used."""

from __future__ import annotations

from typing import Any

from distributed import WorkerPlugin

from .hosts import Shipment, close_host, open_host


class ScriptPlugin(WorkerPlugin):
    """Brings a script to each process of the cluster, also to those that come later."""

    def __init__(self, shipment: Shipment) -> None:
        self.shipment = shipment
        self.name = shipment.key

    def setup(self, worker: Any) -> None:
        """Make the script known (Dask's hook)."""
        open_host(self.shipment)

    def teardown(self, worker: Any) -> None:
        """End the script (Dask's hook)."""
        close_host(self.shipment.key)
