"""Stored state: rows in a database, files in a content-addressed folder, work in progress in claimed folders."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..doors import door

if TYPE_CHECKING:
    from .artifacts import ArtifactStore as ArtifactStore
    from .artifacts import Tree as Tree
    from .artifacts import TreeWriter as TreeWriter
    from .artifacts import copy_tree as copy_tree
    from .counter import ChangeCounter as ChangeCounter
    from .database import Database as Database
    from .locks import Held as Held
    from .locks import built_once as built_once
    from .locks import lock as lock
    from .rights import make_private as make_private
    from .rights import refuse_secrets as refuse_secrets
    from .rights import secrets_folder as secrets_folder
    from .room import NO_RIGHTS as NO_RIGHTS
    from .room import NO_ROOM as NO_ROOM
    from .room import Reserve as Reserve
    from .room import amount as amount
    from .room import cannot_write as cannot_write
    from .room import read_only as read_only
    from .room import told as told
    from .staging import Claims as Claims
    from .staging import Stage as Stage
    from .staging import scratch as scratch
    from .tables import asset_notes as asset_notes
    from .tables import compute_targets as compute_targets
    from .tables import datasets as datasets
    from .tables import deployments as deployments
    from .tables import endpoints as endpoints
    from .tables import environments as environments
    from .tables import meta as meta
    from .tables import metrics as metrics
    from .tables import model_names as model_names
    from .tables import models as models
    from .tables import profiles as profiles
    from .tables import rollouts as rollouts
    from .tables import runs as runs
    from .tables import scripts as scripts
    from .tables import services as services
    from .tables import workspace_labels as workspace_labels
else:
    __getattr__, __dir__ = door(
        __name__,
        {
            "artifacts": "ArtifactStore Tree TreeWriter copy_tree",
            "counter": "ChangeCounter",
            "database": "Database",
            "locks": "Held built_once lock",
            "rights": "make_private refuse_secrets secrets_folder",
            "room": "NO_RIGHTS NO_ROOM Reserve amount cannot_write read_only told",
            "staging": "Claims Stage scratch",
            "tables": (
                "asset_notes compute_targets datasets deployments endpoints environments meta metrics model_names "
                "models profiles rollouts runs scripts services workspace_labels"
            ),
        },
    )
