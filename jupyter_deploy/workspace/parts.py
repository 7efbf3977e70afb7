"""What a workspace is made of. Each part is made, and its code loaded, when it is first used."""

from __future__ import annotations

import os
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from ..services import Services
from ..store import ArtifactStore, Database
from ..targets import NEAREST, choose, target
from ..targets import VARIABLE as TARGET_VARIABLE

if TYPE_CHECKING:
    import contextlib

    from ..compute import ComputeTargets
    from ..datasets import Datasets, Datastores
    from ..deploying import (
        Deployment,
        Garbage,
        Naming,
        Packages,
        References,
        Resolver,
        Rollout,
        ServiceLock,
        Standing,
        Unproven,
    )
    from ..environments import Environments
    from ..home import Home
    from ..registry import Models
    from ..runs import Runs
    from ..scripts import Scripts
    from ..services import Change, ServiceRecord
    from .authoring import Authoring
    from .captured import CapturedValues
    from .endpoints import LiveEndpoints
    from .housekeeping import Housekeeping
    from .labels import Labels
    from .profiles import Profiles
    from .profiling import Profiling
    from .registering import Registering
    from .replay import Replays
    from .replayed import Replayed
    from .service import Service
    from .services import LiveServices
    from .temporary import TemporaryServers
    from .trial import Trials


class Parts:
    """The parts of a workspace, for :class:`.Workspace`, which says what can be done with them.

    A command uses a few of them; loading the code of all takes longer than listing the services.
    """

    def __init__(self, home: Home, artifacts: str | None) -> None:
        self.home = home
        self._database = Database.at(home.database)
        places = {"cache": home.root / "cache", "staging": home.staging}
        self._artifacts = ArtifactStore(lambda: artifacts or home.artifacts_url(), **places)
        self._rows = Services(self._database)

    @property
    def workspace_id(self) -> str:
        """See :attr:`.Database.workspace_id`."""
        return self._database.workspace_id

    # What is stored.

    @cached_property
    def models(self) -> Models:
        """The registered models."""
        from ..registry import Models

        return Models(self._database, self._artifacts, Services.using)

    @cached_property
    def scripts(self) -> Scripts:
        """The stored entry scripts."""
        from ..scripts import Scripts

        return Scripts(self._database)

    @cached_property
    def environments(self) -> Environments:
        """The registered environments."""
        from ..environments import Environments

        return Environments(self._database, self.home)

    @cached_property
    def runs(self) -> Runs:
        """The runs of experiments."""
        from ..runs import Runs

        return Runs(self._database, self.home.runs)

    @cached_property
    def datasets(self) -> Datasets:
        """The registered data sets."""
        from ..datasets import Datasets

        return Datasets(self._database, self.home.datasets)

    @cached_property
    def datastores(self) -> Datastores:
        """The folders that notebooks upload to."""
        from ..datasets import Datastores

        return Datastores(self.home.datastores)

    @cached_property
    def compute_targets(self) -> ComputeTargets:
        """The named sizes of machines."""
        from ..compute import ComputeTargets

        return ComputeTargets(self._database)

    @cached_property
    def labels(self) -> Labels:
        """The names that notebooks give the workspace."""
        from .labels import Labels

        return Labels(self._database)

    @cached_property
    def profiles(self) -> Profiles:
        """The latest profile of each name."""
        from .profiles import Profiles

        return Profiles(self._database)

    # What runs.

    @cached_property
    def services(self) -> LiveServices:
        """The services by name, each as a live handle."""
        from .services import LiveServices

        asking = (self._standing.health, self._standing.trace)
        return LiveServices(self._rows, self.home, self._handle, self._clear_away, *asking)

    @cached_property
    def endpoints(self) -> LiveEndpoints:
        """The endpoints by name, each as a live handle."""
        from .endpoints import LiveEndpoints

        made = (self._resolver, self._rollout, self._deployment, self._handle, self._references)
        return LiveEndpoints(self.home, self._database, self._rows, *made, self._authoring.renewed)

    def _handle(self, name: str, change: Change | None = None, told_as: str = "") -> Service:
        from .service import Service

        changes = (self._standing.health, lambda: self._deployment)
        return Service(name, self._rows, self.home, target, *changes, change, told_as, self._replay)

    def _replay(self, *given: Any, **options: Any) -> Replayed:
        return self._replays.run(*given, **options)

    # How services are, and how they change.

    def _room(self) -> contextlib.AbstractContextManager[None]:
        from .opening import full_disk_told

        def prunable() -> int:
            return self.housekeeping.prunable()

        return full_disk_told(self.home, prunable)

    @cached_property
    def _lock(self) -> ServiceLock:
        from ..deploying import changing_service

        return partial(changing_service, self._database, self.home, self._room)

    @cached_property
    def _standing(self) -> Standing:
        from ..deploying import Standing

        def again(record: ServiceRecord, why: str) -> None:
            self._rollout.again(record, why)

        return Standing(self.home, self._rows, target, self._lock, again)

    @cached_property
    def _unproven(self) -> Unproven:
        from ..deploying import Unproven

        return Unproven(self.home, self._rows, target, self._lock)

    @cached_property
    def _resolver(self) -> Resolver:
        from ..deploying import Resolver

        return Resolver(self.home, self.models, self.scripts, self._artifacts, self.environments)

    @cached_property
    def _rollout(self) -> Rollout:
        from ..deploying import Rollout

        return Rollout(self.home, self._rows, target, lambda: self._database.workspace_id)

    @cached_property
    def _deployment(self) -> Deployment:
        from ..deploying import Deployment

        about = (self._resolver, target, self._rollout, self._standing, self._unproven)
        return Deployment(self.home, self._database, self._rows, *about, self._lock, self._garbage)

    @cached_property
    def _references(self) -> References:
        from ..deploying import References

        return References(self.scripts, self.environments, self.models.names)

    @cached_property
    def _naming(self) -> Naming:
        from ..deploying import Naming

        return Naming(self._rows, self.scripts, self.models)

    @cached_property
    def _packages(self) -> Packages:
        from ..deploying import Packages

        return Packages(self.home, self._rows, self._resolver, self._database)

    @cached_property
    def _registering(self) -> Registering:
        from ..deploying import Followers
        from .registering import Registering

        followers = Followers(self.home, self._rows, self._deployment)
        return Registering(self.housekeeping, self._database, self.models, followers)

    # What is written and tried.

    @cached_property
    def _servers(self) -> TemporaryServers:
        from .temporary import TemporaryServers

        def rollout() -> Rollout:
            return self._rollout

        def delete(name: str) -> None:
            self._deployment.delete(name)

        return TemporaryServers(self.home, self._database.claims, self._rows, rollout, delete, self._handle)

    @cached_property
    def _trials(self) -> Trials:
        from .trial import Trials

        # Without a service, try a script in a plain process, which starts soonest; an image may take minutes.
        quick = partial(choose, os.environ.get(TARGET_VARIABLE, NEAREST))
        return Trials(self._rows, self._resolver, self._deployment, quick, self._servers)

    @cached_property
    def _replays(self) -> Replays:
        from .replay import Replays

        return Replays(self._rows, self.scripts, self._trials, self._handle)

    @cached_property
    def _profiling(self) -> Profiling:
        from .profiling import Profiling

        looked_up = (self._naming, self._references, self._resolver)
        return Profiling(self.home, self._rows, *looked_up, target, self._servers, self.profiles)

    @cached_property
    def _authoring(self) -> Authoring:
        from .authoring import Authoring

        stored = (self._database.claims, self._captured, self.scripts, self._rows)
        return Authoring(self.home, *stored, self._deployment, self._trials.run)

    # What nothing needs any more.

    @cached_property
    def _captured(self) -> CapturedValues:
        from .captured import CapturedValues

        return CapturedValues(self.home, self._database, self.models)

    @cached_property
    def _garbage(self) -> Garbage:
        from ..deploying import Garbage

        return Garbage(self.home, self._database, self._rows, self._artifacts)

    def _clear_away(self) -> None:
        """Remove what killed processes left: first deployments, stages, temporary servers.

        It reads the services' rows, ``staging/`` and ``trials/``. The artifact store is not listed.
        """
        from .opening import tidy

        # Stages before servers: one is not needed any more when its stage is gone.
        tidy(self._unproven.collect, self._garbage.collect_left_behind, self._servers.collect)

    @cached_property
    def housekeeping(self) -> Housekeeping:
        """What nothing needs any more, and its removal."""
        from .housekeeping import Housekeeping

        stores = (self.home, self._database, self._rows, self._garbage)
        return Housekeeping(*stores, self._captured, self._deployment, self._clear_away)
