"""What a workspace keeps beside models and services, for the notebooks that Azure ML's users bring."""

from __future__ import annotations

from ..compute import ComputeTargets
from ..datasets import Datasets, Datastores
from ..home import Home
from ..runs import Runs
from ..store import Database
from .labels import Labels


class Keeping:
    """Runs, data sets, datastores, compute targets, and the names that notebooks give the workspace."""

    runs: Runs
    datasets: Datasets
    datastores: Datastores
    compute_targets: ComputeTargets
    labels: Labels

    def _open_kept(self, home: Home, database: Database) -> None:
        self.runs = Runs(database, home.runs)
        self.datasets = Datasets(database, home.datasets)
        self.datastores = Datastores(home.datastores)
        self.compute_targets, self.labels = ComputeTargets(database), Labels(database)
